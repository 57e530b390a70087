"""What both players hold at each decision of a hand, for the page: asked for after the grade, step by step."""

from __future__ import annotations

import math
from dataclasses import dataclass
from urllib.parse import quote
from uuid import UUID

import reflex as rx

from services.infra.db import transaction
from services.infra.errors import DomainError
from services.solutions.catalog import Line
from services.training.analysis import Analysis, get_analyses, percentile
from services.training.categories import CATEGORIES, DRAWS
from services.training.deviation import villain_words
from services.training.tolerance import worst_passed
from solver.cards import COMBO_CLASS, HAND_CLASSES
from state import routes
from state.amounts import UNIT_WORDS, Unit, column, is_unit, number, pot_text
from state.combos import ComboView, combo_views
from state.guard import Policy, policy
from state.session import principal_of
from state.views import STREETS, ActionView, action_views, earlier_words, step_views, steps_of

_BOX = 100.0
_UNKNOWN = "–"


@dataclass(frozen=True)
class StopView:
    """A step of the line; ``at`` is what to ask for, -1 where nobody decided."""

    text: str = ""
    tone: str = ""
    card: str = ""
    at: int = -1


@dataclass(frozen=True)
class RangeView:
    """One player's range.

    Attributes:
        words: Whose it is, how many combos, its equity.
        curve: SVG path in a box of 100 x 100: percentile to the right, equity upwards.
        acts: The player decides here: its combos have frequencies and EVs.
    """

    title: str = ""
    words: str = ""
    grid: str = ""
    grid_actions: tuple[ActionView, ...] = ()
    curve: str = ""
    combos: tuple[ComboView, ...] = ()
    acts: bool = False


@dataclass(frozen=True)
class ShareView:
    """A category and its share of hero's and of villain's range."""

    name: str = ""
    hero: float = 0.0
    villain: float = 0.0
    hero_text: str = ""
    villain_text: str = ""


@dataclass(frozen=True)
class ActionShareView:
    """An action of the range: how often, and what the hands that take it are worth."""

    label: str = ""
    tone: str = ""
    frequency: str = ""
    share: float = 0.0
    ev: str = ""
    usual: str = ""


@dataclass(frozen=True)
class AnalysisView:
    """One stop of the line; ``decision_id`` is empty while there is none.

    Attributes:
        hero: Name of hero's class.
        mark: Where hero's hand lies on hero's curve: percentile and 100 - equity; () when it isn't in the range.
        mark_words: The same in words.
        against: What villain does in place of the solution here; empty where he plays it. ``usual`` of the actions is
            then the solution's frequency.
    """

    decision_id: str = ""
    at: int = 0
    unit: str = "bb"
    title: str = ""
    accuracy: str = ""
    against: str = ""
    href: str = ""
    hero: str = ""
    stops: tuple[StopView, ...] = ()
    ranges: tuple[RangeView, ...] = ()
    actions: tuple[ActionShareView, ...] = ()
    made: tuple[ShareView, ...] = ()
    drawing: tuple[ShareView, ...] = ()
    mark: tuple[float, ...] = ()
    mark_words: str = ""


class AnalysisState(rx.State):
    """What this tab looks at after an answer.

    Attributes:
        error: Why nothing is shown.
    """

    view: AnalysisView = AnalysisView()
    error: str = ""

    @rx.event
    @policy(Policy.PLAYER)
    async def look(self, decision_id: str, at: int, unit: str) -> None:
        """Show the ranges at a step of an answered decision's line; -1: at the decision itself."""
        self.error = ""
        try:
            principal = await principal_of(self)
            async with transaction() as db:
                found = await get_analyses().of_decision(
                    db, principal.user_id, UUID(decision_id), None if at < 0 else at
                )
        except ValueError:
            self.error = "There is no such decision."
        except DomainError as failure:
            self.view, self.error = AnalysisView(), f"{failure.message[:1].upper()}{failure.message[1:]}."
        else:
            self.view = analysis_view(found, decision_id, unit if is_unit(unit) else "bb")


