"""Solves that players ask for: estimate, submit, watch, cancel.

A request is a row with an owner; requests for the same spot, target and time share one run of the solver and its
result. What a role may use is limited (TRUST.md, "Solver limits"); the estimate is checked before anything is
allocated. ``worker`` runs the queue.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.accounts.sessions import Principal, Role, ensure_user
from services.infra.clock import now
from services.infra.db import after_commit, transaction
from services.infra.errors import Conflict, FieldError, Invalid, NotFound, TooMany
from services.infra.redis import subscribe
from services.infra.settings import get_settings
from services.infra.tasks import end
from services.infra.waiting import Line
from services.solutions import repository
from services.solutions.events import SolveChanged, progress_channel, publish_control, publish_progress
from services.solutions.models import SolveJobRow
from services.solutions.study import admit, pass_kept
from solver.cards import cards_to_text
from solver.solve import Estimate, estimate
from solver.spot import Spot, spot_hash, spot_to_json
from solver.tree import build_tree

MIB = 1 << 20
MACHINE_SHARE = 0.6
"""Of the machine's memory, for all running solves together."""
MOST_NODES = 12_000
"""Of the betting tree: more take over a second to estimate, and no machine's memory holds their rivers."""
MOST_ACTIVE = 500
"""Queued and running requests of everybody; guests find half of the places."""
KEPT_FRUITLESS = 50
"""Cancelled and failed requests of one player: they take no part of what the player may store."""
BEST_TARGET_PCT = 0.01
WORST_TARGET_PCT = 10.0
_REREAD_S = 2.0


class SolveStatus(StrEnum):
    """What became of a request."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Nothing will change any more."""
        return self in (SolveStatus.DONE, SolveStatus.FAILED, SolveStatus.CANCELLED)


@dataclass(frozen=True, slots=True)
class SolveProgress:
    """How far a solve is; ``pct_pot`` is its exploitability, None before the first measurement."""

    iteration: int
    seconds: float
    pct_pot: float | None


@dataclass(frozen=True, slots=True)
class SolveJob:
    """One request as its owner sees it; ``spot`` is the JSON of SOLVER.md."""

    id: UUID
    owner_id: UUID
    status: SolveStatus
    name: str
    spot: dict[str, Any]
    target_pct: float
    max_seconds: float
    memory_bytes: int
    progress: SolveProgress
    solution_id: UUID | None
    error: str | None
    created_at: datetime
    finished_at: datetime | None
    request_key: str


@dataclass(frozen=True, slots=True)
class SolveEstimate:
    """What a solve would take, before anything is allocated."""

    memory_bytes: int
    seconds: float
    abstract_nodes: dict[str, int]
    limit_bytes: int
    allowed: bool


@dataclass(frozen=True, slots=True)
class SolveLimits:
    """What one player may use."""

    memory_bytes: int
    seconds: float
    running: int
    queued: int
    stored_bytes: int


@dataclass(frozen=True, slots=True)
class SolveRequest:
    """What somebody asks for, checked and estimated; ``seconds`` is the longest it may take.

    Attributes:
        written: The spot as JSON.
        spot_hash: Its hash.
    """

    spot: Spot
    written: dict[str, object]
    spot_hash: str
    target_pct: float
    seconds: float
    memory_bytes: int

    @property
    def key(self) -> str:
        """The same for all requests that one run of the solver answers."""
        return hashlib.sha256(f"{self.spot_hash} {self.target_pct:.6g} {self.seconds:.6g}".encode()).hexdigest()


class SolveTooLarge(Invalid):
    """The solve needs more memory than the player may use."""

    default_code = "solve-too-large"

    def __init__(self, needed: SolveEstimate) -> None:
        self.estimate = needed
        message = (
            f"this solve needs about {needed.memory_bytes / MIB:,.0f} MiB, "
            f"{needed.limit_bytes / MIB:,.0f} MiB are allowed: use fewer sizes, narrower ranges or a later street"
        )
        super().__init__(message, errors=[FieldError("spot", message)])


def limits_of(role: Role) -> SolveLimits:
    """The limits of a role, from the settings."""
    own = get_settings()
    if role is Role.ADMIN:
        return _limits(own.admin_solve_memory_mib, own.admin_solve_seconds, 4, 20, own.admin_solve_storage_mib)
    if role is Role.PREMIUM:
        return _limits(own.premium_solve_memory_mib, own.premium_solve_seconds, 2, 5, own.premium_solve_storage_mib)
    return _limits(own.solve_memory_mib, own.solve_seconds, 1, 2, own.solve_storage_mib)


def _limits(memory_mib: int, seconds: float, running: int, queued: int, storage_mib: int) -> SolveLimits:
    return SolveLimits(memory_mib * MIB, seconds, running, queued, storage_mib * MIB)


def machine_limit() -> int:
    """Bytes that all running solves may take together."""
    return int(MACHINE_SHARE * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))


