"""The event store on a real PostgreSQL."""

from __future__ import annotations

import asyncio
from typing import ClassVar

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from services.infra import clock, events
from services.infra.db import transaction
from services.infra.errors import Conflict


class CoinTossed(events.Event):
    """A coin fell."""

    type: ClassVar[str] = "test.CoinTossed"
    payload_version: ClassVar[int] = 2
    upcasters: ClassVar[dict[int, events.Upcaster]] = {1: lambda old: {"side": old["face"].lower()}}

    side: str


async def test_events_come_back_in_the_order_of_their_versions(db: AsyncSession):
    stream, user = clock.new_id(), clock.new_id()
    await events.append(db, stream, "coin", 0, [CoinTossed(side="heads"), CoinTossed(side="tails")], user)
    await events.append(db, stream, "coin", 2, [CoinTossed(side="edge")], None)
    stored = await events.load(db, stream)
    assert [(one.version, one.event.side, one.user_id) for one in stored] == [
        (1, "heads", user),
        (2, "tails", user),
        (3, "edge", None),
    ]


async def test_a_version_that_is_taken_is_a_conflict(db: AsyncSession):
    stream = clock.new_id()
    await events.append(db, stream, "coin", 0, [CoinTossed(side="heads")], None)
    with pytest.raises(Conflict) as refused:
        await events.append(db, stream, "coin", 0, [CoinTossed(side="tails")], None)
    assert refused.value.code == "stale-version"


async def test_a_version_ahead_of_the_stream_is_a_conflict(db: AsyncSession):
    with pytest.raises(Conflict):
        await events.append(db, clock.new_id(), "coin", 4, [CoinTossed(side="tails")], None)


async def test_of_fifty_concurrent_appends_of_one_version_one_succeeds(committed: AsyncEngine):
    stream = clock.new_id()

    async def attempt(number: int) -> bool:
        try:
            async with transaction() as db:
                await events.append(db, stream, "coin", 0, [CoinTossed(side=str(number))], None)
        except Conflict:
            return False
        return True

    assert sum(await asyncio.gather(*(attempt(n) for n in range(50)))) == 1
    async with transaction() as db:
        assert len(await events.load(db, stream)) == 1
