"""What the browser is shown of a table: frozen view models, and the one place where chips become bb and % text.

Public vars reach the browser, so a view is built only from `services.training.views` values, which hold nothing that
must stay hidden: no villain card before the end, no mix before the answer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from services.infra.settings import get_settings
from services.training.deviation import villain_words
from services.training.views import Answer, Grade, HandResult, Step, StreetLoss, Table
from solver.cards import COMBO_CLASS, COMBO_INDEX, HAND_CLASSES, card_to_text, parse_cards
from state.amounts import UNIT_WORDS, Unit, column, loss_text, loss_texts, money, number, pot_text, signed
from state.spoken import spoken_table

STREETS: Final = ("Flop", "Turn", "River")
POT_TYPES: Final = {"SRP": "single-raised pot", "3BP": "3-bet pot", "4BP": "4-bet pot"}
GROUPS: Final = ("small", "medium", "large", "overbet")
"""Sizes of grouped drills, smallest first."""
_UNKNOWN: Final = "–"
_AFTER: Final[dict[Unit, str]] = {"bb": " bb", "pct": "% pot", "chips": " chips"}


@dataclass(frozen=True)
class ActionView:
    """One action: the solver's name for it, the button's, its colour and its key."""

    action: str = ""
    label: str = ""
    tone: str = "pass"
    key: str = ""


@dataclass(frozen=True)
class StepView:
    """One step of the line so far; ``card`` is set where a street begins."""

    text: str = ""
    tone: str = ""
    card: str = ""


@dataclass(frozen=True)
class TableView:
    """The table as it stands; ``board`` always has five places, empty ones are ""."""

    decision_id: str = ""
    spot: str = ""
    progress: str = ""
    board: tuple[str, ...] = ("", "", "", "", "")
    line: tuple[StepView, ...] = ()
    pot: str = ""
    hero: str = ""
    hero_cards: tuple[str, ...] = ("", "")
    hero_stack: str = ""
    hero_bet: str = ""
    villain: str = ""
    villain_cards: tuple[str, ...] = ("", "")
    villain_stack: str = ""
    villain_bet: str = ""
    die: int = 0
    actions: tuple[ActionView, ...] = ()
    result: str = ""
    losses: tuple[StepView, ...] = ()
    deadline: str = ""
    timebank: int = 0
    onwards: str = "Next hand"
    against: str = ""
    spoken: str = ""


@dataclass(frozen=True)
class Seat:
    """What an answer's text needs of its hand; kept on the server beside the table."""

    start_pot: int = 0
    big_blind: int = 1
    hero_cards: tuple[int, int] = (1, 0)


@dataclass(frozen=True)
class RowView:
    """A row of "Actions and EV"; ``mark`` says whether it was played and what the die named."""

    label: str = ""
    tone: str = ""
    frequency: str = ""
    share: float = 0.0
    ev: str = ""
    loss: str = ""
    chosen: bool = False
    named: bool = False


@dataclass(frozen=True)
class AnswerView:
    """A graded decision; ``word`` is empty while there is none."""

    decision_id: str = ""
    word: str = ""
    tone: str = ""
    borderline: bool = False
    where: str = ""
    sentence: str = ""
    loss: str = ""
    loss_aside: str = ""
    unit: str = "bb"
    solved: str = ""
    tolerance: str = ""
    rows: tuple[RowView, ...] = ()
    die_line: str = ""
    reasons: tuple[str, ...] = ()
    note: str = ""
    proof: str = ""
    withheld: str = ""
    grid: str = ""
    grid_actions: tuple[ActionView, ...] = ()
    hand_class: str = ""
    line: tuple[str, ...] = ()


def action_tones(actions: Sequence[str], pot: int) -> tuple[str, ...]:
    """The colour of each action of a node: fold, pass, or bet-1 (small) to bet-5 (all-in), never two sizes alike."""
    tones: list[str] = []
    last = 0
    for action in actions:
        kind, _, amount = action.partition(" ")
        if kind == "fold":
            tones.append("fold")
        elif kind in {"check", "call"}:
            tones.append("pass")
        else:
            if amount in GROUPS:
                tones.append(f"bet-{1 + GROUPS.index(amount)}")
                continue
            share = int(amount or 0) / max(pot, 1) if amount else 1.0
            size = 5 if kind == "allin" else 1 if share <= 0.4 else 2 if share <= 0.9 else 3 if share <= 1.6 else 4
            last = min(max(size, last + 1), 5)
            tones.append(f"bet-{last}")
    return tuple(tones)


