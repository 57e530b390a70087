"""SQL of the outbox in PostgreSQL."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.analytics.models import OutboxBatch
from services.infra.clock import new_id, now
from services.infra.events import StoredEvent, read_after


async def open_batch(db: AsyncSession, limit: int) -> OutboxBatch | None:
    """The batch that waits for its acknowledgement, else a new one of up to ``limit`` events; None: all is sent."""
    waiting = await db.scalar(select(OutboxBatch).where(col(OutboxBatch.acked_at).is_(None)))
    if waiting is not None:
        return waiting
    last = await db.scalar(select(OutboxBatch).order_by(col(OutboxBatch.id).desc()).limit(1))
    cursor = (last.to_xid, last.to_position) if last is not None else (0, 0)
    events = await read_after(db, cursor, limit)
    if not events:
        return None
    batch = OutboxBatch(
        token=new_id(),
        from_xid=cursor[0],
        from_position=cursor[1],
        to_xid=events[-1].xid,
        to_position=events[-1].position,
        events=len(events),
        created_at=now(),
    )
    db.add(batch)
    await db.flush()
    return batch


async def events_of(db: AsyncSession, batch: OutboxBatch) -> list[StoredEvent]:
    """The same events at every call: nothing can be committed into a run that lies below the reader's horizon."""
    return await read_after(db, (batch.from_xid, batch.from_position), batch.events)


async def acknowledge(db: AsyncSession, batch: OutboxBatch) -> None:
    """ClickHouse holds the batch."""
    await db.execute(update(OutboxBatch).where(col(OutboxBatch.id) == batch.id).values(acked_at=now()))


async def counts_by_type(db: AsyncSession, since: datetime) -> dict[str, int]:
    """Events of each type recorded ``since``, up to the last acknowledged batch, counted in the event store itself."""
    rows = await db.execute(
        text("""
            SELECT type, count(*) FROM infra.event
            WHERE recorded_at >= :since AND (xid, position) <= (
                SELECT to_xid::text::xid8, to_position FROM analytics.outbox_batch
                WHERE acked_at IS NOT NULL ORDER BY id DESC LIMIT 1
            )
            GROUP BY type"""),
        {"since": since},
    )
    return {kind: count for kind, count in rows}  # noqa: C416 rows are no pairs to a type checker


async def send_again(db: AsyncSession) -> None:
    """Forget every batch: the next one starts at the first event, under new tokens."""
    await db.execute(text("DELETE FROM analytics.outbox_batch"))
