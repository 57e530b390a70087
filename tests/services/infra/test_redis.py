"""Publish and subscribe on a real Valkey."""

from __future__ import annotations

import asyncio

from services.infra.redis import publish, redis, subscribe


async def test_a_listener_hears_what_is_published_after_it_came(redis_server: str):
    await publish("news", {"n": 0})
    async with subscribe("news") as messages:
        await publish("news", {"n": 1})
        await publish("other", {"n": 2})
        await publish("news", {"n": 3})
        heard = [await asyncio.wait_for(anext(messages), 5) for _ in range(2)]
    assert heard == [{"n": 1}, {"n": 3}]


async def test_a_listener_goes_on_after_its_connection_was_cut(redis_server: str):
    async with subscribe("news") as messages:
        following = asyncio.create_task(anext(messages))
        await asyncio.sleep(0.1)
        await redis().execute_command("CLIENT", "KILL", "TYPE", "pubsub")

        async def publish_until_heard() -> None:
            while not following.done():
                await publish("news", {"n": 1})
                await asyncio.sleep(0.1)

        await asyncio.wait_for(publish_until_heard(), 10)
        assert following.result() in ({"n": 1}, {"resubscribed": True})