def action_label(action: str, pot: int, to_call: int, big_blind: int, unit: Unit = "bb") -> str:
    """The name of an action: what a call costs, totals on this street, a bet also as % of the pot before it."""
    kind, _, amount = action.partition(" ")
    if amount in GROUPS or (kind in {"bet", "raise"} and not amount):
        return action.capitalize()
    chips = int(amount or 0)
    match kind:
        case "call":
            return f"Call {money(to_call, pot, big_blind, unit)}"
        case "bet":
            share = "" if unit == "pct" else f" ({number(100 * chips / pot, 0)}%)"
            return f"Bet {money(chips, pot, big_blind, unit)}{share}"
        case "raise":
            return f"Raise to {money(chips, pot, big_blind, unit)}"
        case "allin":
            return f"All-in {money(chips, pot, big_blind, unit)}"
        case _:
            return kind.capitalize()


def action_views(
    actions: Sequence[str], pot: int, to_call: int, big_blind: int, unit: Unit = "bb"
) -> tuple[ActionView, ...]:
    """The actions of a node with labels, colours and keys: F, C, the sizes by number."""
    views: list[ActionView] = []
    sizes = 0
    for action, tone in zip(actions, action_tones(actions, pot), strict=True):
        kind = action.partition(" ")[0]
        if kind == "fold":
            key = "F"
        elif kind in {"check", "call"}:
            key = "C"
        else:
            sizes += 1
            key = str(sizes)
        views.append(ActionView(action, action_label(action, pot, to_call, big_blind, unit), tone, key))
    return tuple(views)


def steps_of(line: Sequence[str], street: int) -> list[Step]:
    """A written line as steps: OOP acts first on each street, and ``deal`` opens the next one."""
    steps: list[Step] = []
    player = 0
    for step in line:
        if step.startswith("deal "):
            street, player = street + 1, 0
            steps.append(Step(street, -1, "deal", parse_cards(step.removeprefix("deal "))[0]))
        else:
            steps.append(Step(street, player, step))
            player = 1 - player
    return steps


def step_views(
    line: Sequence[Step], positions: tuple[str, str], big_blind: int, first_street: int, pot: int = 0, unit: Unit = "bb"
) -> tuple[StepView, ...]:
    """The ribbon: the street's name, then who did what, then the next card.

    ``pot`` is that of the solution's root; only ``pct`` needs it.
    """
    views = [StepView(text=STREETS[first_street])]
    bets = [0, 0]
    for step in line:
        if step.card is not None:
            bets = [0, 0]
            views.append(StepView(text=STREETS[step.street], card=card_to_text(step.card)))
            continue
        kind, _, chips = step.action.partition(" ")
        said = {
            "fold": "folds",
            "check": "checks",
            "call": "calls",
            "bet": "bets",
            "raise": "raises to",
            "allin": "all-in",
        }
        text = f"{positions[step.player]} {said[kind]}"
        if chips:
            text += f" {money(int(chips), pot, big_blind, unit)}"
        total = int(chips) if chips else max(bets) if kind == "call" else bets[step.player]
        pot += total - bets[step.player]
        bets[step.player] = total
        views.append(
            StepView(text=text, tone="fold" if kind == "fold" else "pass" if kind in {"check", "call"} else "bet-3")
        )
    return tuple(views)


def street_losses(
    losses: Sequence[StreetLoss], pot: int = 0, big_blind: int = 1, unit: Unit = "bb"
) -> tuple[StepView, ...]:
    """EV given up per street, for the strip at the end of a hand or set."""
    return tuple(
        StepView(
            text=f"{STREETS[loss.street]} {column(loss.loss_bb * big_blind, pot, big_blind, unit)}{_AFTER[unit]}",
            tone="ok" if loss.loss_bb < 0.05 else "cost",
        )
        for loss in losses
        if loss.decisions
    )


def _result(result: HandResult, table: Table, unit: Unit) -> str:
    villain = table.positions[1 - table.hero]
    net = signed(result.net, table.pot, table.big_blind, unit)
    if result.kind == "spot":
        return "Answered."
    if result.kind == "fold":
        return f"{f'{villain} folds' if result.winner == table.hero else 'You fold'}. {net}"
    won = (
        "Split pot"
        if result.winner < 0
        else "You win at showdown"
        if result.winner == table.hero
        else f"{villain} wins at showdown"
    )
    return f"{won}. {net}"


