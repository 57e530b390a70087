"""The past in one browser tab: decisions with filters, sets to go on with, a hand step by step, themes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal
from uuid import UUID

import reflex as rx

from services.accounts.sessions import ensure_user
from services.infra import clock
from services.infra.db import transaction
from services.infra.errors import DomainError, NotFound
from services.reviews.service import get_reviews
from services.training import history
from services.training.families import HANDS, SITUATIONS, TEXTURES
from services.training.history import PastDecision
from services.training.history_repository import Filter, Order
from services.training.replay import frames
from services.training.service import get_training
from services.training.views import DrillSpec, Table
from state import routes
from state.amounts import Unit, is_unit
from state.guard import Policy, policy
from state.history_views import (
    DecisionLine,
    ReplayHead,
    ReplayStep,
    SetLine,
    ThemeLine,
    decision_line,
    frame_view,
    replay_steps,
    set_line,
    theme_lines,
)
from state.session import principal_of
from state.views import AnswerView, TableView, answer_view, seat_of, table_view

PAGE: Final = 20
MOST_SHOWN: Final = 300
"""Rows of a tab's list: it is kept with the tab, and sent whole whenever it grows."""
MOST_DRILLED: Final = 50

_GRADES: Final[dict[str, tuple[str, ...]]] = {
    "mistakes": ("inaccuracy", "wrong", "blunder"),
    "wrong": ("wrong", "blunder"),
    **{word: (word,) for word in ("best", "correct", "inaccuracy", "blunder", "uncertain")},
}
_SINCE: Final = {"day": 1, "week": 7, "month": 30, "year": 365}
_LOSSES: Final[dict[str, tuple[float | None, float | None]]] = {
    "small": (None, 0.05),
    "middle": (0.05, 0.5),
    "large": (0.5, None),
    "huge": (2.0, None),
}


@dataclass(frozen=True)
class Wanted:
    """The filters as the form shows them; "" is everything."""

    grade: str = ""
    street: str = ""
    family: str = ""
    situation: str = ""
    texture: str = ""
    hand: str = ""
    mode: str = ""
    since: str = ""
    loss: str = ""
    order: Order = "newest"


