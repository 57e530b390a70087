"""The table in one browser tab: thin handlers over the training service.

A click is graded and committed in one transaction and shown at once; only then is the hand played on, in another one.
A decision is answered by its id, so a repeated, late or foreign click changes nothing: it only gets the table again.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import replace
from typing import Final, Literal, TypeVar
from uuid import UUID

import reflex as rx
from sqlalchemy.ext.asyncio import AsyncSession

from services.accounts.sessions import ensure_user
from services.infra.db import transaction
from services.infra.errors import Conflict, DomainError
from services.training.pairs import second_table
from services.training.plan import Pause
from services.training.service import get_training
from services.training.views import Answer, DrillSpec, Mode, Summary, Table
from state import routes
from state.amounts import Unit, is_unit
from state.guard import Policy, policy
from state.session import principal_of
from state.summary_views import SummaryView, summary_view
from state.views import AnswerView, Seat, TableView, answer_view, seat_of, table_view

Phase = Literal["idle", "starting", "decision", "rolling", "paused", "retry", "ended", "summary"]
"""``rolling``: graded, the next decision is on its way. ``paused``: a mistake waits to be looked at. ``retry``: it is
taken back. ``ended``: the hand is over. ``summary``: the set is."""

T = TypeVar("T")

_MISTAKES: Final = {"inaccuracy", "wrong", "blunder"}


class TablePlay(rx.State, mixin=True):
    """A table and what is done at it.

    Attributes:
        answer: The last grade; it stays beside the table until the next one.
        error: The last failure in words, empty when there is none.
        unit: What amounts are shown in; the browser remembers it and says so on arrival.
        pair: The set at the first of two tables, empty for one table: both states name it while they belong together.
    """

    phase: Phase = "idle"
    table: TableView = TableView()
    answer: AnswerView = AnswerView()
    summary: SummaryView = SummaryView()
    error: str = ""
    unit: Unit = "bb"
    pair: str = ""
    _shown: Table | None = None
    _graded: Answer | None = None
    _finished: Summary | None = None
    _unrated: bool = False
    _mode: Mode = "hands"
    _hand_id: str = ""
    _session_id: str = ""
    _seat: Seat = Seat()
    _worst: tuple[str, ...] = ()
    _pause: Pause = "mistakes"

    @rx.event
    @policy(Policy.PLAYER)
    async def act(self, decision_id: str, action: str) -> AsyncGenerator[None]:
        """Answer a decision: the grade is committed and shown first, then the hand goes on."""
        again = self.phase == "retry"
        if decision_id != self.table.decision_id or self.phase not in {"decision", "retry"}:
            await self._resume(self._mode)
            return
        self.error = ""
        answered = get_training().retry if again else get_training().act
        answer = await self._ask(lambda db, user_id: answered(db, user_id, UUID(decision_id), action))
        if answer is None:
            return
        self._say(answer, unrated=again)
        # What is withheld is nothing to look at yet.
        pauses = self._pauses(answer.grade.word) and not answer.withheld
        self.phase = "paused" if again or pauses else "rolling"
        yield
        if self.phase == "rolling":
            await self._advance()

    @rx.event
    @policy(Policy.PLAYER)
    async def time_over(self, decision_id: str) -> None:
        """The clock of this tab has run out; the server looks at its own."""
        if decision_id != self.table.decision_id or self.phase != "decision":
            return
        await self._ask(
            lambda db, user_id: self._show(db, user_id, get_training().time_over(db, user_id, UUID(decision_id)))
        )

    @rx.event
    @policy(Policy.PLAYER)
    async def advance(self) -> AsyncGenerator[None]:
        """Go on after a pause."""
        if self.phase != "paused":
            return
        self.phase, self.error = "rolling", ""
        yield
        await self._advance()

    @rx.event
    @policy(Policy.PLAYER)
    async def try_again(self) -> None:
        """Take the mistake back and offer the decision again, unrated."""
        if self.phase == "paused":
            self.phase = "retry"

    @rx.event
    @policy(Policy.PLAYER)
    async def next_hand(self) -> AsyncGenerator[None]:
        """Deal the next hand of the set."""
        if self.phase != "ended":
            return
        self.phase, self.error = "rolling", ""
        yield
        session_id = UUID(self._session_id)
        await self._ask(
            lambda db, user_id: self._show(db, user_id, get_training().next_hand(db, user_id, session_id)), "ended"
        )

    @rx.event
    @policy(Policy.PLAYER)
    async def choose_unit(self, unit: str) -> None:
        """Show every amount in another unit."""
        if not is_unit(unit) or unit == self.unit:
            return
        self.unit = unit
        if self._shown is not None:
            self.table = table_view(self._shown, unit)
        if self._graded is not None:
            self._say(self._graded, unrated=self._unrated)
        if self._finished is not None:
            self.summary = summary_view(self._finished, unit)

    def _say(self, answer: Answer, *, unrated: bool = False) -> None:
        self._graded, self._unrated = answer, unrated
        self.answer = answer_view(answer, self._seat, self.unit, unrated=unrated)

    def _pauses(self, word: str) -> bool:
        """Whether an answer is looked at before the hand goes on, by the drill's rule."""
        return self._pause == "every" or (self._pause == "mistakes" and word in _MISTAKES)

    async def _ask(
        self, work: Callable[[AsyncSession, UUID], Awaitable[T]], otherwise: Phase | None = None
    ) -> T | None:
        """Run work in a transaction for the caller.

        A failure becomes `error`, the phase falls back to `otherwise` where that is given, and the result is None.
        """
        try:
            principal = await principal_of(self)
            async with transaction() as db:
                await ensure_user(db, principal)
                return await work(db, principal.user_id)
        except Conflict:
            await self._resume(self._mode)
            self.error = "Already answered elsewhere. This is the table as it stands."
        except DomainError as failure:
            self.error = failure.message
            self.phase = otherwise or self.phase
        return None

    async def _resume(self, mode: Mode) -> None:
        """Show the table as it stands now."""
        raise NotImplementedError

    def _pair_up(self, table: Table) -> None:
        """Say whether a second table belongs to this one."""

    async def _advance(self) -> None:
        hand_id = UUID(self._hand_id)
        await self._ask(lambda db, user_id: self._show(db, user_id, self._played_on(db, user_id, hand_id)), "paused")

    async def _played_on(self, db: AsyncSession, user_id: UUID, hand_id: UUID) -> Table:
        """The hand, played on: a single decision has no end to look at, the last hand of a set has one."""
        table = await get_training().advance(db, user_id, hand_id)
        if table.result is None:
            return table
        shows_nothing = table.result.kind == "spot" and table.result.villain_cards is None
        if not shows_nothing:
            return replace(table, status="ended") if table.status == "set_done" else table
        # a ranked decision has a clock: it is dealt when it is asked for
        if table.status == "ended" and table.mode == "hands" and self._pause != "end":
            return await get_training().next_hand(db, user_id, table.session_id)
        return table

    async def _show(self, db: AsyncSession, user_id: UUID, coming: Awaitable[Table | None]) -> bool:
        """Show the table that the service gives; False when there is none."""
        table = await coming
        if table is None:
            return False
        if str(table.session_id) != self._session_id:
            self.answer, self._graded = AnswerView(), None
        self._hand_id, self._session_id, self._seat = str(table.hand_id), str(table.session_id), seat_of(table)
        if table.answers and str(table.answers[-1].decision_id) != self.answer.decision_id:
            self._say(table.answers[-1])
        self._shown, self.table = table, table_view(table, self.unit)
        self._pause = table.plan.pause if table.plan else "mistakes"
        self._pair_up(table)
        match table.status:
            case "set_done":
                summary = await get_training().summary(db, user_id, table.session_id)
                self._worst = tuple(str(spot.decision_id) for spot in summary.worst)
                self._finished, self.summary = summary, summary_view(summary, self.unit)
                self.phase = "summary"
            case "decision":
                self.phase = "decision"
            case "ended":
                self.phase = "ended"
            case _:
                self.phase = "paused"
        return True


