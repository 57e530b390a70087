"""SQL of the outgoing mails."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.infra.clock import new_id, now
from services.mail.models import Outgoing


async def add(db: AsyncSession, sealed: bytes) -> None:
    """Put a mail in line."""
    moment = now()
    db.add(Outgoing(id=new_id(), sealed=sealed, attempts=0, due_at=moment, created_at=moment))
    await db.flush()


async def claim(db: AsyncSession, limit: int, lease: timedelta) -> list[Outgoing]:
    """Mails that are due, oldest first; nobody else gets them before the lease is over."""
    moment = now()
    query = (
        select(Outgoing)
        .where(col(Outgoing.due_at) <= moment)
        .order_by(col(Outgoing.due_at))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = list(await db.scalars(query))
    ids = [one.id for one in found]
    await db.execute(
        update(Outgoing)
        .where(col(Outgoing.id).in_(ids))
        .values(due_at=moment + lease, attempts=Outgoing.attempts + 1)
        .execution_options(synchronize_session=False)
    )
    return found


async def put_off(db: AsyncSession, mail_id: UUID, until: datetime) -> None:
    """Try again later."""
    await db.execute(update(Outgoing).where(col(Outgoing.id) == mail_id).values(due_at=until))


async def lock_sealed(db: AsyncSession, after: UUID | None, limit: int) -> list[tuple[UUID, bytes]]:
    """Sealed mails by their ids, behind ``after``; held until the commit."""
    query = select(col(Outgoing.id), col(Outgoing.sealed)).order_by(col(Outgoing.id)).limit(limit)
    if after is not None:
        query = query.where(col(Outgoing.id) > after)
    return [(row[0], row[1]) for row in await db.execute(query.with_for_update())]


async def put_sealed(db: AsyncSession, mail_id: UUID, sealed: bytes) -> None:
    """The same mail under another key."""
    await db.execute(update(Outgoing).where(col(Outgoing.id) == mail_id).values(sealed=sealed))


async def remove(db: AsyncSession, mail_id: UUID) -> None:
    """It was handed on, or is not worth sending any more."""
    await db.execute(delete(Outgoing).where(col(Outgoing.id) == mail_id))
