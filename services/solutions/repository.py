"""All SQL of the solutions: solves that players asked for and what became of them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.accounts.models import User
from services.solutions.models import SolutionRow, SolveJobRow

ACTIVE = ("queued", "running")
_CLAIM_LOCK = "solutions.claim"


async def lock(db: AsyncSession, name: str) -> None:
    """Wait for the named lock; it is held until the transaction ends."""
    key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
    await db.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))


async def solution(db: AsyncSession, solution_id: UUID) -> SolutionRow | None:
    """A stored solution with its artefact."""
    return await db.get(SolutionRow, solution_id)


async def add_solution(db: AsyncSession, row: SolutionRow) -> None:
    """Store a finished solve."""
    db.add(row)
    await db.flush()


async def delete_unused_solution(db: AsyncSession, solution_id: UUID) -> None:
    """Forget a solution unless some request still names it."""
    used = sa.exists().where(col(SolveJobRow.solution_id) == solution_id)
    await db.execute(sa.delete(SolutionRow).where(col(SolutionRow.id) == solution_id, ~used))


async def owned_solutions(db: AsyncSession, owner_id: UUID, limit: int, before: UUID | None) -> Sequence[UUID]:
    """Solutions a player asked for, newest first (ids grow with time); ``before`` continues a list."""
    solution_id = col(SolveJobRow.solution_id)
    query = sa.select(solution_id).where(col(SolveJobRow.owner_id) == owner_id, solution_id.is_not(None))
    if before is not None:
        query = query.where(solution_id < before)
    query = query.distinct().order_by(solution_id.desc()).limit(limit)
    return cast("Sequence[UUID]", (await db.scalars(query)).all())


async def owns_solution(db: AsyncSession, owner_id: UUID, solution_id: UUID) -> bool:
    """Whether a player asked for this solution."""
    query = sa.exists().where(col(SolveJobRow.owner_id) == owner_id, col(SolveJobRow.solution_id) == solution_id)
    return bool(await db.scalar(sa.select(query)))


async def stored_bytes(db: AsyncSession, owner_id: UUID) -> int:
    """What the solutions that a player asked for take, those shared with others included."""
    mine = sa.select(col(SolveJobRow.solution_id)).where(col(SolveJobRow.owner_id) == owner_id)
    query = sa.select(sa.func.sum(sa.func.octet_length(col(SolutionRow.artefact))))
    return int(await db.scalar(query.where(col(SolutionRow.id).in_(mine))) or 0)


async def disown_solution(db: AsyncSession, owner_id: UUID, solution_id: UUID) -> bool:
    """Delete a player's requests for a solution; whether there was one."""
    result = await db.execute(
        sa.delete(SolveJobRow).where(col(SolveJobRow.owner_id) == owner_id, col(SolveJobRow.solution_id) == solution_id)
    )
    return cast("CursorResult[Any]", result).rowcount > 0


async def add_job(db: AsyncSession, row: SolveJobRow) -> None:
    """Store a request."""
    db.add(row)
    await db.flush()


async def job(db: AsyncSession, job_id: UUID, *, for_update: bool = False) -> SolveJobRow | None:
    """A request; fresh from the database."""
    query = sa.select(SolveJobRow).where(col(SolveJobRow.id) == job_id).execution_options(populate_existing=True)
    return await db.scalar(query.with_for_update() if for_update else query)


async def jobs(
    db: AsyncSession, status: str | None, limit: int, before: UUID | None, *, owner_id: UUID | None = None
) -> Sequence[SolveJobRow]:
    """Requests of one status or all, of one player or everybody, newest first (ids grow with time).

    ``before`` continues a list.
    """
    query = sa.select(SolveJobRow)
    if owner_id is not None:
        query = query.where(col(SolveJobRow.owner_id) == owner_id)
    if status is not None:
        query = query.where(col(SolveJobRow.status) == status)
    if before is not None:
        query = query.where(col(SolveJobRow.id) < before)
    return (await db.scalars(query.order_by(col(SolveJobRow.id).desc()).limit(limit))).all()


async def active_jobs_of(db: AsyncSession, owner_id: UUID) -> Sequence[SolveJobRow]:
    """A player's queued and running requests, oldest first."""
    query = (
        sa.select(SolveJobRow)
        .where(col(SolveJobRow.owner_id) == owner_id, col(SolveJobRow.status).in_(ACTIVE))
        .order_by(col(SolveJobRow.id))
    )
    return (await db.scalars(query)).all()


