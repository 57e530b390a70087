"""The page "New solve" in one browser tab: the form, the solve under way, the strategy it found.

Thin handlers over the services: the form is read by ``spot_form``, solves are submitted, watched and cancelled through
the jobs of services.solutions, and nothing about them lives only here: a reload finds the solve that is under way.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any, Literal
from uuid import UUID

import reflex as rx

from services.accounts.sessions import Principal, ensure_user
from services.infra.db import transaction
from services.infra.errors import DomainError
from services.solutions.catalog import parse_line
from services.solutions.jobs import MIB, SolveJob, SolveStatus, get_solve_jobs, limits_of
from services.solutions.rivers import patient
from services.solutions.service import get_strategies
from services.solutions.summary import summarise
from services.training.service import get_training
from services.training.views import DrillSpec
from solver.errors import SpotError
from solver.spot import Spot
from state import routes
from state.amounts import number
from state.guard import Policy, policy
from state.own_solves import OwnSolvesState
from state.session import principal_of
from state.solution_views import (
    SUBGAME_TARGET_PCT,
    NodeView,
    SolvingView,
    estimate_text,
    node_view,
    outcome_text,
    solving_view,
    thinned,
)
from state.spot_form import (
    EXAMPLE,
    EXAMPLE_SIZES,
    FIELDS,
    OWN_SIZES,
    SIZE_FIELDS,
    SIZES,
    cut,
    field_texts,
    read_form,
    street_of,
    with_sizes,
)

Phase = Literal["form", "waiting", "solving", "opening", "done"]
"""``opening``: a solution of the library is read."""


class SolveState(rx.State):
    """What this tab shows of "New solve".

    Attributes:
        version: Changes when the page, not the player, changes the texts; the inputs then start from them again.
        street: Where the typed spot begins: sizes of earlier streets are not asked for.
        allowed: The estimate is within the player's limits.
        notice: How the last solve ended, when not with a strategy.
        library_name: The solution that is looked at on its own page; empty on "New solve".
    """

    values: dict[str, str] = EXAMPLE
    errors: dict[str, str] = field_texts([])
    version: int = 0
    preset: str = EXAMPLE_SIZES
    street: int = street_of(EXAMPLE["board"])
    estimate: str = ""
    allowed: bool = True
    limits: str = ""
    phase: Phase = "form"
    solving: SolvingView = SolvingView()
    notice: str = ""
    outcome: str = ""
    node: NodeView = NodeView()
    opening: bool = False
    library_name: str = ""
    _job_id: str = ""
    _solution_id: str = ""
    _line: tuple[str, ...] = ()
    _actions: tuple[str, ...] = ()
    _trace: tuple[tuple[float, float], ...] = ()

    @rx.event
    @policy(Policy.PLAYER)
    async def load(self) -> Any:
        """Check the form and take up the solve that is under way, if there is one."""
        if self.library_name:
            self.library_name, self.phase, self.notice = "", "form", ""
        try:
            principal = await principal_of(self)
            limits = limits_of(principal.role)
            self.limits = f"Your account may use {limits.memory_bytes // MIB:,} MiB and {limits.seconds:g} s a solve."
            await self._check(principal)
            async with transaction() as db:
                jobs = await get_solve_jobs().list(db, principal, 1)
        except DomainError as failure:
            self.errors = self.errors | {"form": failure.message}
            return None
        if jobs and not jobs[0].status.final:
            self._begin(jobs[0])
            return SolveState.follow
        if self.phase in {"waiting", "solving"}:
            self.phase = "form"
        return None

    @rx.event
    @policy(Policy.PLAYER)
    async def look(self) -> AsyncGenerator[None]:
        """Show the solution that the address names, at its line."""
        self.phase, self.notice, self._job_id = "opening", "", ""
        self.library_name, self.node = "Solution", NodeView()
        yield
        line = parse_line(self.router.url.query_parameters.get("line", ""))
        try:
            solution_id = UUID(self.router.url.path.rstrip("/").rpartition("/")[2])
            principal = await principal_of(self)
            async with transaction() as db:
                info = await get_strategies().visible(db, solution_id, principal.user_id)
        except ValueError:
            self.phase, self.notice = "form", "There is no such solution."
            return
        except DomainError as failure:
            self.phase, self.notice = "form", f"{failure.message[:1].upper()}{failure.message[1:]}."
            return
        self._solution_id, self.library_name = str(solution_id), info.name
        self.outcome = f"Solved to {number(info.exploitability_pct, 2)}% of pot."
        await self._open(line)
        self.phase = "form" if self.notice else "done"

    @rx.event
    @policy(Policy.PLAYER)
    async def edit(self, field: str, value: str) -> None:
        """Take a field's new text and say at once what is wrong with it."""
        if field not in FIELDS:
            return
        self.values = self.values | {field: cut(field, value)}
        if field in SIZE_FIELDS:
            self.preset = OWN_SIZES
        await self._check(await principal_of(self))

    @rx.event
    @policy(Policy.PLAYER)
    async def choose_sizes(self, preset: str) -> None:
        """Fill in the sizes of every street."""
        if preset not in SIZES:
            return
        self.values, self.preset = with_sizes(self.values, preset), preset
        self.version += 1
        await self._check(await principal_of(self))

    @rx.event
    @policy(Policy.PLAYER)
    async def show_example(self) -> None:
        """Fill in the example."""
        self.values, self.preset = dict(EXAMPLE), EXAMPLE_SIZES
        self.version += 1
        await self._check(await principal_of(self))

    @rx.event
    @policy(Policy.PLAYER)
    async def solve(self, form: dict[str, str | None]) -> AsyncGenerator[Any]:
        """Start the solve; the form's own texts count, edits that were still on their way included.

        Fields of streets that are not asked for arrive as None.
        """
        if self.phase in {"waiting", "solving"}:
            return
        self.values = self.values | {name: cut(name, form[name] or "") for name in FIELDS if form.get(name) is not None}
        self.notice = ""
        try:
            principal = await principal_of(self)
            job = await _ask_for(principal, *await asyncio.to_thread(read_form, dict(self.values)))
        except SpotError as refused:
            self.errors = field_texts(refused.problems)
            return
        except DomainError as failure:
            self.errors = field_texts([]) | {"form": failure.message[:1].upper() + failure.message[1:] + "."}
            return
        self.errors = field_texts([])
        self._begin(job)
        yield SolveState.follow

    @rx.event(background=True)
    @policy(Policy.PLAYER)
    async def follow(self) -> AsyncGenerator[Any]:
        """Show how far the solve is until it ends, then what it found."""
        async with self:
            principal = await principal_of(self)
            job_id, tab = self._job_id, self.router.session.client_token
        if not job_id or (tab, job_id) in _followed:
            return
        _followed.add((tab, job_id))
        try:
            async for job in get_solve_jobs().watch(principal, UUID(job_id)):
                async with self:
                    if self._job_id != job_id or (await principal_of(self)).user_id != principal.user_id:
                        return
                    await self._show(job)
                if job.status is SolveStatus.DONE:
                    yield OwnSolvesState.load
        except DomainError as failure:
            async with self:
                self.phase, self.notice = "form", failure.message
        finally:
            _followed.discard((tab, job_id))

    @rx.event
    @policy(Policy.PLAYER)
    async def cancel(self) -> None:
        """Stop the solve."""
        if not self._job_id:
            return
        try:
            principal = await principal_of(self)
            async with transaction() as db:
                job = await get_solve_jobs().cancel(db, principal, UUID(self._job_id))
            await self._show(job)
        except DomainError as failure:
            self.notice = failure.message

    @rx.event
    @policy(Policy.PLAYER)
    async def take(self, index: int) -> AsyncGenerator[None]:
        """Follow an action of the node."""
        if 0 <= index < len(self._actions):
            self.opening = True
            yield
            await self._open((*self._line, self._actions[index]))

    @rx.event
    @policy(Policy.PLAYER)
    async def deal(self, card: str) -> AsyncGenerator[None]:
        """Deal a card."""
        if card in self.node.deal:
            self.opening = True
            yield
            await self._open((*self._line, f"deal {card}"))

    @rx.event
    @policy(Policy.PLAYER)
    async def back_to(self, steps: int) -> AsyncGenerator[None]:
        """Go back to the node after the first ``steps`` steps of the line."""
        if 0 <= steps < len(self._line):
            self.opening = True
            yield
            await self._open(self._line[:steps])

    @rx.event
    @policy(Policy.PLAYER)
    async def solve_turn(self) -> AsyncGenerator[Any]:
        """Solve the turn that was just dealt again, alone and finer, from the ranges with which both get there."""
        if not self.node.subgame or self.phase != "done":
            return
        try:
            principal = await principal_of(self)
            solution_id = UUID(self._solution_id)
            async with transaction() as db:
                await get_strategies().visible(db, solution_id, principal.user_id, self._line)
            spot = await get_strategies().subgame(solution_id, self._line)
            job = await _ask_for(principal, spot, SUBGAME_TARGET_PCT)
        except DomainError as failure:
            self.notice = failure.message
            return
        self._begin(job)
        yield SolveState.follow

    @rx.event
    @policy(Policy.PLAYER)
    async def play(self) -> Any:
        """Deal a set of hands from this solution and go to the table."""
        if not self._solution_id:
            return None
        try:
            principal = await principal_of(self)
            async with transaction() as db:
                await ensure_user(db, principal)
                drill = DrillSpec(solution_id=UUID(self._solution_id))
                await get_training().start(db, principal.user_id, drill=drill)
        except DomainError as failure:
            self.notice = failure.message
            return None
        return rx.redirect(routes.HOME)

    async def _check(self, principal: Principal) -> None:
        """Errors and estimate of the form as it stands."""
        self.street = street_of(self.values["board"])
        try:
            spot, _ = await asyncio.to_thread(read_form, dict(self.values))
            needed = await get_solve_jobs().estimate(spot, principal)
        except SpotError as refused:
            self.errors, self.estimate, self.allowed = field_texts(refused.problems), "", False
            return
        self.errors, self.allowed, self.estimate = field_texts([]), needed.allowed, estimate_text(needed)

    def _begin(self, job: SolveJob) -> None:
        self._job_id, self._trace = str(job.id), ()
        self.phase, self.solving, self.notice = "waiting", SolvingView(text="Waiting for a free place"), ""

    async def _show(self, job: SolveJob) -> None:
        pct = job.progress.pct_pot
        if pct is not None and (not self._trace or job.progress.seconds > self._trace[-1][0]):
            self._trace = thinned((*self._trace, (job.progress.seconds, pct)))
        match job.status:
            case SolveStatus.QUEUED:
                self.phase = "waiting"
            case SolveStatus.RUNNING:
                self.phase, self.solving = "solving", solving_view(job, self._trace)
            case SolveStatus.DONE if job.solution_id is not None:
                self._solution_id, self.outcome = str(job.solution_id), outcome_text(job)
                self.solving = replace(solving_view(job, self._trace), percent=100)
                await self._open(())
                self.phase = "done"
            case SolveStatus.CANCELLED:
                self.phase, self.notice = "form", "Cancelled."
            case _:
                self.phase, self.notice = "form", job.error or "The solve failed; it was logged."

    async def _open(self, line: tuple[str, ...]) -> None:
        """Show a place in the tree; where that fails the page stays where it is and says why."""
        solution_id = UUID(self._solution_id)
        try:
            principal = await principal_of(self)
            async with transaction() as db:
                info = await get_strategies().visible(db, solution_id, principal.user_id, line)
            position = await get_strategies().position(solution_id, line)
            node, found = None, None
            if position.kind == "decision":
                with patient("look", str(principal.user_id)):
                    node = await get_strategies().node(solution_id, line)
                found = await asyncio.to_thread(summarise, node)
        except DomainError as failure:
            self.notice = failure.message
        else:
            self._line, self._actions, self.notice = line, position.actions, ""
            self.node = await asyncio.to_thread(node_view, position, node, found, info.big_blind, info.positions)
        finally:
            self.opening = False


async def _ask_for(principal: Principal, spot: Spot, target_pct: float) -> SolveJob:
    jobs = get_solve_jobs()
    request = await jobs.prepare(principal, spot, target_pct)
    async with transaction() as db:
        return await jobs.submit(db, principal, request)


_followed: set[tuple[str, str]] = set()
"""(tab, solve) pairs that a handler of this process follows: a page that is loaded twice is told once."""
