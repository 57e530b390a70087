"""All SQL of the audit trail."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.audit.chain import Entry
from services.audit.models import AuditRow

_CHAIN_LOCK = 7_031_412


async def lock_head(db: AsyncSession) -> Entry | None:
    """The newest entry; nobody else adds one until this transaction ends."""
    await db.execute(select(func.pg_advisory_xact_lock(_CHAIN_LOCK)))
    return await head(db)


async def head(db: AsyncSession) -> Entry | None:
    """The newest entry."""
    row = await db.scalar(select(AuditRow).order_by(col(AuditRow.position).desc()).limit(1))
    return None if row is None else _entry(row)


async def add(db: AsyncSession, entry: Entry) -> None:
    """Write an entry."""
    await db.execute(
        insert(AuditRow).values(
            position=entry.position,
            recorded_at=entry.recorded_at,
            action=entry.action,
            actor_id=entry.actor_id,
            subject_id=entry.subject_id,
            details=entry.details,
            request_id=entry.request_id,
            previous=entry.previous,
            hash=entry.hash,
        )
    )


async def after(db: AsyncSession, position: int, limit: int) -> Sequence[Entry]:
    """The entries behind ``position``, oldest first."""
    query = select(AuditRow).where(col(AuditRow.position) > position).order_by(col(AuditRow.position)).limit(limit)
    return [_entry(row) for row in (await db.scalars(query.execution_options(populate_existing=True))).all()]


async def newest(
    db: AsyncSession,
    *,
    limit: int,
    before: int | None = None,
    action: str | None = None,
    users: Sequence[UUID] | None = None,
) -> Sequence[Entry]:
    """Entries newest first, below position ``before``; of one action, or of these users as actor or subject."""
    query = select(AuditRow).order_by(col(AuditRow.position).desc()).limit(limit)
    if before is not None:
        query = query.where(col(AuditRow.position) < before)
    if action is not None:
        query = query.where(col(AuditRow.action) == action)
    if users is not None:
        query = query.where(or_(col(AuditRow.actor_id).in_(users), col(AuditRow.subject_id).in_(users)))
    return [_entry(row) for row in (await db.scalars(query)).all()]


async def actions(db: AsyncSession) -> Sequence[str]:
    """Every kind of entry there is."""
    return (await db.scalars(select(col(AuditRow.action)).distinct().order_by(col(AuditRow.action)))).all()


def _entry(row: AuditRow) -> Entry:
    return Entry(
        row.position,
        row.recorded_at,
        row.action,
        row.actor_id,
        row.subject_id,
        row.details,
        row.request_id,
        row.previous,
        row.hash,
    )
