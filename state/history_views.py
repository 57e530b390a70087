"""What the browser is shown of the past: rows, themes, and a hand step by step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from services.training.history import PastDecision, PastSet, ThemeView
from services.training.models import SessionRow
from services.training.replay import Frame
from services.training.views import Table
from solver.cards import card_to_text
from state import routes
from state.amounts import Unit, fixed, loss_text, money, number, pot_text
from state.families import HANDS, SITUATIONS, STREETS, TEXTURES, node_words
from state.summary_views import counted
from state.views import POT_TYPES, StepView, TableView, action_label, price, step_views

_MODES: Final = {"hands": "Hands", "drill": "Drill", "ranked": "Weekly set", "daily": "Daily ten", "range": "Range"}
_RESUMED: Final = {"ranked": routes.LEADERBOARD_PLAY, "daily": routes.DAILY, "range": routes.DRILL_RANGE}
_PURPOSES: Final = {"review": "Review", "theme": "Theme drill"}


@dataclass(frozen=True)
class DecisionLine:
    """An answered decision in a list."""

    id: str = ""
    href: str = ""
    title: str = ""
    cards: tuple[str, ...] = ()
    board: tuple[str, ...] = ()
    text: str = ""
    detail: str = ""
    loss: str = ""
    word: str = ""
    tone: str = ""
    when: str = ""


@dataclass(frozen=True)
class SetLine:
    """A set in a list."""

    id: str = ""
    name: str = ""
    when: str = ""
    progress: str = ""
    loss: str = ""
    open: bool = False
    ranked: bool = False
    resume: str = ""
    mistakes: str = ""
    export: str = ""


@dataclass(frozen=True)
class ThemeLine:
    """A node type; ``low``, ``width`` and ``at`` place interval and figure on the list's scale, in % of its width."""

    node: str = ""
    name: str = ""
    loss: str = ""
    interval: str = ""
    decisions: str = ""
    score: str = ""
    errors: str = ""
    measured: bool = False
    low: float = 0.0
    width: float = 0.0
    at: float = 0.0


@dataclass(frozen=True)
class ReplayStep:
    """A step that can be jumped to; ``tone`` is the grade's, for hero's decisions."""

    index: int = 0
    text: str = ""
    tone: str = ""


@dataclass(frozen=True)
class ReplayHead:
    """What stands above a replayed hand."""

    title: str = ""
    result: str = ""
    losses: tuple[StepView, ...] = ()
    export: str = ""
    export_json: str = ""