async def count_active(db: AsyncSession) -> int:
    """Queued and running requests of everybody."""
    query = sa.select(sa.func.count()).select_from(SolveJobRow).where(col(SolveJobRow.status).in_(ACTIVE))
    return await db.scalar(query) or 0


async def active_requests(db: AsyncSession, request_key: str) -> Sequence[SolveJobRow]:
    """Requests for the same solve that are under way, a running one first."""
    query = sa.select(SolveJobRow).where(
        col(SolveJobRow.request_key) == request_key, col(SolveJobRow.status).in_(ACTIVE)
    )
    return (await db.scalars(query.order_by(col(SolveJobRow.status).desc(), col(SolveJobRow.id)))).all()


async def solved(
    db: AsyncSession, spot_hash: str, request_key: str, target_pct: float, owner_id: UUID
) -> SolveJobRow | None:
    """A done request whose solution is good enough: of the very same request, or of the spot solved as well as asked.

    The owner's own comes before others', the best one first.
    """
    job, found = SolveJobRow, SolutionRow
    query = (
        sa.select(job)
        .join(found, col(job.solution_id) == col(found.id))
        .where(
            col(found.spot_hash) == spot_hash,
            col(job.status) == "done",
            sa.or_(col(job.request_key) == request_key, col(job.pct_pot) <= target_pct),
        )
        .order_by((col(job.owner_id) == owner_id).desc(), col(job.pct_pot), col(job.id))
        .limit(1)
    )
    return await db.scalar(query)


async def queued(db: AsyncSession, limit: int = 100) -> Sequence[SolveJobRow]:
    """The queue, accounts before guests, oldest first; the caller holds the claim lock until its transaction ends."""
    await lock(db, _CLAIM_LOCK)
    query = (
        sa.select(SolveJobRow)
        .where(col(SolveJobRow.status) == "queued")
        .order_by(col(SolveJobRow.role) == "guest", col(SolveJobRow.id))
        .limit(limit)
        .execution_options(populate_existing=True)
    )
    return (await db.scalars(query)).all()


async def running(db: AsyncSession) -> Sequence[SolveJobRow]:
    """All running requests."""
    query = sa.select(SolveJobRow).where(col(SolveJobRow.status) == "running")
    return (await db.scalars(query.execution_options(populate_existing=True))).all()


async def claim(db: AsyncSession, request_key: str, worker: UUID, now: datetime) -> None:
    """All queued requests for one solve become running in ``worker``."""
    await db.execute(
        sa.update(SolveJobRow)
        .where(col(SolveJobRow.request_key) == request_key, col(SolveJobRow.status) == "queued")
        .values(status="running", worker=worker, heartbeat_at=now, attempts=col(SolveJobRow.attempts) + 1)
    )


async def heartbeat(db: AsyncSession, request_key: str, now: datetime, progress: dict[str, Any]) -> int:
    """Say that a solve still runs and how far it is; how many requests still wait for it."""
    result = await db.execute(
        sa.update(SolveJobRow)
        .where(col(SolveJobRow.request_key) == request_key, col(SolveJobRow.status) == "running")
        .values(heartbeat_at=now, **progress)
    )
    return cast("CursorResult[Any]", result).rowcount


async def finish(db: AsyncSession, request_key: str, now: datetime, **values: Any) -> int:
    """Every running request for a solve ends the same way; how many there were."""
    result = await db.execute(
        sa.update(SolveJobRow)
        .where(col(SolveJobRow.request_key) == request_key, col(SolveJobRow.status) == "running")
        .values(finished_at=now, **values)
    )
    return cast("CursorResult[Any]", result).rowcount


async def count_active_for(db: AsyncSession, request_key: str) -> int:
    """Requests that still want a solve."""
    query = (
        sa.select(sa.func.count())
        .select_from(SolveJobRow)
        .where(col(SolveJobRow.request_key) == request_key, col(SolveJobRow.status).in_(ACTIVE))
    )
    return await db.scalar(query) or 0


