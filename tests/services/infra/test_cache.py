"""The read-through cache on a real Valkey, and without one."""

from __future__ import annotations

import asyncio

import pytest

from services.infra import redis as infra_redis
from services.infra.cache import Cache
from services.infra.embedded import free_port, publish_urls
from services.infra.resilience import breaker


class Loader:
    """Counts its calls and takes a moment for each."""

    def __init__(self, value: bytes = b"value") -> None:
        self.value = value
        self.calls = 0

    async def __call__(self) -> bytes:
        self.calls += 1
        await asyncio.sleep(0.02)
        return self.value


@pytest.fixture
async def dead_redis(server_urls: dict[str, str]):
    """REDIS_URL points at a port where nobody listens."""
    await infra_redis.close()
    publish_urls({"REDIS_URL": f"redis://127.0.0.1:{free_port()}/0"})
    yield
    await infra_redis.close()
    publish_urls({"REDIS_URL": server_urls["REDIS_URL"]})
    breaker("redis").__init__("redis")


async def test_a_hundred_callers_at_once_cause_one_load(redis_server: str):
    cache, load = Cache(1000), Loader()
    values = await asyncio.gather(*(cache.get_or_load("k", load, 60) for _ in range(100)))
    assert (set(values), load.calls) == ({b"value"}, 1)


async def test_another_process_finds_the_value_in_redis(redis_server: str):
    first, second = Loader(b"first"), Loader(b"second")
    await Cache(1000).get_or_load("k", first, 60)
    assert await Cache(1000).get_or_load("k", second, 60) == b"first"
    assert second.calls == 0


async def test_a_failed_load_is_told_to_all_callers_and_not_kept(redis_server: str):
    cache = Cache(1000)

    async def fail() -> bytes:
        await asyncio.sleep(0.01)
        raise ValueError("no")

    results = await asyncio.gather(*(cache.get_or_load("k", fail, 60) for _ in range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [ValueError] * 3
    assert await cache.get_or_load("k", Loader(), 60) == b"value"


async def test_a_caller_that_leaves_does_not_end_the_load_of_the_others(redis_server: str):
    cache, load = Cache(1000), Loader()
    leaving = asyncio.create_task(cache.get_or_load("k", load, 60))
    staying = asyncio.create_task(cache.get_or_load("k", load, 60))
    await asyncio.sleep(0.005)
    leaving.cancel()
    assert await staying == b"value"
    assert load.calls == 1


async def test_the_least_recently_used_values_leave_when_the_memory_is_full(dead_redis: None):
    cache = Cache(10)
    a, b, c = Loader(b"aaaa"), Loader(b"bbbb"), Loader(b"cccc")
    await cache.get_or_load("a", a, 60)
    await cache.get_or_load("b", b, 60)
    await cache.get_or_load("a", a, 60)
    await cache.get_or_load("c", c, 60)
    await cache.get_or_load("a", a, 60)
    await cache.get_or_load("b", b, 60)
    assert (a.calls, b.calls, c.calls) == (1, 2, 1)


async def test_a_value_is_loaded_again_after_its_time(dead_redis: None):
    cache, load = Cache(1000), Loader()
    await cache.get_or_load("k", load, 0)
    await cache.get_or_load("k", load, 60)
    assert load.calls == 2


async def test_values_are_served_while_redis_is_dead(dead_redis: None):
    cache, load = Cache(1000), Loader()
    assert await cache.get_or_load("k", load, 60) == b"value"


async def test_a_dead_redis_is_soon_not_asked_any_more(dead_redis: None):
    cache = Cache(1000)
    for number in range(6):
        await cache.get_or_load(str(number), Loader(), 60)
    assert breaker("redis").is_open
