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


async def add_loss(
    db: AsyncSession,
    user_id: UUID,
    item_id: UUID,
    set_id: str,
    loss_pct: float,
    answered_at: datetime,
    *,
    studied: bool,
) -> None:
    """Add a decision to what the player lost on an item; every decision is graded once, so none is added twice."""
    answer = {
        "user_id": user_id,
        "item_id": item_id,
        "set_id": set_id,
        "loss_pct": loss_pct,
        "decisions": 1,
        "studied": int(studied),
        "answered_at": answered_at,
    }
    statement = insert(RankedAnswer).values(answer)
    more = {
        "loss_pct": col(RankedAnswer.loss_pct) + loss_pct,
        "decisions": col(RankedAnswer.decisions) + 1,
        "studied": col(RankedAnswer.studied) + int(studied),
        "answered_at": answered_at,
    }
    await db.execute(statement.on_conflict_do_update(index_elements=["user_id", "item_id"], set_=more))


async def names(db: AsyncSession, players: Sequence[UUID]) -> dict[UUID, str]:
    """The display names of accounts; a player who has gone is missing."""
    rows = await db.execute(select(col(User.id), col(User.name)).where(col(User.id).in_(players)))
    return {player: name for player, name in rows}  # noqa: C416 rows are no pairs to a type checker


async def answers(db: AsyncSession, set_id: str) -> Answers:
    """Every answer to a set; one row of arrays per player comes over the wire."""
    rows = await db.execute(
        select(
            col(RankedAnswer.user_id),
            func.array_agg(col(RankedAnswer.item_id)),
            func.array_agg(col(RankedAnswer.loss_pct)),
            func.array_agg(col(RankedAnswer.decisions)),
            func.sum(col(RankedAnswer.studied)),
        )
        .where(col(RankedAnswer.set_id) == set_id)
        .group_by(col(RankedAnswer.user_id))
    )
    players: list[UUID] = []
    items: list[UUID] = []
    losses: list[float] = []
    decisions: list[int] = []
    studied: dict[UUID, int] = {}
    for user_id, user_items, user_losses, user_decisions, user_studied in rows:
        players += [user_id] * len(user_items)
        items += user_items
        losses += user_losses
        decisions += user_decisions
        studied[user_id] = int(user_studied)
    return Answers(players, items, losses, decisions, studied)


async def drop_answers(db: AsyncSession, user_id: UUID) -> set[str]:
    """Forget a player's answers; returns the sets whose boards change."""
    sets = await db.scalars(
        delete(RankedAnswer).where(col(RankedAnswer.user_id) == user_id).returning(col(RankedAnswer.set_id))
    )
    return set(sets)
