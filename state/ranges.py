"""Painting a whole range in one browser tab: thin handlers over the range service.

The brush stays in the browser; a painted range arrives as one text of 169 characters, is graded and committed at once.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Literal
from uuid import UUID

import reflex as rx
from sqlalchemy.ext.asyncio import AsyncSession

from services.accounts.sessions import ensure_user
from services.infra.db import transaction
from services.infra.errors import Conflict, DomainError
from services.training.deviation import villain_words
from services.training.events import RangeGraded
from services.training.ranges import RangeTable, get_range_training
from solver.cards import HAND_CLASSES, card_to_text
from state import routes
from state.amounts import bb, fixed, number
from state.guard import Policy, policy
from state.session import principal_of
from state.views import POT_TYPES, STREETS, ActionView, StepView, action_views, earlier_words, step_views

UNPAINTED: Final = "."
_PLACES: Final = "0123456789abcdefghij"
_LETTERS: Final = {"best": "b", "correct": "c", "inaccuracy": "i", "wrong": "w", "blunder": "x", "uncertain": "u"}
_WORDS: Final = tuple(_LETTERS)


@dataclass(frozen=True)
class ClassResult:
    """What became of one hand class: the action painted, its grade, what it cost in % of the pot."""

    hand: str = ""
    action: str = ""
    word: str = ""
    loss: str = ""


@dataclass(frozen=True)
class RangeView:
    """The node.

    Attributes:
        weights: 169 whole numbers 0 to 255, joined by commas.
        chosen: What was painted, as `submit` takes it; empty before.
        words: A letter for each grade, x for a blunder, 169 characters, ``.`` where nothing is held.
        losses: 169 losses in % of the pot, joined by commas.
        grid: The solver's strategy, as the strategy grid takes it.
    """

    id: str = ""
    spot: str = ""
    progress: str = ""
    question: str = ""
    against: str = ""
    board: tuple[str, ...] = ()
    line: tuple[StepView, ...] = ()
    pot: str = ""
    stack: str = ""
    actions: tuple[ActionView, ...] = ()
    weights: str = ""
    chosen: str = ""
    words: str = ""
    losses: str = ""
    grid: str = ""
    grid_actions: tuple[ActionView, ...] = ()
    loss: str = ""
    loss_pct: str = ""
    unavoidable: str = ""
    right: str = ""
    solved: str = ""
    counts: tuple[StepView, ...] = ()
    worst: tuple[ClassResult, ...] = ()
    done: tuple[StepView, ...] = ()


def range_view(table: RangeTable) -> RangeView:
    """A node for the page."""
    blind, positions = table.solution.big_blind, table.solution.positions
    actions = action_views(table.actions, table.pot, table.to_call, blind)
    pot_type = table.solution.pot_type
    villain = villain_words(table.plan.villain)
    view = {
        "id": str(table.item_id),
        "spot": f"{table.solution.family}, {POT_TYPES[pot_type]}" if pot_type in POT_TYPES else "Your own spot",
        "progress": f"Range {table.number} of {table.set_size}",
        "question": f"You are {positions[table.hero]} on the {STREETS[table.street].lower()}.",
        "against": f"Villain {villain}" if villain else "",
        "board": tuple(card_to_text(card) for card in table.board),
        "line": step_views(table.line, positions, blind, table.solution.street),
        "pot": bb(table.pot, blind),
        "stack": bb(table.stacks[table.hero], blind),
        "actions": actions,
        "weights": ",".join(str(max(1, round(255 * one)) if one > 0 else 0) for one in table.weights),
        "done": tuple(
            StepView(text=f"{place}: {fixed(loss)} bb, {number(100 * right, 0)}% right", tone="")
            for place, (loss, right) in enumerate(table.done, start=1)
        ),
    }
    return RangeView(**view, **(_graded_view(table.graded, actions) if table.graded else {}))


def _graded_view(graded: RangeGraded, actions: tuple[ActionView, ...]) -> dict[str, Any]:
    held = [one for one, place in enumerate(graded.choices) if place >= 0]
    excess = {one: graded.losses_pct[one] - graded.least_pct[one] for one in held}
    cost = {one: graded.losses_pct[one] * graded.weights[one] for one in held}
    worst = sorted((one for one in held if graded.words[one] not in ("best", "correct")), key=lambda one: -cost[one])
    counts = {word: sum(graded.words[one] == word for one in held) for word in _WORDS}
    return {
        "chosen": "".join(UNPAINTED if place < 0 else _PLACES[place] for place in graded.choices),
        "words": "".join(_LETTERS.get(word, ".") for word in graded.words),
        "losses": ",".join(f"{excess.get(one, 0.0):.2f}" for one in range(len(HAND_CLASSES))),
        "grid": graded.grid,
        "grid_actions": actions,
        "loss": f"{number(graded.loss_bb, 3)} bb",
        "loss_pct": f"{number(graded.loss_pct, 2)}% of pot",
        "unavoidable": f"{number(graded.least_bb, 3)} bb of it no single action per hand class avoids"
        if graded.least_bb >= 0.0005
        else "",
        "right": f"{number(100 * graded.right_share, 0)}%",
        "solved": "Exact against this villain"
        if graded.villain
        else f"Solved to {number(graded.solved_to_pct or 0.0, 2)}% here{earlier_words(graded.passed_solved_to_pct)}, "
        f"±{number(graded.tolerance_pct, 2)}% a hand",
        "counts": tuple(StepView(text=f"{counts[word]} {word}", tone=word) for word in _WORDS if counts[word]),
        "worst": tuple(
            ClassResult(
                hand=HAND_CLASSES[one],
                action=actions[graded.choices[one]].label,
                word=graded.words[one],
                loss=f"{number(excess[one])}% of pot",
            )
            for one in worst[:6]
        ),
    }


class RangeState(rx.State):
    """What this tab shows of the range to paint.

    Attributes:
        phase: ``open``: to be painted. ``graded``: looked at. ``over``: that was the last one.
    """

    phase: Literal["loading", "idle", "open", "grading", "graded", "over"] = "loading"
    view: RangeView = RangeView()
    error: str = ""
    _session_id: str = ""

    @rx.event
    @policy(Policy.PLAYER)
    async def resume(self) -> None:
        """Show the open range, if there is one."""
        self.error = ""
        await self._ask(lambda db, user_id: get_range_training().current(db, user_id))
        if self.phase == "loading":
            self.phase = "idle"

    @rx.event
    @policy(Policy.PLAYER)
    async def submit(self, item_id: str, painted: str) -> AsyncGenerator[None]:
        """Grade what was painted: 169 characters, the place of the action or ``.``."""
        if item_id != self.view.id or self.phase != "open" or len(painted) != len(HAND_CLASSES):
            return
        names = [one.action for one in self.view.actions]
        if any(mark != UNPAINTED and _PLACES.find(mark) not in range(len(names)) for mark in painted):
            return
        marks = zip(HAND_CLASSES, painted, strict=True)
        choices = {name: names[_PLACES.index(mark)] for name, mark in marks if mark != UNPAINTED}
        self.phase, self.error = "grading", ""
        yield
        await self._ask(lambda db, user_id: get_range_training().answer(db, user_id, UUID(item_id), choices), "open")

    @rx.event
    @policy(Policy.PLAYER)
    async def next_range(self) -> None:
        """The next node of the set."""
        if self.phase == "graded":
            session_id = UUID(self._session_id)
            await self._ask(lambda db, user_id: get_range_training().next_range(db, user_id, session_id))

    @rx.event
    @policy(Policy.PLAYER)
    def leave(self) -> Any:
        """Back to the drills."""
        return rx.redirect(routes.DRILLS)

    async def _ask(
        self,
        work: Callable[[AsyncSession, UUID], Awaitable[RangeTable | None]],
        otherwise: Literal["open"] | None = None,
    ) -> None:
        try:
            principal = await principal_of(self)
            async with transaction() as db:
                await ensure_user(db, principal)
                table = await work(db, principal.user_id)
        except DomainError as failure:
            told = "Painted already elsewhere. Reload to see it." if isinstance(failure, Conflict) else failure.message
            self.error = f"{told[:1].upper()}{told[1:]}"
            self.phase = otherwise or self.phase
            return
        if table is None:
            self.phase = "idle"
            return
        self._session_id = str(table.session_id)
        self.view = range_view(table)
        self.phase = "open" if table.graded is None else "over" if table.set_over else "graded"
        if table.graded is None and table.set_over:
            self.phase = "idle"
