"""Transactions on a real PostgreSQL, and the answer when it is gone."""

from __future__ import annotations

import asyncio
import time

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.infra import db as infra_db
from services.infra.db import transaction
from services.infra.embedded import free_port, publish_urls
from services.infra.errors import NotFound, TooMany, Unavailable
from services.infra.settings import get_settings
from services.infra.waiting import ENTERING, VISITORS, Share, acting_for


async def count() -> int:
    async with transaction() as db:
        return (await db.execute(text("SELECT count(*) FROM infra.event"))).scalar_one()


INSERT = text(
    "INSERT INTO infra.event (id, stream_id, stream_type, version, type, payload_version, payload, meta, recorded_at)"
    " VALUES (gen_random_uuid(), gen_random_uuid(), 'x', 1, 'x', 1, '{}', '{}', now())"
)


async def test_a_transaction_commits_at_its_end(committed: AsyncEngine):
    async with transaction() as db:
        await db.execute(INSERT)
    assert await count() == 1


async def test_an_error_rolls_everything_back(committed: AsyncEngine):
    with pytest.raises(NotFound):
        async with transaction() as db:
            await db.execute(INSERT)
            raise NotFound("nothing here")
    assert await count() == 0


async def test_a_connection_that_the_server_closed_is_replaced(committed: AsyncEngine):
    await count()
    async with transaction() as db:
        await db.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                " AND datname = current_database()"
            )
        )
    assert await count() == 0


async def test_a_missing_server_is_unavailable_within_two_seconds(server_urls: dict[str, str], database: AsyncEngine):
    await infra_db.dispose()
    publish_urls({"DATABASE_URL": f"postgresql://x:x@127.0.0.1:{free_port()}/x"})
    started = time.monotonic()
    try:
        with pytest.raises(Unavailable):
            await count()
    finally:
        await infra_db.dispose()
        publish_urls({"DATABASE_URL": server_urls["DATABASE_URL"]})
    assert time.monotonic() - started < 2


async def test_an_error_of_the_code_inside_is_not_taken_for_an_outage(committed: AsyncEngine):
    with pytest.raises(ConnectionAbortedError):
        async with transaction():
            raise ConnectionAbortedError("somebody else's connection")


async def test_calls_of_one_caller_that_take_long_leave_the_others_their_connections(
    committed: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(infra_db, "_share", Share(infra_db.OF_ONE, 0.2))
    done = asyncio.Event()

    async def long_one(who: str) -> None:
        acting_for(who)
        async with transaction() as db:
            await db.execute(text("SELECT 1"))
            await done.wait()

    tasks = [asyncio.create_task(long_one("greedy")) for _ in range(40)]
    failed, _ = await asyncio.wait(tasks, timeout=1, return_when=asyncio.ALL_COMPLETED)
    assert len(failed) == 40 - infra_db.OF_ONE
    assert all(isinstance(one.exception(), TooMany) for one in failed)
    assert await asyncio.wait_for(count(), 1) == 0
    done.set()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize(
    ("crowd", "visitors_at", "taken"),
    [
        ("192.0.2.1", "", 10),  # members of one address
        (VISITORS, "192.0.2.{}", 10),  # visitors from everywhere
        (VISITORS, "192.0.2.1", 5),  # visitors of one address
    ],
)
async def test_a_crowd_leaves_the_others_their_connections_however_many_it_is(
    committed: AsyncEngine, crowd: str, visitors_at: str, taken: int
) -> None:
    assert get_settings().database_pool == 10
    done = asyncio.Event()

    async def long_one(number: int) -> None:
        acting_for(f"caller {number}", crowd, visitor_at=visitors_at.format(number))
        async with transaction() as db:
            await db.execute(text("SELECT 1"))
            await done.wait()

    async def enters() -> int:
        acting_for("somebody", ENTERING, visitor_at="198.51.100.1")
        return await count()

    tasks = [asyncio.create_task(long_one(number)) for number in range(60)]
    await asyncio.sleep(0.5)
    assert infra_db.engine().pool.checkedout() == taken  # type: ignore[attr-defined]
    assert await asyncio.wait_for(count(), 1) == 0
    assert await asyncio.wait_for(enters(), 1) == 0
    done.set()
    await asyncio.gather(*tasks)
