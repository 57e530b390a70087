"""All SQL of reviews that reads; the read models are written by ``projections`` alone."""

from __future__ import annotations

from datetime import date, datetime
from typing import cast
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.reviews.models import CardRow, EntryRow, ReviewHandRow, ZoneRow
from services.reviews.schedule import Entry, Kind
from services.training.models import DECISION, SESSION, table_of
from services.training.models import HAND as TRAINING_HAND

CARD, ENTRY, HAND, ZONE = (table_of(model) for model in (CardRow, EntryRow, ReviewHandRow, ZoneRow))


async def lock_card(db: AsyncSession, user_id: UUID, family: str) -> None:
    """Let one transaction at a time change this card, also before it is there."""
    await db.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"card {user_id} {family}", 0))))


async def lock_player(db: AsyncSession, user_id: UUID) -> None:
    """Let one transaction at a time open reviews or change the calendar of this player."""
    await db.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"reviews {user_id}", 0))))


async def entries(db: AsyncSession, user_id: UUID, family: str) -> list[Entry]:
    """The history of a card, oldest first."""
    query = select(ENTRY).where(ENTRY.c.user_id == user_id, ENTRY.c.family == family).order_by(ENTRY.c.position)
    return [
        Entry(row["position"], row["on"], row["at"], cast("Kind", row["kind"]), tuple(row["words"]), row["decision_id"])
        for row in (await db.execute(query)).mappings()
    ]


async def zone(db: AsyncSession, user_id: UUID) -> ZoneRow | None:
    """Where the player is now."""
    query = select(ZONE).where(ZONE.c.user_id == user_id).order_by(ZONE.c.position.desc()).limit(1)
    row = (await db.execute(query)).mappings().first()
    return None if row is None else ZoneRow(**row)


async def card(db: AsyncSession, user_id: UUID, family: str) -> CardRow | None:
    """A player's card."""
    row = (await db.execute(select(CARD).where(CARD.c.user_id == user_id, CARD.c.family == family))).mappings().first()
    return None if row is None else CardRow(**row)


async def cards(
    db: AsyncSession, user_id: UUID, limit: int, after: tuple[date, str] | None = None, *, due: date | None = None
) -> list[CardRow]:
    """A page of the player's cards by the day they come due; with ``due`` those alone that are asked on that day."""
    query = select(CARD).where(CARD.c.user_id == user_id)
    if due is not None:
        query = query.where(*_due(due))
    if after is not None:
        on, family = after
        query = query.where((CARD.c.due_on > on) | ((CARD.c.due_on == on) & (CARD.c.family > family)))
    rows = await db.execute(query.order_by(CARD.c.due_on, CARD.c.family).limit(limit))
    return [CardRow(**row) for row in rows.mappings()]


async def count_due(db: AsyncSession, user_id: UUID, today: date) -> int:
    """How many cards are asked today."""
    query = select(func.count()).select_from(CARD).where(CARD.c.user_id == user_id, *_due(today))
    return int(await db.scalar(query) or 0)


async def due_days(db: AsyncSession, user_id: UUID) -> list[date]:
    """The days on which the player's cards come due, suspended ones left out."""
    return list(await db.scalars(select(CARD.c.due_on).where(CARD.c.user_id == user_id, ~CARD.c.suspended)))


async def has_played(db: AsyncSession, user_id: UUID) -> bool:
    """Whether a hand was ever dealt to this player."""
    return bool(await db.scalar(select(select(TRAINING_HAND.c.id).where(TRAINING_HAND.c.user_id == user_id).exists())))


async def open_review(db: AsyncSession, user_id: UUID) -> UUID | None:
    """The player's newest review that is not at its end."""
    query = (
        select(SESSION.c.id)
        .where(
            SESSION.c.user_id == user_id,
            SESSION.c.finished_at.is_(None),
            SESSION.c.queue[0]["review_id"].as_string().is_not(None),
        )
        .order_by(SESSION.c.id.desc())
        .limit(1)
    )
    return await db.scalar(query)


async def reviewed_between(db: AsyncSession, user_id: UUID, since: datetime) -> int:
    """Reviews that were decided since a moment."""
    query = select(func.count()).select_from(ENTRY)
    decided = ENTRY.c.kind.in_(("passed", "failed", "unsure"))
    return int(await db.scalar(query.where(ENTRY.c.user_id == user_id, ENTRY.c.at >= since, decided)) or 0)


async def missed(db: AsyncSession, decision_ids: list[UUID]) -> dict[UUID, dict[str, object]]:
    """What is shown of the mistakes that cards come from."""
    columns = (DECISION.c.id, DECISION.c.hand_id, DECISION.c.grade, DECISION.c.loss_bb, DECISION.c.loss_pct)
    rows = await db.execute(select(*columns).where(DECISION.c.id.in_(decision_ids)))
    return {row["id"]: dict(row) for row in rows.mappings()}


def _due(today: date) -> tuple[ColumnElement[bool], ...]:
    return (CARD.c.due_on <= today, ~CARD.c.suspended)
