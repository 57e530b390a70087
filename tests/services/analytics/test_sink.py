"""The way of events from PostgreSQL to ClickHouse: real servers, real losses."""

from __future__ import annotations

import asyncio
import time
from typing import ClassVar
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.analytics import schema, sink
from services.analytics.models import OutboxBatch
from services.infra.clickhouse import ClickHouse
from services.infra.clock import new_id
from services.infra.db import transaction
from services.infra.errors import Unavailable
from services.infra.events import Event, append
from tests.services.analytics.conftest import Server

pytestmark = pytest.mark.xdist_group("clickhouse")


class NumberDrawn(Event):
    """A fact for these tests."""

    type: ClassVar[str] = "NumberDrawn"
    number: int


async def draw(count: int, stream_type: str = "hand", user_id: UUID | None = None) -> UUID:
    stream = new_id()
    async with transaction() as db:
        await append(db, stream, stream_type, 0, [NumberDrawn(number=n) for n in range(count)], user_id)
    return stream


async def send_all(server: ClickHouse, limit: int = 1000) -> int:
    """Sends until nothing is left; transactions of other workers can hold the reader's horizon back for a moment."""
    sent = 0
    async with asyncio.timeout(20):
        while True:
            sent += await sink.send_batch(server, limit)
            async with transaction() as db:
                left = await db.scalar(
                    text("""SELECT count(*) FROM infra.event WHERE (xid, position) > (
                        SELECT coalesce(max(to_xid), 0)::text::xid8, coalesce(max(to_position), 0)
                        FROM analytics.outbox_batch WHERE acked_at IS NOT NULL)""")
                )
            if not left:
                return sent
            await asyncio.sleep(0.05)


async def numbers(server: ClickHouse, stream: UUID) -> list[int]:
    rows = await server.query(
        f"SELECT JSONExtractInt(payload, 'number') FROM {schema.EVENT_TABLE} FINAL "
        "WHERE stream_id = {id:UUID} ORDER BY version",
        {"id": str(stream)},
    )
    return [number for (number,) in rows]


async def raw_count(server: ClickHouse) -> int:
    return (await server.query(f"SELECT count() FROM {schema.EVENT_TABLE}"))[0][0]


@pytest.fixture
async def ready(committed: AsyncEngine, clickhouse: ClickHouse) -> ClickHouse:
    await schema.prepare(clickhouse, 730)
    return clickhouse


async def test_events_arrive_once_and_in_order(ready: ClickHouse) -> None:
    stream = await draw(25)
    assert await send_all(ready, limit=10) == 25
    assert await numbers(ready, stream) == list(range(25))
    assert await sink.reconcile(ready) == {}


async def test_nothing_is_sent_when_nothing_happened(ready: ClickHouse) -> None:
    assert await sink.send_batch(ready, 10) == 0


async def test_a_batch_whose_acknowledgement_was_cut_counts_once(
    ready: ClickHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = await draw(7)
    insert = ready.insert
    cuts = 5

    async def cut(*arguments: object) -> None:
        nonlocal cuts
        await insert(*arguments)  # type: ignore[arg-type]
        if cuts:
            cuts -= 1
            raise Unavailable("the answer was lost")

    monkeypatch.setattr(ready, "insert", cut)
    for _ in range(3):
        with pytest.raises(Unavailable):
            await asyncio.wait_for(_once_there(ready), 20)
    cuts = 0
    await send_all(ready)
    assert await numbers(ready, stream) == list(range(7))
    assert await raw_count(ready) == 7  # already before any merge


async def _once_there(server: ClickHouse) -> None:
    while not await sink.send_batch(server, 100):
        await asyncio.sleep(0.05)  # other workers' transactions hold the reader's horizon


async def test_a_batch_is_the_same_after_a_failure_although_more_events_came(
    ready: ClickHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    await draw(3)

    async def refuse(*_arguments: object) -> None:
        raise Unavailable("down")

    with monkeypatch.context() as patch:
        patch.setattr(ready, "insert", refuse)
        with pytest.raises(Unavailable):
            await asyncio.wait_for(_once_there(ready), 20)
    async with transaction() as db:
        before = await db.scalar(select(OutboxBatch))
    await draw(4)
    assert await sink.send_batch(ready, 100) == 3
    async with transaction() as db:
        after = await db.scalar(select(OutboxBatch))
    assert before is not None
    assert after is not None
    assert (after.token, after.to_position, after.acked_at is not None) == (before.token, before.to_position, True)


async def test_the_sink_goes_on_where_it_stopped_after_the_server_was_down(
    ready: ClickHouse, clickhouse_server: Server
) -> None:
    first = await draw(5)
    await send_all(ready)
    await clickhouse_server.stop()
    second = await draw(6)
    started = time.monotonic()
    with pytest.raises(Unavailable):
        await asyncio.wait_for(_once_there(ready), 20)
    assert time.monotonic() - started < 15
    back = await clickhouse_server.start()
    try:
        await send_all(back)
        assert (await numbers(back, first), await numbers(back, second)) == (list(range(5)), list(range(6)))
        assert await raw_count(back) == 11
        assert await sink.reconcile(back) == {}
    finally:
        await back.close()


async def test_a_lost_folder_is_noticed_and_filled_again(ready: ClickHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = await draw(8)
    await send_all(ready)
    await ready.command(f"TRUNCATE TABLE {schema.EVENT_TABLE}")
    assert await sink.reconcile(ready) == {"NumberDrawn": 8}
    monkeypatch.setattr(sink, "clickhouse", lambda: ready)
    task = asyncio.create_task(sink.run_sink())
    try:
        async with asyncio.timeout(20):
            while await raw_count(ready) < 8:
                await asyncio.sleep(0.1)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert await numbers(ready, stream) == list(range(8))


async def test_two_sinks_send_everything_once(ready: ClickHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sink, "clickhouse", lambda: ready)
    streams = [await draw(5) for _ in range(10)]
    tasks = [asyncio.create_task(sink.run_sink()) for _ in range(2)]
    try:
        async with asyncio.timeout(20):
            while await raw_count(ready) < 50:
                await asyncio.sleep(0.1)
        await asyncio.sleep(0.5)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert await raw_count(ready) == 50
    assert [await numbers(ready, stream) for stream in streams] == [list(range(5))] * 10


async def test_payloads_of_accounts_stay_in_postgresql(ready: ClickHouse) -> None:
    user_id = new_id()
    await draw(1, stream_type="account", user_id=user_id)
    await send_all(ready)
    rows = await ready.query(f"SELECT payload, user_id FROM {schema.EVENT_TABLE} FINAL")
    assert rows == [("{}", user_id)]


async def test_a_retention_of_days_drops_what_is_older(ready: ClickHouse) -> None:
    await draw(3)
    await send_all(ready)
    await ready.command(
        f"INSERT INTO {schema.EVENT_TABLE} "
        "SELECT * REPLACE (now() - INTERVAL 40 DAY AS recorded_at, position + 1000 AS position) "
        f"FROM {schema.EVENT_TABLE}"
    )
    assert await raw_count(ready) == 6
    await schema.prepare(ready, 30)
    await ready.command(f"OPTIMIZE TABLE {schema.EVENT_TABLE} FINAL")
    assert await raw_count(ready) == 3
