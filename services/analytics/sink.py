"""Carries events from PostgreSQL to ClickHouse, each exactly once in any count.

A batch is fixed and stored with its token before it is sent. If the acknowledgement is lost, or the process dies
between the insert and the note of it, the same batch goes again under the same token and ClickHouse drops it. Training
never waits for any of this: while ClickHouse is away events gather in PostgreSQL, a breaker keeps the attempts few, and
the sink goes on where it stopped. One process at a time holds the sink's advisory lock; the others wait for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta

from prometheus_client import Counter, Gauge
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.accounts.events import AccountErased
from services.analytics import repository, schema
from services.infra.clickhouse import ClickHouse, clickhouse
from services.infra.clock import now
from services.infra.db import engine, outages_as_unavailable, transaction
from services.infra.errors import Unavailable
from services.infra.log import log
from services.infra.metrics import REGISTRY
from services.infra.resilience import breaker
from services.infra.settings import get_settings

_LOCK = 0x6D69786C_0001
_WAIT_S = 5.0

sent_total = Counter("mixline_analytics_events", "Events acknowledged by ClickHouse.", registry=REGISTRY)
pending_batch = Gauge("mixline_analytics_pending", "Events of the batch that waits for ClickHouse.", registry=REGISTRY)


async def run_sink() -> None:
    """Run until cancelled; nothing that fails in here ends it."""
    while True:
        try:
            async with _sole_sender() as connection:
                if connection is not None:
                    await _send_for_good(clickhouse(), connection)
        except Unavailable as error:
            log.info("analytics_waits", reason=error.message)
        except Exception:  # noqa: BLE001 whatever it was, the next round tries again
            log.exception("analytics_failed")
        await asyncio.sleep(_WAIT_S)


async def _send_for_good(server: ClickHouse, connection: AsyncConnection) -> None:
    settings = get_settings()
    await schema.prepare(server, settings.analytics_retention_days)
    difference = await reconcile(server)
    if any(missing > 0 for missing in difference.values()):
        log.warning("analytics_sends_again", missing=difference)
        async with transaction() as db:
            await repository.send_again(db)
    while True:
        sent = await send_batch(server, settings.analytics_batch_rows)
        if sent < settings.analytics_batch_rows:
            # Few rows wait for more to come: ClickHouse wants large inserts, and nobody waits for these.
            await asyncio.sleep(settings.analytics_interval_s)
        await connection.execute(text("SELECT 1"))  # raises when the lock was lost with its connection


async def send_batch(server: ClickHouse, limit: int) -> int:
    """Send the waiting batch, or a new one of up to ``limit`` events; returns how many events it had.

    Raises:
        Unavailable: ClickHouse or PostgreSQL does not answer, or the breaker is open; the batch stays as it is.
    """
    async with transaction() as db:
        batch = await repository.open_batch(db, limit)
        if batch is None:
            return 0
        events = await repository.events_of(db, batch)
    if len(events) != batch.events or events[-1].cursor != (batch.to_xid, batch.to_position):
        raise RuntimeError(f"batch {batch.id} is no longer the run of events it was")
    pending_batch.set(batch.events)
    async with breaker("clickhouse")():
        await server.insert(
            schema.EVENT_TABLE, schema.COLUMNS, [schema.row_of(stored) for stored in events], str(batch.token)
        )
        for stored in events:  # in order, so whatever is sent again later is erased again as well
            if isinstance(stored.event, AccountErased):
                await schema.erase(server, (stored.event.user_id, *stored.event.guest_ids))
    async with transaction() as db:
        await repository.acknowledge(db, batch)
    sent_total.inc(batch.events)
    pending_batch.set(0)
    return batch.events


async def reconcile(server: ClickHouse) -> dict[str, int]:
    """Event types whose counts differ: acknowledged in PostgreSQL minus held by ClickHouse; empty is what it should be.

    Events within a day of their expiry are left out: ClickHouse drops them when it merges, not on the minute.
    """
    since = now() - timedelta(days=get_settings().analytics_retention_days - 1)
    async with transaction() as db:
        expected = await repository.counts_by_type(db, since)
    held = await schema.counts_by_type(server, since)
    differences = {kind: expected.get(kind, 0) - held.get(kind, 0) for kind in expected.keys() | held.keys()}
    return {kind: difference for kind, difference in sorted(differences.items()) if difference}


@asynccontextmanager
async def _sole_sender() -> AsyncGenerator[AsyncConnection | None]:
    """A connection that holds the sink's lock, outside any transaction; None when another process has it."""
    async with outages_as_unavailable(), engine().connect() as plain:
        connection = await plain.execution_options(isolation_level="AUTOCOMMIT")
        if not await connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": _LOCK}):
            yield None
            return
        try:
            yield connection
        finally:
            await connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})