def _whole_line(table: Table, unit: Unit) -> tuple[StepView, ...]:
    """The ribbon from the flop on, also where the solution begins on a later street."""
    root = table.solution
    views = step_views(table.line, table.positions, table.big_blind, root.street, root.pot, unit)
    if not root.before:
        return views
    flop_pot = root.pot - price(root.before, 0)[0]
    return (*step_views(steps_of(root.before, 0), table.positions, table.big_blind, 0, flop_pot, unit), *views[1:])


def table_view(table: Table, unit: Unit = "bb") -> TableView:
    """The table for the page."""
    hero, villain, blind = table.hero, 1 - table.hero, table.big_blind
    board = [card_to_text(card) for card in table.board]
    shown = table.result.villain_cards if table.result else None
    pot = table.pot_at_decision or table.pot

    def chips(value: int) -> str:
        return money(value, pot, blind, unit)

    view = TableView(
        decision_id=str(table.decision_id or ""),
        spot=f"{table.family}, {POT_TYPES[table.pot_type]}" if table.pot_type in POT_TYPES else "Your own spot",
        progress=_progress(table),
        board=tuple(board + [""] * (5 - len(board))),
        line=_whole_line(table, unit),
        pot=pot_text(table.pot, blind, unit),
        hero=table.positions[hero],
        hero_cards=tuple(card_to_text(card) for card in sorted(table.hero_cards, reverse=True)),
        hero_stack=chips(table.stacks[hero]),
        hero_bet=chips(table.street_bets[hero]) if table.street_bets[hero] else "",
        villain=table.positions[villain],
        villain_cards=tuple(card_to_text(card) for card in sorted(shown, reverse=True)) if shown else ("", ""),
        villain_stack=chips(table.stacks[villain]),
        villain_bet=chips(table.street_bets[villain]) if table.street_bets[villain] else "",
        die=table.die,
        actions=action_views(table.actions, pot, table.to_call, blind, unit),
        result=_result(table.result, table, unit) if table.result else "",
        losses=street_losses(table.result.losses, table.solution.pot, blind, unit) if table.result else (),
        deadline=table.deadline.isoformat() if table.deadline else "",
        timebank=_timebank(table),
        onwards="See the summary" if _done(table) >= table.set_size else "Next hand",
        against=f"Villain {villain_words(table.plan.villain)}" if table.plan and table.plan.villain.deviates else "",
    )
    to_call = chips(table.to_call) if table.to_call else ""
    return replace(view, spoken=spoken_table(view.board, view.hero_cards, view.line, view.pot, to_call, view.hero))


def _timebank(table: Table) -> int:
    """Seconds for a decision; in ranked sets those of the server, which wait there whenever one comes back."""
    if table.plan is not None and table.plan.timebank:
        return table.plan.timebank
    return get_settings().ranked_decision_s if table.mode != "hands" else 0


def _counts_hands(table: Table) -> bool:
    return table.mode == "daily" or (table.plan is not None and table.plan.unit == "hands")


def _done(table: Table) -> int:
    return table.hand_number if _counts_hands(table) else table.decisions_done


def _progress(table: Table) -> str:
    """How far the set is: in hands where hands are what it counts."""
    if _counts_hands(table):
        return f"Hand {min(table.hand_number, table.set_size)} of {table.set_size}"
    return f"Decision {min(table.decisions_done + 1, table.set_size)} of {table.set_size}"


def price(line: Sequence[str], start_pot: int) -> tuple[int, int]:
    """Pot at the end of a line and what a call costs there, replayed: the table itself has moved on."""
    pot, bets, player = start_pot, [0, 0], 0
    for step in line:
        kind, _, amount = step.partition(" ")
        if kind == "deal":
            bets, player = [0, 0], 0
            continue
        total = int(amount) if amount else max(bets) if kind == "call" else bets[player]
        pot += total - bets[player]
        bets[player], player = total, 1 - player
    return pot, max(bets) - bets[player]


