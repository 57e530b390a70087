"""All SQL of the ratings schema."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.ratings.leaderboard import Answers
from services.ratings.models import RankedAnswer


async def add_answer(
    db: AsyncSession, user_id: UUID, item_id: UUID, week: str, loss_pct: float, answered_at: datetime
) -> None:
    """Keep the first answer to an item."""
    answer = {"user_id": user_id, "item_id": item_id, "week": week, "loss_pct": loss_pct, "answered_at": answered_at}
    await db.execute(insert(RankedAnswer).values(answer).on_conflict_do_nothing())


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
    for user_id, user_items, user_losses in rows.tuples():
        players += [user_id] * len(user_items)
        items += user_items
        losses += user_losses
    return Answers(players, items, losses)
