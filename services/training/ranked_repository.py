"""All SQL of the ranked sets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.training.models import (
    DECISION,
    HAND,
    RANKED_ITEM,
    RANKED_SET,
    SESSION,
    RankedItemRow,
    RankedSetRow,
)


async def ranked_set(db: AsyncSession, set_id: str) -> RankedSetRow | None:
    """A set, running or not."""
    row = (await db.execute(select(RANKED_SET).where(RANKED_SET.c.id == set_id))).mappings().first()
    return None if row is None else RankedSetRow(**row)


async def sets(db: AsyncSession, kind: str | None, limit: int, before: datetime | None) -> list[RankedSetRow]:
    """Sets from the latest to open; ``before`` is the opening at which the list before ended."""
    query = select(RANKED_SET)
    if kind is not None:
        query = query.where(RANKED_SET.c.kind == kind)
    if before is not None:
        query = query.where(RANKED_SET.c.opens_at < before)
    rows = await db.execute(query.order_by(RANKED_SET.c.opens_at.desc(), RANKED_SET.c.id).limit(limit))
    return [RankedSetRow(**row) for row in rows.mappings()]


async def add_set(db: AsyncSession, values: dict[str, Any], items: Sequence[dict[str, Any]]) -> bool:
    """Store a set with all its items; False where the period has one already."""
    added = await db.execute(insert(RANKED_SET).values(values).on_conflict_do_nothing().returning(RANKED_SET.c.id))
    if added.first() is None:
        return False
    await db.execute(insert(RANKED_ITEM), [*items])
    return True


async def item(db: AsyncSession, set_id: str, number: int) -> RankedItemRow | None:
    """A spot of a set by its number from 1."""
    query = select(RANKED_ITEM).where(RANKED_ITEM.c.set_id == set_id, RANKED_ITEM.c.number == number)
    row = (await db.execute(query)).mappings().first()
    return None if row is None else RankedItemRow(**row)


async def items(db: AsyncSession, set_id: str) -> list[RankedItemRow]:
    """All spots of a set in order."""
    rows = await db.execute(select(RANKED_ITEM).where(RANKED_ITEM.c.set_id == set_id).order_by(RANKED_ITEM.c.number))
    return [RankedItemRow(**row) for row in rows.mappings()]


async def left_open(db: AsyncSession, moment: datetime, limit: int) -> list[tuple[UUID, UUID]]:
    """(player, session) of passes through sets that closed before a moment, with no hand that is still played."""
    playing = select(HAND.c.id).where(HAND.c.session_id == SESSION.c.id, HAND.c.finished_at.is_(None))
    query = (
        select(SESSION.c.user_id, SESSION.c.id)
        .join(RANKED_SET, RANKED_SET.c.id == SESSION.c.set_id)
        .where(SESSION.c.finished_at.is_(None), RANKED_SET.c.closes_at <= moment, ~playing.exists())
        .limit(limit)
    )
    return [(row[0], row[1]) for row in await db.execute(query)]


async def left_playing(db: AsyncSession, moment: datetime, limit: int) -> list[tuple[UUID, UUID]]:
    """(player, hand) of ranked hands that were left, before a moment, between an answer and what follows it."""
    mine = DECISION.c.hand_id == HAND.c.id
    waiting = select(DECISION.c.id).where(mine, DECISION.c.answered_at.is_(None))
    answered = select(func.max(DECISION.c.answered_at)).where(mine).scalar_subquery()
    query = (
        select(HAND.c.user_id, HAND.c.id)
        .where(HAND.c.set_id.is_not(None), HAND.c.finished_at.is_(None), answered < moment, ~waiting.exists())
        .limit(limit)
    )
    return [(row[0], row[1]) for row in await db.execute(query)]


async def days_played(db: AsyncSession, user_id: UUID, since: datetime) -> list[tuple[str, bool]]:
    """(set id, whether it was played to its end) of a player's daily sets that opened since a moment."""
    query = (
        select(SESSION.c.set_id, SESSION.c.hands >= SESSION.c.set_size)
        .join(RANKED_SET, RANKED_SET.c.id == SESSION.c.set_id)
        .where(SESSION.c.user_id == user_id, SESSION.c.mode == "daily", RANKED_SET.c.opens_at >= since)
        .order_by(RANKED_SET.c.opens_at)
    )
    return [(row[0], bool(row[1])) for row in await db.execute(query)]
