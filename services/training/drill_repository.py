"""SQL of saved drills and of painted ranges."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.training.models import RANGE_ITEM, SAVED_DRILL, RangeItemRow, SavedDrillRow


async def drills(db: AsyncSession, user_id: UUID) -> list[SavedDrillRow]:
    """A player's drills by name."""
    query = select(SAVED_DRILL).where(SAVED_DRILL.c.user_id == user_id).order_by(func.lower(SAVED_DRILL.c.name))
    return [SavedDrillRow(**row) for row in (await db.execute(query)).mappings()]


async def drill(db: AsyncSession, user_id: UUID, drill_id: UUID) -> SavedDrillRow | None:
    """One of a player's drills."""
    query = select(SAVED_DRILL).where(SAVED_DRILL.c.id == drill_id, SAVED_DRILL.c.user_id == user_id)
    row = (await db.execute(query)).mappings().first()
    return None if row is None else SavedDrillRow(**row)


async def named(db: AsyncSession, user_id: UUID, name: str) -> UUID | None:
    """The player's drill of this name."""
    query = select(SAVED_DRILL.c.id).where(SAVED_DRILL.c.user_id == user_id, SAVED_DRILL.c.name == name)
    return await db.scalar(query)


async def count(db: AsyncSession, user_id: UUID) -> int:
    """How many a player keeps."""
    query = select(func.count()).select_from(SAVED_DRILL).where(SAVED_DRILL.c.user_id == user_id)
    return int(await db.scalar(query) or 0)


async def put(db: AsyncSession, row: SavedDrillRow) -> bool:
    """Keep a drill; False when the player has one of this name."""
    values = {name: getattr(row, name) for name in SavedDrillRow.model_fields}
    statement = insert(SAVED_DRILL).values(values).on_conflict_do_nothing().returning(SAVED_DRILL.c.id)
    return await db.scalar(statement) is not None


async def change(db: AsyncSession, drill_id: UUID, name: str, plan: dict[str, Any], moment: datetime) -> None:
    """Give a drill another name and plan."""
    changed = update(SAVED_DRILL).where(SAVED_DRILL.c.id == drill_id)
    await db.execute(changed.values(name=name, plan=plan, updated_at=moment))


async def drop(db: AsyncSession, user_id: UUID, drill_id: UUID) -> bool:
    """Delete a drill; False when there is none."""
    gone = delete(SAVED_DRILL).where(SAVED_DRILL.c.id == drill_id, SAVED_DRILL.c.user_id == user_id)
    return await db.scalar(gone.returning(SAVED_DRILL.c.id)) is not None


async def range_item(db: AsyncSession, user_id: UUID, item_id: UUID) -> RangeItemRow | None:
    """A range that a player was asked for."""
    query = select(RANGE_ITEM).where(RANGE_ITEM.c.id == item_id, RANGE_ITEM.c.user_id == user_id)
    row = (await db.execute(query)).mappings().first()
    return None if row is None else RangeItemRow(**row)


async def range_items(db: AsyncSession, session_id: UUID) -> list[RangeItemRow]:
    """The ranges of a set in order."""
    query = select(RANGE_ITEM).where(RANGE_ITEM.c.session_id == session_id).order_by(RANGE_ITEM.c.number)
    return [RangeItemRow(**row) for row in (await db.execute(query)).mappings()]
