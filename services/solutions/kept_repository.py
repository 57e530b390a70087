"""SQL of the boards that are kept and of who studied which board."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.solutions.models import KeptBoardRow, StudyRow

MOST_A_DAY = 1_000
"""Boards that one player may study in a day (UTC)."""


async def running(db: AsyncSession, moment: datetime) -> Sequence[KeptBoardRow]:
    """What is kept at a moment."""
    query = sa.select(KeptBoardRow).where(col(KeptBoardRow.opens_at) <= moment, col(KeptBoardRow.closes_at) > moment)
    return (await db.scalars(query.order_by(col(KeptBoardRow.closes_at)))).all()


async def of_set(db: AsyncSession, set_id: str) -> Sequence[KeptBoardRow]:
    """What a set keeps."""
    return (await db.scalars(sa.select(KeptBoardRow).where(col(KeptBoardRow.set_id) == set_id))).all()


async def add(
    db: AsyncSession,
    set_id: str,
    boards: Sequence[str],
    reason: str,
    opens_at: datetime,
    closes_at: datetime,
) -> None:
    """Keep boards; one that is named twice is kept once."""
    span = {"set_id": set_id, "reason": reason, "opens_at": opens_at, "closes_at": closes_at}
    rows = [span | {"board": board} for board in boards]
    await db.execute(insert(KeptBoardRow).values(rows).on_conflict_do_nothing())


async def record(db: AsyncSession, user_id: UUID, board: str, kind: str, moment: datetime) -> bool:
    """Remember that a player studied a board: one row a day and kind; False where the day is full of other boards."""
    day = moment.astimezone(UTC).date()
    others = sa.select(sa.func.count()).where(
        col(StudyRow.user_id) == user_id, col(StudyRow.day) == day, col(StudyRow.board) != board
    )
    if (await db.scalar(others) or 0) >= MOST_A_DAY:
        return False
    values = {
        "user_id": user_id,
        "board": board,
        "kind": kind,
        "day": day,
        "times": 1,
        "last_at": moment,
    }
    statement = insert(StudyRow).values(values)
    again = {"times": col(StudyRow.times) + 1, "last_at": moment}
    await db.execute(statement.on_conflict_do_update(index_elements=["user_id", "board", "kind", "day"], set_=again))
    return True


async def studies(
    db: AsyncSession, since: datetime, until: datetime, boards_like: Sequence[str], user_id: UUID | None = None
) -> Sequence[StudyRow]:
    """What was studied in a span by one player or all: boards whose text is ``LIKE`` one of these, the latest first."""
    query = sa.select(StudyRow).where(
        col(StudyRow.last_at) >= since,
        col(StudyRow.last_at) <= until,
        col(StudyRow.board).like(sa.any_(sa.cast([*boards_like], ARRAY(sa.Text)))),
    )
    if user_id is not None:
        query = query.where(col(StudyRow.user_id) == user_id)
    query = query.order_by(col(StudyRow.last_at).desc()).execution_options(populate_existing=True)
    return (await db.scalars(query)).all()


async def studies_of(db: AsyncSession, user_id: UUID) -> Sequence[StudyRow]:
    """Everything that is remembered of a player."""
    query = sa.select(StudyRow).where(col(StudyRow.user_id) == user_id).order_by(col(StudyRow.last_at))
    return (await db.scalars(query)).all()


async def hand_over(db: AsyncSession, guest_id: UUID, user_id: UUID) -> None:
    """What a guest studied was studied by the account that the guest turned out to be."""
    columns = ("board", "kind", "day", "times", "last_at")
    theirs = sa.select(sa.literal(user_id, sa.Uuid()), *(col(getattr(StudyRow, name)) for name in columns))
    moved = insert(StudyRow).from_select(["user_id", *columns], theirs.where(col(StudyRow.user_id) == guest_id))
    more = {
        "times": col(StudyRow.times) + moved.excluded.times,
        "last_at": sa.func.greatest(col(StudyRow.last_at), moved.excluded.last_at),
    }
    await db.execute(moved.on_conflict_do_update(index_elements=["user_id", "board", "kind", "day"], set_=more))
    await forget(db, [guest_id])


async def forget(db: AsyncSession, user_ids: Sequence[UUID]) -> None:
    """Nothing is remembered of these players."""
    await db.execute(sa.delete(StudyRow).where(col(StudyRow.user_id).in_(user_ids)))