class HistoryState(rx.State):
    """What this tab shows of the past.

    Attributes:
        unit: What amounts are shown in; the browser remembers it and says so on arrival.
    """

    status: Literal["loading", "ready", "failed"] = "loading"
    error: str = ""
    view: Literal["decisions", "sets"] = "decisions"
    wanted: Wanted = Wanted()
    of_set: str = ""
    families: tuple[str, ...] = ()
    decisions: tuple[DecisionLine, ...] = ()
    sets: tuple[SetLine, ...] = ()
    open_sets: tuple[SetLine, ...] = ()
    more: bool = False
    unit: Unit = "bb"
    _cursor: str | None = None
    _zone: str = "UTC"
    _found: tuple[PastDecision, ...] = ()

    @rx.event
    @policy(Policy.PLAYER)
    async def load(self) -> None:
        """Read what the address asks for."""
        query = self.router.url.query_parameters
        self.of_set = _uuid_text(query.get("set", ""))
        self.view = "sets" if query.get("view") == "sets" else "decisions"
        order: Order = "loss" if query.get("order") == "loss" else "newest"
        grade = "mistakes" if self.of_set else ""
        self.wanted = Wanted(order=order, grade=grade)
        await self._read(fresh=True)

    @rx.event
    @policy(Policy.PLAYER)
    async def show(self, view: str) -> None:
        """Decisions or sets."""
        self.view = "sets" if view == "sets" else "decisions"
        await self._read(fresh=True)

    @rx.event
    @policy(Policy.PLAYER)
    async def choose(self, name: str, value: str) -> None:
        """Change one filter."""
        if name in Wanted.__dataclass_fields__:
            fields = {key: getattr(self.wanted, key) for key in Wanted.__dataclass_fields__}
            self.wanted = Wanted(**{**fields, name: value[:80]})
            await self._read(fresh=True)

    @rx.event
    @policy(Policy.PLAYER)
    async def clear(self) -> None:
        """Drop all filters."""
        self.wanted, self.of_set = Wanted(order=self.wanted.order), ""
        await self._read(fresh=True)

    @rx.event
    @policy(Policy.PLAYER)
    async def show_more(self) -> None:
        """Show further rows below the last one."""
        if self.more:
            await self._read(fresh=False)

    @rx.event
    @policy(Policy.PLAYER)
    async def drill(self) -> Any:
        """Deal a set of exactly the spots that are shown."""
        if not self.decisions:
            return None
        items = tuple(UUID(line.id) for line in self.decisions[:MOST_DRILLED])
        try:
            principal = await principal_of(self)
            async with transaction() as db:
                await ensure_user(db, principal)
                table = await get_training().start(db, principal.user_id, drill=DrillSpec(items=items))
        except DomainError as failure:
            self.error = failure.message
            return None
        return rx.redirect(f"{routes.HOME}?set={table.session_id}")

    @rx.event
    @policy(Policy.PLAYER)
    async def choose_unit(self, unit: str) -> None:
        """Show amounts in another unit."""
        if is_unit(unit) and unit != self.unit:
            self.unit = unit
            self.decisions = tuple(decision_line(one, self._zone, unit) for one in self._found)

    async def _read(self, *, fresh: bool) -> None:
        cursor = None if fresh else self._cursor
        try:
            principal = await principal_of(self)
            async with transaction() as db:
                zone = (await get_reviews().due(db, principal.user_id)).zone
                if self.view == "sets":
                    page, self._cursor = await history.sets(db, principal.user_id, PAGE, cursor)
                    lines = tuple(set_line(one, zone) for one in page)
                    self.sets = lines if fresh else (*self.sets, *lines)
                else:
                    wanted = filter_of(self.wanted, self.of_set)
                    found, self._cursor = await history.decisions(
                        db, principal.user_id, wanted, self.wanted.order, PAGE, cursor
                    )
                    self._found = tuple(found) if fresh else (*self._found, *found)
                    self._zone = zone
                    self.decisions = tuple(decision_line(one, zone, self.unit) for one in self._found)
                if fresh:
                    opened, _ = await history.sets(db, principal.user_id, 5, is_open=True)
                    self.open_sets = tuple(set_line(one, zone) for one in opened)
                    met = await history.spot_families(db, principal.user_id)
                    self.families = tuple(f"{family} {pot_type}" for family, pot_type in met)
        except DomainError as failure:
            self.error, self.status = failure.message, "ready" if self.status == "ready" else "failed"
            return
        shown = self.sets if self.view == "sets" else self.decisions
        self.more = self._cursor is not None and len(shown) < MOST_SHOWN
        self.error, self.status = "", "ready"