def _sentence(grade: Grade, better: str, big_blind: int, unit: Unit) -> str:
    cost = loss_text(grade.loss_bb, grade.loss_pct, big_blind, unit)
    which = f" {better} was better." if better else ""
    match grade.word:
        case "best":
            return "Top play. Costs nothing."
        case "correct":
            return "Fine. The solver mixes, or barely prefers another."
        case "inaccuracy":
            return f"Small leak: {cost}.{which}"
        case "uncertain":
            return "The solution can't tell here. Not scored."
        case _:
            return f"Costs {cost}.{which}"


def _column_loss(loss_bb: float | None, pot: int, big_blind: int, unit: Unit) -> str:
    if loss_bb is None:
        return _UNKNOWN
    return column(-loss_bb * big_blind, pot, big_blind, unit) if loss_bb >= 0.005 else "0"


def _solved(answer: Answer) -> str:
    """How accurate the solution is at the node; unknown where the solver itself never takes the line."""
    pct = answer.solved_to_pct
    here = "Solved to: unknown here" if pct is None else f"Solved to {number(pct, 2)}% of pot here"
    return here + earlier_words(answer.passed_solved_to_pct)


def earlier_words(passed_solved_to_pct: float | None) -> str:
    """What goes after how accurate a node is where the line came through one that is solved badly."""
    return "" if passed_solved_to_pct is None else f", to {number(passed_solved_to_pct)}% earlier in the line"


def seat_of(table: Table) -> Seat:
    """The part of a table that its answers are worded with."""
    return Seat(table.solution.pot, table.big_blind, table.hero_cards)


def answer_view(answer: Answer, seat: Seat, unit: Unit = "bb", *, unrated: bool = False) -> AnswerView:
    """The grade for the page."""
    pot, to_call = price(answer.line, seat.start_pot)
    blind = seat.big_blind
    names = tuple(row.action for row in answer.rows)
    views = {view.action: view for view in action_views(names, pot, to_call, blind, unit)}
    best = max(answer.rows, key=lambda row: -math.inf if row.ev is None else row.ev, default=None)
    (chosen,) = action_views((answer.action,), pot, to_call, blind, unit)
    rows = tuple(
        RowView(
            label=views[row.action].label,
            tone=views[row.action].tone,
            frequency=f"{number(100 * row.frequency, 0)}%",
            share=round(100 * row.frequency, 1),
            ev=_UNKNOWN if row.ev is None else column(row.ev, pot, blind, unit),
            loss=_column_loss(row.loss_bb, pot, blind, unit),
            chosen=row.action == answer.action,
            named=row.action == answer.die_pick,
        )
        for row in answer.rows
    )
    grade = answer.grade
    notes = [
        text
        for wanted, text in (
            (unrated, "Take-back: not rated."),
            (answer.timed_out, "Time ran out: played for you."),
            (not answer.in_range, "This hand is not in the solver's range here."),
            (answer.chose, f"{answer.chose.capitalize()}: played as its least costly size."),
            (answer.villain, f"Best reply to a villain who {answer.villain}, not the equilibrium."),
        )
        if wanted
    ]
    loss, aside = loss_texts(grade.loss_bb, grade.loss_pct, blind, unit)
    followed = " You followed it." if answer.die_pick == answer.action else ""
    return AnswerView(
        decision_id=str(answer.decision_id),
        word=grade.word.capitalize(),
        tone=grade.word,
        borderline=grade.borderline,
        where=f"{STREETS[answer.street]}: {chosen.label}",
        sentence=_sentence(grade, "" if best is None else views[best.action].label, blind, unit),
        loss=loss,
        loss_aside=aside,
        unit=UNIT_WORDS[unit],
        solved="Exact against this villain" if answer.villain else _solved(answer),
        tolerance=f"±{number(answer.tolerance_pct, 2)}%{'' if answer.tolerance_fitted else ', not yet fitted'}",
        rows=rows,
        die_line=f"Die {answer.die}: {views[answer.die_pick].label}.{followed}" if answer.die_pick in views else "",
        reasons=answer.reasons,
        note=" ".join(notes),
        proof=f"Tree {answer.tree_hash[:8]}, configuration {answer.config_hash[:8]}",
        withheld=answer.withheld,
        grid=answer.grid.data,
        grid_actions=tuple(views[name] for name in answer.grid.actions),
        hand_class=HAND_CLASSES[COMBO_CLASS[COMBO_INDEX[seat.hero_cards]]],
        line=answer.line,
    )
