"""All SQL of training. Rows come back as detached objects; read models are written by ``projections`` alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.training.models import (
    DECISION,
    HAND,
    SEED,
    SESSION,
    DecisionRow,
    HandRow,
    SeedRow,
    SessionRow,
)
from services.training.statistics import HandLoss


async def lock_player(db: AsyncSession, user_id: UUID, purpose: str) -> None:
    """Let one transaction at a time do this for this player."""
    key = func.hashtextextended(f"training {purpose} {user_id}", 0)
    await db.execute(select(func.pg_advisory_xact_lock(key)))


async def _session(db: AsyncSession, query: Select[*tuple[object, ...]]) -> SessionRow | None:
    row = (await db.execute(query)).mappings().first()
    return None if row is None else SessionRow(**row)


async def session(db: AsyncSession, user_id: UUID, session_id: UUID, *, lock: bool = False) -> SessionRow | None:
    """A player's session; locked, no other transaction can play in it."""
    query = select(SESSION).where(SESSION.c.id == session_id, SESSION.c.user_id == user_id)
    return await _session(db, query.with_for_update() if lock else query)


async def named_session(db: AsyncSession, user_id: UUID, name: str) -> SessionRow | None:
    """A player's open session by the text of its id; None for text that names none."""
    try:
        session_id = UUID(name)
    except ValueError:
        return None
    found = await session(db, user_id, session_id)
    # ranges are painted: services.training.ranges
    return found if found is not None and found.finished_at is None and found.mode not in ("ranked", "range") else None


async def newest_session(
    db: AsyncSession, user_id: UUID, modes: Sequence[str], finished_since: datetime | None = None, place: int = 1
) -> SessionRow | None:
    """The player's newest session at a table that is open, or finished after a moment if one is given."""
    alive = SESSION.c.finished_at.is_(None)
    if finished_since is not None:
        alive |= SESSION.c.finished_at > finished_since
    mine = (SESSION.c.user_id == user_id, SESSION.c.place == place, SESSION.c.mode.in_(modes))
    query = select(SESSION).where(*mine, alive)
    return await _session(db, query.order_by(SESSION.c.started_at.desc(), SESSION.c.id.desc()).limit(1))


async def opened_before(db: AsyncSession, user_id: UUID, session_id: UUID, place: int) -> SessionRow | None:
    """The newest set at a table that was opened before another one; ids grow with time."""
    mine = (SESSION.c.user_id == user_id, SESSION.c.place == place, SESSION.c.id < session_id)
    return await _session(db, select(SESSION).where(*mine).order_by(SESSION.c.id.desc()).limit(1))


async def open_drills(db: AsyncSession, user_id: UUID, but_newest: int) -> list[UUID]:
    """The player's open drills except the newest ones, oldest first."""
    query = select(SESSION.c.id).where(
        SESSION.c.user_id == user_id, SESSION.c.mode.in_(("drill", "range")), SESSION.c.finished_at.is_(None)
    )
    found = list(await db.scalars(query.order_by(SESSION.c.id)))
    return found[: max(0, len(found) - but_newest)]


async def ranked_session(db: AsyncSession, user_id: UUID, set_id: str) -> SessionRow | None:
    """The player's one pass through a ranked set."""
    return await _session(db, select(SESSION).where(SESSION.c.user_id == user_id, SESSION.c.set_id == set_id))


async def hand(db: AsyncSession, user_id: UUID, hand_id: UUID) -> HandRow | None:
    """A player's hand."""
    query = select(HAND).where(HAND.c.id == hand_id, HAND.c.user_id == user_id)
    row = (await db.execute(query)).mappings().first()
    return None if row is None else HandRow(**row)


async def newest_hand_id(db: AsyncSession, session_id: UUID) -> UUID | None:
    """The last hand dealt in a session."""
    query = select(HAND.c.id).where(HAND.c.session_id == session_id).order_by(HAND.c.number.desc()).limit(1)
    return await db.scalar(query)


async def hand_ids(db: AsyncSession, session_id: UUID) -> list[UUID]:
    """The hands of a session in order."""
    query = select(HAND.c.id).where(HAND.c.session_id == session_id).order_by(HAND.c.number)
    return list(await db.scalars(query))


async def decision(db: AsyncSession, user_id: UUID, decision_id: UUID) -> DecisionRow | None:
    """A player's decision."""
    query = select(DECISION).where(DECISION.c.id == decision_id, DECISION.c.user_id == user_id)
    row = (await db.execute(query)).mappings().first()
    return None if row is None else DecisionRow(**row)


async def answered(db: AsyncSession, session_id: UUID) -> list[tuple[DecisionRow, HandRow]]:
    """The answered decisions of a session with their hands, in the order they were answered."""
    decisions = select(DECISION).where(DECISION.c.session_id == session_id, DECISION.c.answered_at.is_not(None))
    rows = [DecisionRow(**row) for row in (await db.execute(decisions)).mappings()]
    hands = {
        row["id"]: HandRow(**row)
        for row in (await db.execute(select(HAND).where(HAND.c.session_id == session_id))).mappings()
    }
    pairs = [(row, hands[row.hand_id]) for row in rows]
    return sorted(pairs, key=lambda pair: (pair[1].number, pair[0].number))


async def answered_decisions(db: AsyncSession, session_id: UUID, limit: int, after: UUID | None) -> list[DecisionRow]:
    """A page of a session's answered decisions in the order they were offered."""
    query = select(DECISION).where(DECISION.c.session_id == session_id, DECISION.c.answered_at.is_not(None))
    if after is not None:
        query = query.where(DECISION.c.id > after)
    rows = await db.execute(query.order_by(DECISION.c.id).limit(limit))
    return [DecisionRow(**row) for row in rows.mappings()]


async def population(db: AsyncSession, mode: str, limit: int) -> list[HandLoss]:
    """Losses of the latest finished hands of everybody."""
    query = (
        select(HAND.c.decisions, HAND.c.loss_bb)
        .where(HAND.c.mode == mode, HAND.c.finished_at.is_not(None), HAND.c.decisions > 0)
        .order_by(HAND.c.finished_at.desc(), HAND.c.id)
        .limit(limit)
    )
    return [HandLoss(row.decisions, row.loss_bb) for row in await db.execute(query)]


async def overdue(db: AsyncSession, moment: datetime, limit: int) -> list[DecisionRow]:
    """Unanswered decisions of open sets whose time was over before a moment."""
    is_open = select(SESSION.c.id).where(SESSION.c.id == DECISION.c.session_id, SESSION.c.finished_at.is_(None))
    query = (
        select(DECISION)
        .where(DECISION.c.answered_at.is_(None), DECISION.c.deadline < moment, is_open.exists())
        .order_by(DECISION.c.deadline)
        .limit(limit)
    )
    return [DecisionRow(**row) for row in (await db.execute(query)).mappings()]


async def put_seed(db: AsyncSession, stream_id: UUID, seed: bytes, villain_combo: int | None = None) -> None:
    """Keep what must stay hidden of a session or a hand."""
    await db.execute(insert(SEED).values(stream_id=stream_id, seed=seed, villain_combo=villain_combo))


async def seed(db: AsyncSession, stream_id: UUID) -> SeedRow:
    """What was kept; every session and every hand has it."""
    row = (await db.execute(select(SEED).where(SEED.c.stream_id == stream_id))).mappings().one()
    return SeedRow(**row)
