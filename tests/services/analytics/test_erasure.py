"""An erased account leaves ClickHouse too, and does not come back with events that are sent again."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.accounts.events import AccountErased, AccountRegistered
from services.analytics import repository, schema, sink
from services.infra.clickhouse import ClickHouse
from services.infra.clock import new_id
from services.infra.db import transaction
from services.infra.events import append
from tests.services.analytics.test_sink import draw, send_all

pytestmark = pytest.mark.xdist_group("clickhouse")


async def rows_with(server: ClickHouse, user_id: UUID) -> int:
    rows = await server.query(
        f"SELECT count() FROM {schema.EVENT_TABLE} FINAL WHERE position(concat(toString(user_id), toString(stream_id), "
        "payload), {id:String}) > 0",
        {"id": str(user_id)},
    )
    return rows[0][0]


async def test_the_ids_of_an_erased_account_and_its_guests_are_taken_out_and_counts_stay(
    clickhouse: ClickHouse, committed: AsyncEngine
) -> None:
    await schema.prepare(clickhouse, 730)
    anna, guest, bo = new_id(), new_id(), new_id()
    for player in (anna, guest, bo):
        await draw(3, user_id=player)
    async with transaction() as db:
        await append(db, anna, "account", 0, [AccountRegistered(user_id=anna)], anna)
    await send_all(clickhouse)
    assert await rows_with(clickhouse, anna) == 4

    async with transaction() as db:
        await append(db, anna, "account", 1, [AccountErased(user_id=anna, guest_ids=(guest,))], anna)
    await send_all(clickhouse)

    assert [await rows_with(clickhouse, one) for one in (anna, guest, bo)] == [0, 0, 3]
    assert await sink.reconcile(clickhouse) == {}

    async with transaction() as db:
        await repository.send_again(db)
    await send_all(clickhouse)
    assert [await rows_with(clickhouse, one) for one in (anna, guest, bo)] == [0, 0, 3]
    assert await sink.reconcile(clickhouse) == {}