class TrainingState(TablePlay, rx.State):
    """What this tab shows of its table, or of the first of two.

    Attributes:
        board_page: Where the board of the ranked set at hand is.
    """

    board_page: str = routes.LEADERBOARD

    @rx.event
    @policy(Policy.PLAYER)
    async def play(self) -> AsyncGenerator[None]:
        """Deal the first decision of a set, or take up the open one."""
        self.phase, self.error = "starting", ""
        yield
        await self._start("hands")

    @rx.event
    @policy(Policy.MEMBER)
    async def start_ranked(self) -> AsyncGenerator[None]:
        """Deal the next decision of the week's ranked set."""
        self.phase, self.error = "starting", ""
        yield
        await self._start("ranked")

    @rx.event
    @policy(Policy.MEMBER)
    async def start_daily(self) -> AsyncGenerator[None]:
        """Deal the next hand of the day's ten."""
        self.phase, self.error = "starting", ""
        yield
        await self._start("daily")

    @rx.event
    @policy(Policy.PLAYER)
    async def drill(self) -> AsyncGenerator[None]:
        """Replay the worst spots of the finished set."""
        if not self._worst:
            return
        self.phase, self.error = "starting", ""
        yield
        await self._start("hands", DrillSpec(items=tuple(UUID(item) for item in self._worst)))

    @rx.event
    @policy(Policy.PLAYER)
    async def resume(self) -> None:
        """Show the open hand, if there is one: after a reload, on another device, the next day."""
        await self._resume("hands")
        if self.pair:
            second = await self.get_state(SecondTableState)
            await second._join(self.pair, self.unit)  # noqa: SLF001 the second table is the first one's

    @rx.event
    @policy(Policy.PLAYER)
    async def resume_ranked(self) -> None:
        """Show the open decision of the week's ranked set, if there is one."""
        await self._resume("ranked")

    @rx.event
    @policy(Policy.PLAYER)
    async def resume_daily(self) -> None:
        """Show where the day's ten hands stand, if they were begun."""
        await self._resume("daily")

    def _pair_up(self, table: Table) -> None:
        two = table.plan is not None and table.plan.tables == 2
        self.pair = str(table.session_id) if two else ""

    async def _start(self, mode: Mode, drill: DrillSpec | None = None) -> None:
        self._take(mode)
        await self._ask(
            lambda db, user_id: self._show(db, user_id, get_training().start(db, user_id, mode, drill)),
            "summary" if drill else "idle",
        )

    def _take(self, mode: Mode) -> None:
        self._mode, self.board_page = mode, routes.LEADERBOARD_DAILY if mode == "daily" else routes.LEADERBOARD

    async def _resume(self, mode: Mode) -> None:
        self._take(mode)
        named = self.router.url.query_parameters.get("set", "") if mode == "hands" else ""
        try:
            principal = await principal_of(self)
            async with transaction() as db:
                coming = get_training().current(db, principal.user_id, mode, named=named)
                if not await self._show(db, principal.user_id, coming):
                    self.phase = "idle"
        except DomainError as failure:
            self.error = failure.message


class SecondTableState(TablePlay, rx.State):
    """The second of two tables: a set of its own, dealt with the first one's."""

    async def _join(self, first: str, unit: Unit) -> None:
        """Show the set that was dealt with the first table's."""
        self.unit, self.pair = unit, first
        await self._resume("hands")

    async def _resume(self, mode: Mode) -> None:  # noqa: ARG002 there is only one kind with two tables
        if not self.pair:
            return
        first = UUID(self.pair)
        try:
            principal = await principal_of(self)
            async with transaction() as db:
                coming = second_table(get_training(), db, principal.user_id, first)
                if not await self._show(db, principal.user_id, coming):
                    self.pair, self.phase = "", "idle"
        except DomainError as failure:
            self.error = failure.message