def analysis_view(found: Analysis, decision_id: str, unit: Unit = "bb") -> AnalysisView:
    """A stop of the line for the page, hero's range first."""
    facts, hero = found.facts, found.hero
    position = facts.node.position
    player, blind, pot = position.player, found.solution.big_blind, position.pot
    actions = action_views(position.actions, pot, position.to_call, blind, unit)
    ours, theirs = facts.ranges[hero], facts.ranges[1 - hero]
    own = [index for index, combo in enumerate(ours.combos) if combo == found.hero_combo]
    equity = float(ours.equities[own[0]]) if own else math.nan
    place = 0.0 if math.isnan(equity) else percentile(ours.equities.tolist(), ours.weights.tolist(), equity)
    return AnalysisView(
        decision_id=decision_id,
        at=found.at,
        unit=UNIT_WORDS[unit],
        title=f"{STREETS[position.street]}: {_whose(found, player)} to act, pot {pot_text(pot, blind, unit)}",
        accuracy=_accuracy(found),
        against=_against(found),
        href=solution_address(found.solution.id, found.line[: found.at]),
        hero=HAND_CLASSES[COMBO_CLASS[found.hero_combo]],
        stops=_stops(found, unit),
        ranges=tuple(_range_view(found, side, actions, unit) for side in (hero, 1 - hero)),
        actions=tuple(
            ActionShareView(
                action.label,
                action.tone,
                f"{number(100 * share)}%",
                round(100 * share, 2),
                _UNKNOWN if math.isnan(value) else column(value, pot, blind, unit),
                "" if usual is None else f"{number(100 * usual)}%",
            )
            for action, share, value, usual in zip(
                actions, facts.frequency, facts.ev, found.usual or [None] * len(actions), strict=True
            )
        ),
        made=_shares(CATEGORIES, ours.made, theirs.made),
        drawing=_shares(DRAWS, ours.drawing, theirs.drawing) if len(position.board) < 5 else (),
        mark=() if math.isnan(equity) else (round(100 * place, 1), round(100 - 100 * equity, 1)),
        mark_words=""
        if math.isnan(equity)
        else f"Your hand: {number(100 * equity)}% equity, ahead of {number(100 * place, 0)}% of your range",
    )


def _accuracy(found: Analysis) -> str:
    node = found.facts.node
    solved = node.exploitability_pct
    if found.villain is not None and node.position.player == found.hero:
        return "Your best replies to exactly this villain"
    which = "Solved" if found.villain is None else "Solution solved"
    earlier = earlier_words(worst_passed(node.passed, node.position.pot).solved_to_pct)
    return f"{which} to {number(solved, 2)}% of pot here{earlier}" if math.isfinite(solved) else ""


def _against(found: Analysis) -> str:
    """Which of the figures are villain's own, and which the solution's."""
    if found.villain is None:
        return ""
    departs = f"Villain {villain_words(found.villain)}."
    if found.facts.node.position.player == found.hero:
        return f"{departs} His range and your replies are shown as they are against him, not as in the solution."
    return (
        f"{departs} These are his own actions, with the solution's frequencies beside them; "
        "EVs are what the actions are worth in the solution."
    )


def solution_address(solution_id: UUID, line: Line) -> str:
    """Where a node of a solution is shown."""
    return f"{routes.SOLUTIONS}/{solution_id}" + (f"?line={quote('/'.join(line), safe='/')}" if line else "")


def curve_path(curve: tuple[float, ...]) -> str:
    """An equity curve as an SVG path."""
    if not curve:
        return ""
    step = _BOX / max(len(curve) - 1, 1)
    return "M" + " ".join(f"{index * step:.1f},{_BOX * (1 - value):.1f}" for index, value in enumerate(curve))


def _whose(found: Analysis, player: int) -> str:
    return f"you, {found.positions[player]}," if player == found.hero else found.positions[player]


def _stops(found: Analysis, unit: Unit) -> tuple[StopView, ...]:
    root = found.solution
    steps = steps_of(found.line, root.street)
    views = step_views(steps, found.positions, root.big_blind, root.street, root.pot, unit)
    numbers = (-1, *(index if index in found.stops else -1 for index in range(len(steps))))
    return tuple(StopView(view.text, view.tone, view.card, index) for view, index in zip(views, numbers, strict=True))


def _range_view(found: Analysis, side: int, actions: tuple[ActionView, ...], unit: Unit) -> RangeView:
    facts, held = found.facts, found.facts.ranges[side]
    acts = side == facts.node.position.player
    equity = "" if math.isnan(held.equity) else f", equity {number(100 * held.equity)}%"
    return RangeView(
        title=_range_title(found, side),
        words=f"{'under 0.1' if 0 < held.size < 0.05 else number(held.size)} combos{equity}",
        grid=held.grid,
        grid_actions=actions if acts else (ActionView("here", "In range", "here", ""),),
        curve=curve_path(held.curve),
        combos=combo_views(
            held.combos,
            held.weights,
            held.equities,
            (facts.strategy, facts.q) if acts else None,
            facts.node.position.pot,
            found.solution.big_blind,
            unit,
        ),
        acts=acts,
    )


def _range_title(found: Analysis, side: int) -> str:
    if side == found.hero:
        return f"Your range, {found.positions[side]}"
    return f"Villain's {'own ' if found.villain is not None else ''}range, {found.positions[side]}"


def _shares(names: tuple[str, ...], ours: tuple[float, ...], theirs: tuple[float, ...]) -> tuple[ShareView, ...]:
    """Categories that at least one of the ranges has."""
    return tuple(
        ShareView(
            name.capitalize(),
            round(100 * mine, 1),
            round(100 * other, 1),
            f"{number(100 * mine)}%",
            f"{number(100 * other)}%",
        )
        for name, mine, other in zip(names, ours, theirs, strict=True)
        if max(mine, other) >= 0.0005
    )