async def requeue_lost(db: AsyncSession, older_than: datetime, now: datetime, most_attempts: int) -> int:
    """Running requests without a fresh heartbeat lost their process: queued again, or failed after too many tries."""
    lost = sa.and_(col(SolveJobRow.status) == "running", col(SolveJobRow.heartbeat_at) < older_than)
    failed = await db.execute(
        sa.update(SolveJobRow)
        .where(lost, col(SolveJobRow.attempts) >= most_attempts)
        .values(status="failed", error="The solver stopped unexpectedly each time it was tried.", finished_at=now)
    )
    requeued = await db.execute(sa.update(SolveJobRow).where(lost).values(status="queued", worker=None))
    return cast("CursorResult[Any]", failed).rowcount + cast("CursorResult[Any]", requeued).rowcount


async def release(db: AsyncSession, worker: UUID) -> None:
    """A worker goes: what it ran is queued again, without counting the try."""
    await db.execute(
        sa.update(SolveJobRow)
        .where(col(SolveJobRow.status) == "running", col(SolveJobRow.worker) == worker)
        .values(status="queued", worker=None, attempts=col(SolveJobRow.attempts) - 1)
    )


async def drop_jobs_of(db: AsyncSession, owner_ids: Sequence[UUID]) -> None:
    """Forget what these players asked for, and the solutions that nobody else asked for."""
    await _drop(db, col(SolveJobRow.owner_id).in_(owner_ids))


async def drop_jobs_of_guests(db: AsyncSession, finished_before: datetime, most_bytes: int) -> int:
    """`drop_jobs_of` guests who never opened an account: what is old, and the oldest of what is too much.

    Returns how many requests there were.
    """
    size = sa.func.coalesce(sa.func.octet_length(col(SolutionRow.artefact)), 0)
    ended, guests = col(SolveJobRow.finished_at), sa.select(col(User.id)).where(col(User.role) == "guest")
    held = (
        sa.select(col(SolveJobRow.id), ended, sa.func.sum(size).over(order_by=ended.desc()).label("so_far"))
        .join(SolutionRow, col(SolveJobRow.solution_id) == col(SolutionRow.id), isouter=True)
        .where(ended.is_not(None), col(SolveJobRow.owner_id).in_(guests))
        .subquery()
    )
    over = sa.select(held.c.id).where(sa.or_(held.c.finished_at < finished_before, held.c.so_far > most_bytes))
    return await _drop(db, col(SolveJobRow.id).in_(over))


async def drop_fruitless_jobs(db: AsyncSession, finished_before: datetime) -> int:
    """Forget requests that were cancelled or failed; how many there were."""
    fruitless = col(SolveJobRow.status).in_(("cancelled", "failed"))
    return await _drop(db, sa.and_(fruitless, col(SolveJobRow.finished_at) < finished_before))


async def drop_fruitless_jobs_of(db: AsyncSession, owner_id: UUID, but: int) -> None:
    """Forget a player's requests that were cancelled or failed, but for the newest."""
    fruitless = col(SolveJobRow.status).in_(("cancelled", "failed"))
    theirs = sa.select(col(SolveJobRow.id)).where(col(SolveJobRow.owner_id) == owner_id, fruitless)
    await _drop(db, col(SolveJobRow.id).in_(theirs.order_by(col(SolveJobRow.id).desc()).offset(but)))


async def _drop(db: AsyncSession, which: sa.ColumnElement[bool]) -> int:
    gone = (await db.scalars(sa.delete(SolveJobRow).where(which).returning(col(SolveJobRow.solution_id)))).all()
    for solution_id in {one for one in gone if one is not None}:
        await delete_unused_solution(db, solution_id)
    return len(gone)


async def hand_over(db: AsyncSession, guest_id: UUID, user_id: UUID) -> None:
    """What a guest asked for was asked for by the account that the guest turned out to be."""
    theirs = sa.update(SolveJobRow).where(col(SolveJobRow.owner_id) == guest_id)
    await db.execute(theirs.values(owner_id=user_id))


async def every_job_of(db: AsyncSession, owner_id: UUID) -> Sequence[SolveJobRow]:
    """Everything a player asked for, oldest first."""
    query = sa.select(SolveJobRow).where(col(SolveJobRow.owner_id) == owner_id).order_by(col(SolveJobRow.id))
    return (await db.scalars(query)).all()
