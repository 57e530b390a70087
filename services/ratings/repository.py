"""All SQL of the ratings feature; it reads names from accounts and writes only its own schema."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.accounts.models import User
from services.ratings.leaderboard import Answers
from services.ratings.models import RankedAnswer


async def add_answer(
    db: AsyncSession, user_id: UUID, item_id: UUID, week: str, loss_pct: float, answered_at: datetime
) -> None:
    """Keep the first answer to an item."""
    answer = {"user_id": user_id, "item_id": item_id, "week": week, "loss_pct": loss_pct, "answered_at": answered_at}
    await db.execute(insert(RankedAnswer).values(answer).on_conflict_do_nothing())


async def names(db: AsyncSession, players: Sequence[UUID]) -> dict[UUID, str]:
    """The display names of accounts; a player who has gone is missing."""
    rows = await db.execute(select(col(User.id), col(User.name)).where(col(User.id).in_(players)))
    return {player: name for player, name in rows}  # noqa: C416 rows are no pairs to a type checker


async def answers(db: AsyncSession, week: str) -> Answers:
    """Every answer of a week; one row of arrays per player comes over the wire."""
    rows = await db.execute(
        select(
            col(RankedAnswer.user_id),
            func.array_agg(col(RankedAnswer.item_id)),
            func.array_agg(col(RankedAnswer.loss_pct)),
        )
        .where(col(RankedAnswer.week) == week)
        .group_by(col(RankedAnswer.user_id))
    )
    players: list[UUID] = []
    items: list[UUID] = []
    losses: list[float] = []
    for user_id, user_items, user_losses in rows:
        players += [user_id] * len(user_items)
        items += user_items
        losses += user_losses
    return Answers(players, items, losses)


async def drop_answers(db: AsyncSession, user_id: UUID) -> set[str]:
    """Forget a player's answers; returns the weeks whose boards change."""
    weeks = await db.scalars(
        delete(RankedAnswer).where(col(RankedAnswer.user_id) == user_id).returning(col(RankedAnswer.week))
    )
    return set(weeks)
