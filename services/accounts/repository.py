"""All SQL of the accounts schema."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select, update
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