def when(moment: datetime, zone: str) -> str:
    """A moment where the player is: ``23 Nov 2026, 14:05``."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local.day} {local:%b %Y, %H:%M}"


def decision_line(past: PastDecision, zone: str, unit: Unit = "bb") -> DecisionLine:
    """An answered decision for a list."""
    spot = past.spot
    _, to_call = price(spot.line, 0)
    name = f"{spot.family} {spot.pot_type}" if spot.pot_type in POT_TYPES else "your own spot"
    played, best = (
        action_label(action, spot.pot, to_call, spot.big_blind, unit) if action else ""
        for action in (spot.action, spot.best_action)
    )
    text = played if not best or spot.word in ("best", "correct", "uncertain") else f"{played}. {best} was better."
    kind = [SITUATIONS.get(past.situation, ""), TEXTURES.get(past.texture, ""), HANDS.get(past.hand_class, "")]
    return DecisionLine(
        id=str(spot.decision_id),
        href=f"{routes.HISTORY}/{spot.hand_id}?decision={spot.decision_id}",
        title=f"{STREETS[spot.street]}, {name}, you are {spot.positions[spot.hero]}",
        cards=tuple(card_to_text(card) for card in sorted(spot.hero_cards, reverse=True)),
        board=tuple(card_to_text(card) for card in spot.board),
        text=f"{text}{' Time ran out.' if past.timed_out else ''}",
        detail=", ".join(part for part in kind if part),
        loss=loss_text(spot.loss_bb, spot.loss_pct, spot.big_blind, unit),
        word=spot.word.capitalize(),
        tone=spot.word,
        when=when(past.answered_at, zone),
    )


def _progress(row: SessionRow) -> str:
    """How far an open set is, in what it counts."""
    if row.mode == "daily" or (row.plan or {}).get("unit") == "hands":
        return f"hand {row.hands} of {row.set_size}"
    if row.mode == "range":
        return f"{row.decisions} of {row.set_size} ranges"
    return f"{row.decisions} of {row.set_size} decisions"


def set_line(past: PastSet, zone: str) -> SetLine:
    """A set for a list; a sum over many pots is in bb, whatever single amounts are shown in."""
    row = past.row
    is_open = row.finished_at is None
    kind = _PURPOSES.get(past.purpose) or _MODES.get(row.mode, row.mode.capitalize())
    name = (row.plan or {}).get("name") or kind
    loss = f"{number(past.loss_bb, 2)} bb" if row.decisions else "–"
    if row.decisions:
        loss += f", {number(100 * past.loss_bb / row.decisions)} bb per 100"
    return SetLine(
        id=str(row.id),
        name=name,
        when=when(row.started_at, zone),
        progress=_progress(row) if is_open else counted(row.decisions, "decision"),
        loss=loss,
        open=is_open,
        ranked=row.mode == "ranked",
        resume=_RESUMED.get(row.mode, f"{routes.HOME}?set={row.id}"),
        mistakes=f"{routes.HISTORY}?set={row.id}&order=loss",
        export=f"/api/training/sessions/{row.id}/export?format=",
    )


def theme_lines(themes: list[ThemeView]) -> tuple[ThemeLine, ...]:
    """The themes on one scale."""
    high = max((max(theme.loss_per_100, *(theme.interval or (0.0,))) for theme in themes), default=0.0) or 1.0
    return tuple(_theme(theme, high) for theme in themes)


def _theme(theme: ThemeView, high: float) -> ThemeLine:
    low, top = theme.interval or (theme.loss_per_100, theme.loss_per_100)
    if theme.most_errors_pct == 100:
        errors = "nothing wrong so far"
    elif theme.most_errors_pct is not None:
        errors = f"nothing wrong so far: at most {number(theme.most_errors_pct, 0)}%"
    else:
        errors = f"{theme.errors} wrong or worse"
    return ThemeLine(
        node=theme.node,
        name=node_words(theme.node),
        loss=fixed(theme.loss_per_100, 1),
        interval=f"{fixed(low, 1)} to {fixed(top, 1)}" if theme.interval else "from 100 decisions on",
        decisions=str(theme.decisions),
        score="–" if theme.ev_score is None else number(theme.ev_score, 0),
        errors=errors,
        measured=theme.interval is not None,
        low=round(100 * low / high, 2),
        width=round(100 * (top - low) / high, 2),
        at=round(100 * theme.loss_per_100 / high, 2),
    )


def frame_view(table: Table, frames: tuple[Frame, ...], index: int, unit: Unit = "bb") -> TableView:
    """The table as it lay after a step; villain's cards from the end of the hand on, as they were shown then."""
    frame = frames[index]
    hero, villain, blind = table.hero, 1 - table.hero, table.big_blind
    shown = table.result.villain_cards if table.result else None
    board = [card_to_text(card) for card in frame.board]
    steps = [one.step for one in frames[1 : index + 1] if one.step is not None]

    def chips(value: int) -> str:
        return money(value, frame.pot, blind, unit)

    return TableView(
        board=tuple(board + [""] * (5 - len(board))),
        line=step_views(steps, table.positions, blind, table.solution.street, table.solution.pot, unit),
        pot=pot_text(frame.pot, blind, unit),
        hero=table.positions[hero],
        hero_cards=tuple(card_to_text(card) for card in sorted(table.hero_cards, reverse=True)),
        hero_stack=chips(frame.stacks[hero]),
        hero_bet=chips(frame.street_bets[hero]) if frame.street_bets[hero] else "",
        villain=table.positions[villain],
        villain_cards=tuple(card_to_text(card) for card in sorted(shown, reverse=True)) if shown else ("", ""),
        villain_stack=chips(frame.stacks[villain]),
        villain_bet=chips(frame.street_bets[villain]) if frame.street_bets[villain] else "",
        die=frame.answer.die if frame.answer is not None else 0,
    )


def replay_steps(table: Table, frames: tuple[Frame, ...], unit: Unit = "bb") -> tuple[ReplayStep, ...]:
    """Every step, to jump to."""
    found = [ReplayStep(0, STREETS[table.solution.street])]
    for index, frame in enumerate(frames[1:], start=1):
        assert frame.step is not None
        pot = frames[index - 1].pot
        text = step_views([frame.step], table.positions, table.big_blind, table.solution.street, pot, unit)[-1].text
        if frame.step.card is not None:
            text = f"{text} {card_to_text(frame.step.card)}"
        found.append(ReplayStep(index, text, frame.answer.grade.word if frame.answer is not None else ""))
    return tuple(found)
