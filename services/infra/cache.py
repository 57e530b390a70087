"""A read-through cache for bytes: this process, then Redis, then the caller's loader.

One load at a time for a key in a process: the others wait for the first one's answer. Redis is a help, never a need:
when it is away the breaker skips it and the value is loaded. Values are never changed after they were stored, so no
invalidation exists; a changed thing has another key.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from redis.exceptions import RedisError

from services.infra import metrics
from services.infra.errors import Unavailable
from services.infra.redis import cache_redis
from services.infra.resilience import breaker
from services.infra.settings import get_settings

PREFIX = "cache:"


class Cache:
    """A cache with ``limit_bytes`` of its own memory; least recently used values leave first."""

    def __init__(self, limit_bytes: int | None = None) -> None:
        self._limit = get_settings().cache_bytes if limit_bytes is None else limit_bytes
        self._size = 0
        self._values: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._loading: dict[str, asyncio.Task[bytes]] = {}

    async def get_or_load(self, key: str, load: Callable[[], Awaitable[bytes]], ttl_s: int) -> bytes:
        """The value of ``key``, loaded at most once at a time.

        A caller that is cancelled does not cancel the load the others wait for. Whatever ``load`` raises is raised to
        all waiting callers and nothing is stored.
        """
        if (value := self._get_local(key)) is not None:
            metrics.cache_requests.labels("process").inc()
            return value
        task = self._loading.get(key)
        if task is None:
            task = asyncio.create_task(self._load(key, load, ttl_s), name=f"cache {key}")
            self._loading[key] = task
            task.add_done_callback(lambda done: self._finished(key, done))
        return await asyncio.shield(task)

    def _finished(self, key: str, task: asyncio.Task[bytes]) -> None:
        self._loading.pop(key, None)
        if not task.cancelled():
            task.exception()  # marks it as seen when every caller has gone

    async def _load(self, key: str, load: Callable[[], Awaitable[bytes]], ttl_s: int) -> bytes:
        value = await self._get_redis(key)
        if value is None:
            metrics.cache_requests.labels("load").inc()
            value = await load()
            await self._put_redis(key, value, ttl_s)
        else:
            metrics.cache_requests.labels("redis").inc()
        self._put_local(key, value, ttl_s)
        return value

    async def _get_redis(self, key: str) -> bytes | None:
        try:
            async with breaker("redis")():
                return await cache_redis().get(PREFIX + key)
        except (RedisError, Unavailable, OSError):
            return None

    async def _put_redis(self, key: str, value: bytes, ttl_s: int) -> None:
        try:
            async with breaker("redis")():
                await cache_redis().set(PREFIX + key, value, ex=ttl_s)
        except (RedisError, Unavailable, OSError):
            return

    def _get_local(self, key: str) -> bytes | None:
        held = self._values.get(key)
        if held is None:
            return None
        expires, value = held
        if expires <= time.monotonic():
            self._drop(key)
            return None
        self._values.move_to_end(key)
        return value

    def _put_local(self, key: str, value: bytes, ttl_s: int) -> None:
        self._drop(key)
        if len(value) > self._limit:
            return
        self._values[key] = (time.monotonic() + ttl_s, value)
        self._size += len(value)
        while self._size > self._limit:
            self._drop(next(iter(self._values)))

    def _drop(self, key: str) -> None:
        held = self._values.pop(key, None)
        if held is not None:
            self._size -= len(held[1])