class ReplayState(rx.State):
    """A hand step by step.

    Attributes:
        index: The step that is shown; 0 is before the first one.
        unit: What amounts are shown in; the browser remembers it and says so on arrival.
    """

    status: Literal["loading", "ready", "failed"] = "loading"
    error: str = ""
    head: ReplayHead = ReplayHead()
    steps: tuple[ReplayStep, ...] = ()
    index: int = 0
    last: int = 0
    table: TableView = TableView()
    answer: AnswerView = AnswerView()
    unit: Unit = "bb"
    _whole: Table | None = None
    _tables: tuple[TableView, ...] = ()
    _answers: tuple[AnswerView, ...] = ()
    _decisions: tuple[str, ...] = ()

    @rx.event
    @policy(Policy.PLAYER)
    async def load(self) -> None:
        """Read the hand that the address names."""
        self.status, self.error = "loading", ""
        try:
            hand_id = UUID(self.router.url.path.rstrip("/").rpartition("/")[2])
            principal = await principal_of(self)
            async with transaction() as db:
                table = await get_training().table(db, principal.user_id, hand_id)
        except ValueError:
            self.error, self.status = "There is no such hand.", "failed"
            return
        except NotFound:
            self.error, self.status = "There is no such hand of yours.", "failed"
            return
        except DomainError as failure:
            self.error, self.status = failure.message, "failed"
            return
        self._lay(table)
        named = self.router.url.query_parameters.get("decision", "")
        self._go(self._decisions.index(named) if named in self._decisions and named else 0)
        self.status = "ready"

    @rx.event
    @policy(Policy.PLAYER)
    async def go(self, index: int) -> None:
        """Show the hand after a step."""
        self._go(index)

    @rx.event
    @policy(Policy.PLAYER)
    async def back(self) -> None:
        """One step back."""
        self._go(self.index - 1)

    @rx.event
    @policy(Policy.PLAYER)
    async def forward(self) -> None:
        """One step on."""
        self._go(self.index + 1)

    @rx.event
    @policy(Policy.PLAYER)
    async def choose_unit(self, unit: str) -> None:
        """Show every amount in another unit."""
        if is_unit(unit) and unit != self.unit:
            self.unit = unit
            if self._whole is not None:
                self._lay(self._whole)
                self._go(self.index)

    def _lay(self, table: Table) -> None:
        """Word every step of a hand."""
        found, seat, unit = frames(table), seat_of(table), self.unit
        self._whole, whole = table, table_view(table, unit)
        self.head = ReplayHead(
            title=whole.spot,
            result=whole.result,
            losses=whole.losses,
            export=f"/api/training/hands/{table.hand_id}/export?format=phh",
            export_json=f"/api/training/hands/{table.hand_id}/export?format=json",
        )
        self.steps = replay_steps(table, found, unit)
        self._tables = tuple(frame_view(table, found, index, unit) for index in range(len(found)))
        self._answers = tuple(
            AnswerView() if one.answer is None else answer_view(one.answer, seat, unit) for one in found
        )
        self._decisions = tuple("" if one.answer is None else str(one.answer.decision_id) for one in found)
        self.last = len(found) - 1

    def _go(self, index: int) -> None:
        if not self._tables:
            return
        self.index = max(0, min(index, self.last))
        self.table, self.answer = self._tables[self.index], self._answers[self.index]


class DashboardState(rx.State):
    """Strong and weak themes, and what waits."""

    status: Literal["loading", "ready", "failed"] = "loading"
    error: str = ""
    themes: tuple[ThemeLine, ...] = ()
    open_sets: tuple[SetLine, ...] = ()
    decisions: int = 0

    @rx.event
    @policy(Policy.PLAYER)
    async def load(self) -> None:
        """Read everything on the page."""
        try:
            principal = await principal_of(self)
            async with transaction() as db:
                zone = (await get_reviews().due(db, principal.user_id)).zone
                themes = await history.themes(db, principal.user_id)
                opened, _ = await history.sets(db, principal.user_id, 5, is_open=True)
        except DomainError as failure:
            self.error, self.status = failure.message, "ready" if self.themes else "failed"
            return
        self.themes = theme_lines(themes)
        self.open_sets = tuple(set_line(one, zone) for one in opened)
        self.decisions = sum(theme.decisions for theme in themes)
        self.error, self.status = "", "ready"

    @rx.event
    @policy(Policy.PLAYER)
    async def drill(self, node: str) -> Any:
        """Deal a drill of one theme and go to the table."""
        try:
            principal = await principal_of(self)
            async with transaction() as db:
                await ensure_user(db, principal)
                table = await history.drill_theme(get_training(), db, principal.user_id, node)
        except DomainError as failure:
            self.error = failure.message
            return None
        return rx.redirect(f"{routes.HOME}?set={table.session_id}")


def filter_of(wanted: Wanted, of_set: str) -> Filter:
    """What the form asks for; what is none of its choices counts as everything."""
    family, _, pot_type = wanted.family.rpartition(" ")
    low, high = _LOSSES.get(wanted.loss, (None, None))
    days = _SINCE.get(wanted.since)
    return Filter(
        since=None if days is None else clock.now() - timedelta(days=days),
        family=family or None,
        pot_type=pot_type or None,
        street=int(wanted.street) if wanted.street in {"0", "1", "2"} else None,
        grades=_GRADES.get(wanted.grade, ()),
        situation=wanted.situation if wanted.situation in SITUATIONS else None,
        texture=wanted.texture if wanted.texture in TEXTURES else None,
        hand_class=wanted.hand if wanted.hand in HANDS else None,
        mode=wanted.mode or None,
        least_loss_bb=low,
        most_loss_bb=high,
        session_id=UUID(of_set) if of_set else None,
    )


def _uuid_text(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        return ""
