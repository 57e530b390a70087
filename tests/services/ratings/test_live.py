"""Pages that follow a board are woken after commits, together and seldom."""

from __future__ import annotations

import asyncio
import time

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.infra.db import transaction
from services.infra.errors import TooMany
from services.infra.redis import publish, subscribe
from services.infra.settings import get_settings
from services.ratings import live
from services.ratings.live import BoardFeed, channel

from .conftest import add_player, graded, record

WEEKLY = channel("weekly")

pytestmark = pytest.mark.usefixtures("redis_server")


async def settled(feed: BoardFeed) -> None:
    """The listener is subscribed: a message sent now arrives."""
    async with feed.client() as probe, asyncio.timeout(5):
        while not probe.is_set():
            await publish(WEEKLY, {"set_id": "probe"})
            await asyncio.sleep(0.1)
        await asyncio.sleep(live.SETTLE_S + 0.2)


async def test_a_commit_announces_the_change_and_a_rollback_does_not(committed: AsyncEngine) -> None:
    async with subscribe(WEEKLY) as messages:
        with pytest.raises(ZeroDivisionError):
            async with transaction() as db:
                await record(db, await add_player(db, "Ann"), graded(1.0, number=1))
                raise ZeroDivisionError
        async with transaction() as db:
            await record(db, await add_player(db, "Bob"), graded(1.0, number=1, set_id="2026-W48"))
        async with asyncio.timeout(3):
            assert await anext(messages) == {"set_id": "2026-W48"}
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await anext(messages)


async def test_practice_announces_nothing(committed: AsyncEngine) -> None:
    async with subscribe(WEEKLY) as messages:
        async with transaction() as db:
            await record(db, await add_player(db, "Ann"), graded(1.0, mode="hands"))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await anext(messages)


async def test_every_client_is_woken_once_for_a_burst() -> None:
    feed = BoardFeed("weekly")
    async with feed.client() as keeper:
        await settled(feed)
        keeper.clear()
        async with feed.client() as other:
            started = time.monotonic()
            for _ in range(50):
                await publish(WEEKLY, {"set_id": "w"})
            async with asyncio.timeout(3):
                await asyncio.gather(keeper.wait(), other.wait())
            assert time.monotonic() - started >= live.SETTLE_S * 0.9
            keeper.clear()
            await asyncio.sleep(live.SETTLE_S + 0.3)
            assert not keeper.is_set()


async def test_the_listener_ends_with_its_last_client() -> None:
    feed = BoardFeed("weekly")
    async with feed.client(), feed.client():
        assert feed.clients == 2
        listener = feed._listener
    await asyncio.sleep(0.05)
    assert (feed.clients, feed._listener) == (0, None)
    assert listener is not None
    assert listener.cancelled()


async def test_a_client_over_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIXLINE_BOARD_CLIENTS", "1")
    get_settings.cache_clear()
    feed = BoardFeed("weekly")
    try:
        async with feed.client():
            with pytest.raises(TooMany):
                await feed.client().__aenter__()
            assert feed.clients == 1
    finally:
        monkeypatch.undo()
        get_settings.cache_clear()
