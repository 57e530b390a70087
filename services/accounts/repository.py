"""All SQL of the accounts schema."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.accounts.models import User
from services.infra.clock import now


async def find(db: AsyncSession, user_id: UUID, *, lock: bool = False) -> User | None:
    """One user; ``lock`` holds the row for writing and reads it anew."""
    query = select(User).where(col(User.id) == user_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return await db.scalar(query)


async def find_by_email(db: AsyncSession, email: str) -> User | None:
    """The account with this address, in the form of `names.clean_email`."""
    return await db.scalar(select(User).where(col(User.email) == email))


async def find_by_name_key(db: AsyncSession, name_key: str) -> User | None:
    """The account with this name, in the form of `names.name_key`."""
    return await db.scalar(select(User).where(col(User.name_key) == name_key))


async def lock_or_insert_guest(db: AsyncSession, user_id: UUID, name: str) -> UUID | None:
    """Write the guest's row if it is missing and hold it against a merge; returns the account it was merged into."""
    query = select(col(User.merged_into)).where(col(User.id) == user_id).with_for_update(key_share=True, read=True)
    row = (await db.execute(query)).one_or_none()
    if row is None:
        moment = now()
        guest = {"id": user_id, "role": "guest", "name": name, "version": 0}
        statement = insert(User).values(**guest, created_at=moment, updated_at=moment)
        await db.execute(statement.on_conflict_do_nothing(index_elements=["id"]))
        row = (await db.execute(query)).one()
    return row.merged_into


async def change(db: AsyncSession, user_id: UUID, **values: Any) -> None:
    """Set columns of one user."""
    await db.execute(update(User).where(col(User.id) == user_id).values(**values, updated_at=now()))


async def search(
    db: AsyncSession, text: str, *, role: str | None, banned: bool, limit: int, before: UUID | None
) -> Sequence[User]:
    """Accounts, the newest first (ids grow with time), whose name or address holds ``text``, or whose id it is."""
    query = select(User).where(col(User.role) != "guest").order_by(col(User.id).desc()).limit(limit)
    if text:
        like = "%" + text.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        matches: list[ColumnElement[bool]] = [func.lower(col(User.name)).like(like), col(User.email).like(like)]
        with suppress(ValueError):
            matches.append(col(User.id) == UUID(text))
        query = query.where(or_(*matches))
    if role is not None:
        query = query.where(col(User.role) == role)
    if banned:
        query = query.where(col(User.banned_at).is_not(None))
    if before is not None:
        query = query.where(col(User.id) < before)
    return (await db.scalars(query)).all()


async def count_by_role(db: AsyncSession) -> dict[str, int]:
    """How many accounts each role has, and how many are banned under ``banned``."""
    rows = await db.execute(select(col(User.role), func.count()).group_by(col(User.role)))
    banned = await db.scalar(select(func.count()).where(col(User.banned_at).is_not(None)).select_from(User))
    return {row[0]: row[1] for row in rows} | {"banned": banned or 0}


async def names_of(db: AsyncSession, user_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The names of those users that still have a row."""
    rows = await db.execute(select(col(User.id), col(User.name)).where(col(User.id).in_(user_ids)))
    return {row[0]: row[1] for row in rows}


async def lock_administrators(db: AsyncSession) -> Sequence[UUID]:
    """The ids of all administrators that are neither banned nor about to be erased, held against being changed.

    Whoever locks a user's row besides does it afterwards, or two who act on each other wait for ever.
    """
    acting = (col(User.role) == "admin", col(User.banned_at).is_(None), col(User.delete_at).is_(None))
    query = select(col(User.id)).where(*acting).with_for_update()
    return (await db.scalars(query.order_by(col(User.id)))).all()