class SolveJobs:
    """See the module. Methods take the caller's transaction and never commit."""

    def __init__(self) -> None:
        # Requests for one solve wait for each other in the database, and all who watch it read it when it ends: not all
        # connections may do that at a time.
        # An estimate holds the interpreter for up to a second and more, and anybody may ask for one.
        self._estimating = Line(1, of_one=4, in_all=200)
        self._estimator = ThreadPoolExecutor(1, thread_name_prefix="estimate")
        self._submitting = asyncio.Semaphore(4)
        self._reading = asyncio.Semaphore(4)

    async def estimate(self, spot: Spot, principal: Principal) -> SolveEstimate:
        """What a solve would take and whether this player may start it.

        Raises:
            SpotError: The betting tree has more than ``MOST_NODES`` nodes.
            TooMany: The player waits for too many estimates already.
            Unavailable: Too many people do.
        """
        limit = min(limits_of(principal.role).memory_bytes, machine_limit())
        async with self._estimating.turn(str(principal.user_id)):
            needed = await asyncio.get_running_loop().run_in_executor(self._estimator, _estimate, spot)
        return SolveEstimate(
            needed.memory_bytes, needed.seconds, needed.abstract_nodes, limit, needed.memory_bytes <= limit
        )

    async def prepare(
        self, principal: Principal, spot: Spot, target_pct: float = 0.5, max_seconds: float | None = None
    ) -> SolveRequest:
        """Look at what somebody asks for, outside of any transaction: an estimate may have to wait for others.

        ``max_seconds`` is cut to what the role may use.

        Raises:
            Invalid: The target is out of bounds.
            BoardKept: A ranked set runs on the board.
            SpotError: The betting tree is far too large.
            SolveTooLarge: It would need more memory than allowed.
            TooMany: The player waits for too many estimates already.
            Unavailable: Too many people do.
        """
        if not BEST_TARGET_PCT <= target_pct <= WORST_TARGET_PCT:
            message = f"{target_pct} is out of bounds; allowed are {BEST_TARGET_PCT} to {WORST_TARGET_PCT} % of the pot"
            raise Invalid(message, errors=[FieldError("target_pct", message)])
        async with transaction() as db:
            await pass_kept(db, principal.user_id, spot.board)
        longest = limits_of(principal.role).seconds
        seconds = min(max_seconds or longest, longest)
        needed = await self.estimate(spot, principal)
        if not needed.allowed:
            raise SolveTooLarge(needed)
        written, digest = await asyncio.to_thread(lambda: (spot_to_json(spot), spot_hash(spot)))
        return SolveRequest(spot, written, digest, target_pct, seconds, needed.memory_bytes)

    async def submit(self, db: AsyncSession, principal: Principal, request: SolveRequest) -> SolveJob:
        """Ask for a solve; the same request again gives the request that is under way.

        A solve that reaches its time keeps what it has. A spot that was solved well enough is not solved again: one's
        own request is the answer, and with another player's the caller gets a request of his own for the one solution,
        which says nothing about the other.

        Raises:
            BoardKept: A ranked set runs on the board.
            TooMany: The player has as many requests under way as the role allows, or the server is full.
            Conflict: The player's solutions take as much as the role may keep.
        """
        async with self._submitting:
            await admit(db, principal.user_id, request.spot.board, "solve")
            return await self._enter(db, principal, request)

    async def _enter(self, db: AsyncSession, principal: Principal, request: SolveRequest) -> SolveJob:
        limits, spot, key = limits_of(principal.role), request.spot, request.key
        await ensure_user(db, principal)
        await repository.lock(db, f"solves of {principal.user_id}")
        await repository.lock(db, f"solve {key}")
        active = await repository.active_jobs_of(db, principal.user_id)
        for row in active:
            if row.request_key == key:
                return view(row)
        solved = await repository.solved(db, request.spot_hash, key, request.target_pct, principal.user_id)
        if solved is not None and solved.owner_id == principal.user_id:
            return view(solved)
        shared = solved or next(iter(await repository.active_requests(db, key)), None)
        if solved is None:
            await self._refuse_when_full(db, principal, limits, len(active))
        row = SolveJobRow(
            owner_id=principal.user_id,
            role=principal.role,
            request_key=key,
            name=f"Solve {cards_to_text(spot.board)}",
            spot=request.written,
            spot_hash=request.spot_hash,
            target_pct=request.target_pct,
            max_seconds=request.seconds,
            memory_bytes=request.memory_bytes,
        )
        if shared is not None:
            row.status, row.worker, row.heartbeat_at = shared.status, shared.worker, shared.heartbeat_at
            row.iteration, row.seconds, row.pct_pot = shared.iteration, shared.seconds, shared.pct_pot
            row.solution_id, row.finished_at, row.attempts = shared.solution_id, shared.finished_at, shared.attempts
        await repository.drop_fruitless_jobs_of(db, principal.user_id, but=KEPT_FRUITLESS)
        await repository.add_job(db, row)
        if row.status == SolveStatus.QUEUED:
            after_commit(db, lambda: publish_control(key, "queued"))
        return view(row)

    async def _refuse_when_full(self, db: AsyncSession, principal: Principal, limits: SolveLimits, active: int) -> None:
        if active >= limits.running + limits.queued:
            raise TooMany(
                f"{active} of your solves are under way; wait for one or cancel it",
                code="too-many-solves",
                retry_after_s=5,
            )
        if await repository.stored_bytes(db, principal.user_id) >= limits.stored_bytes:
            raise Conflict(
                f"your solutions take the {limits.stored_bytes // MIB:,} MiB that an account like yours may keep; "
                "delete some of them first",
                code="solutions-full",
            )
        if await repository.count_active(db) >= (MOST_ACTIVE if principal.signed_in else MOST_ACTIVE // 2):
            raise TooMany("the server's queue of solves is full", code="solve-queue-full", retry_after_s=30)

    async def get(self, db: AsyncSession, principal: Principal, job_id: UUID) -> SolveJob:
        """A request of the caller's own.

        Raises:
            NotFound: There is none, or it is somebody else's.
        """
        return view(await self._own(db, principal, job_id))

    async def list(
        self,
        db: AsyncSession,
        principal: Principal,
        limit: int = 20,
        before: UUID | None = None,
        *,
        status: SolveStatus | None = None,
    ) -> list[SolveJob]:
        """The caller's requests of one status or all, newest first; ``before`` is where the list before ended."""
        found = await repository.jobs(db, status, limit, before, owner_id=principal.user_id)
        return [view(row) for row in found]

    async def cancel(self, db: AsyncSession, principal: Principal, job_id: UUID) -> SolveJob:
        """Stop wanting a solve; it stops when nobody else wants it. A finished request stays as it is.

        Raises:
            NotFound: There is none, or it is somebody else's.
        """
        return await self._cancel(db, await self._own(db, principal, job_id))

    async def cancel_for(self, db: AsyncSession, job_id: UUID) -> SolveJob:
        """`cancel` of anybody's request, by an administrator.

        Raises:
            NotFound: There is none.
        """
        row = await repository.job(db, job_id)
        if row is None:
            raise NotFound("there is no such solve")
        return await self._cancel(db, row)

    async def everybodys(
        self, db: AsyncSession, *, status: SolveStatus | None = None, limit: int = 50, before: UUID | None = None
    ) -> list[SolveJob]:
        """Requests of all players, newest first, for an administrator."""
        return [view(row) for row in await repository.jobs(db, status, limit, before)]

    async def _cancel(self, db: AsyncSession, found: SolveJobRow) -> SolveJob:
        key = found.request_key
        await repository.lock(db, f"solve {key}")
        row = await repository.job(db, found.id, for_update=True) or found
        if not SolveStatus(row.status).final:
            row.status, row.finished_at = SolveStatus.CANCELLED, now()
            await db.flush()
            wanted = await repository.count_active_for(db, key)

            async def tell() -> None:
                if not wanted:
                    await publish_control(key, "cancelled")
                await publish_progress(key, SolveChanged(status="changed"))

            after_commit(db, tell)
        return view(row)

    async def watch(self, principal: Principal, job_id: UUID) -> AsyncGenerator[SolveJob]:
        """The request now and after every change, until it is final. Opens short transactions of its own.

        Raises:
            NotFound: There is none, or it is somebody else's.
        """
        job = await self._read(principal, job_id)
        async with subscribe(progress_channel(job.request_key)) as messages:
            job = await self._read(principal, job_id)
            yield job
            pending = asyncio.ensure_future(anext(messages))
            try:
                while not job.status.final:
                    done, _ = await asyncio.wait({pending}, timeout=_REREAD_S)
                    message = pending.result() if done else {}
                    if done:
                        pending = asyncio.ensure_future(anext(messages))
                    before = job
                    if message.get("status") == "running" and job.status is SolveStatus.RUNNING:
                        progress = SolveChanged.model_validate(message)
                        job = replace(
                            job, progress=SolveProgress(progress.iteration, progress.seconds, progress.pct_pot)
                        )
                    else:
                        job = await self._read(principal, job_id)
                    if job != before:
                        yield job
            finally:
                await end(pending)

    async def _read(self, principal: Principal, job_id: UUID) -> SolveJob:
        async with self._reading, transaction() as db:
            return await self.get(db, principal, job_id)

    async def _own(self, db: AsyncSession, principal: Principal, job_id: UUID) -> SolveJobRow:
        row = await repository.job(db, job_id)
        if row is None or row.owner_id != principal.user_id:
            raise NotFound("there is no such solve")
        return row


def _estimate(spot: Spot) -> Estimate:
    build_tree(spot, MOST_NODES)
    return estimate(spot)


def view(row: SolveJobRow) -> SolveJob:
    """A row as its owner sees it."""
    return SolveJob(
        id=row.id,
        owner_id=row.owner_id,
        status=SolveStatus(row.status),
        name=row.name,
        spot=row.spot,
        target_pct=row.target_pct,
        max_seconds=row.max_seconds,
        memory_bytes=row.memory_bytes,
        progress=SolveProgress(row.iteration, row.seconds, row.pct_pot),
        solution_id=row.solution_id,
        error=row.error,
        created_at=row.created_at,
        finished_at=row.finished_at,
        request_key=row.request_key,
    )


@lru_cache(maxsize=1)
def get_solve_jobs() -> SolveJobs:
    """The service of this process."""
    return SolveJobs()
