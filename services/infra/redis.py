"""Redis: the process's clients, and publish/subscribe of JSON payloads.

Redis is never the truth: whatever is in it may vanish, and callers go on without it. Page state and the cache, which
grow as visitors like, lie on a server of their own where there is one: a full server forgets what it was asked for
least, and that must not be somebody's session.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeout

from services.infra import tasks
from services.infra.errors import Unavailable
from services.infra.settings import get_settings

CONNECT_TIMEOUT_S = 1.0
ANSWER_TIMEOUT_S = 1.5
RESUBSCRIBE_S = 0.5


@lru_cache(maxsize=1)
def redis() -> Redis:
    """The client of this process; values are bytes.

    Raises:
        Unavailable: No Redis is configured.
    """
    return _client(get_settings().redis_url.get_secret_value())


@lru_cache(maxsize=1)
def cache_redis() -> Redis:
    """The same for the cache of strategies.

    Raises:
        Unavailable: No Redis is configured.
    """
    settings = get_settings()
    return _client(settings.cache_redis_url.get_secret_value() or settings.redis_url.get_secret_value())


@lru_cache(maxsize=1)
def page_redis() -> Redis:
    """The same for page state, which is Reflex's own: only for asking whether the server answers.

    Raises:
        Unavailable: No Redis is configured.
    """
    return _client(get_settings().page_state_redis_url or "")


_CLIENTS = (redis, cache_redis, page_redis)


def _client(url: str) -> Redis:
    if not url:
        raise Unavailable("no Redis is configured: start the product with ./mixline up or set REDIS_URL")
    return Redis.from_url(
        url,
        socket_connect_timeout=CONNECT_TIMEOUT_S,
        socket_timeout=ANSWER_TIMEOUT_S,
        # One immediate second try: it only replaces a pooled connection that the server closed meanwhile.
        retry=Retry(NoBackoff(), 1),
        health_check_interval=15,
    )


async def page_state_answers() -> bool:
    """Whether the server of page state does."""
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            await page_redis().execute_command("PING")
    except (RedisError, Unavailable, OSError, TimeoutError):
        return False
    return True


async def close() -> None:
    """Close every connection once nothing is being announced; the next :func:`redis` starts afresh."""
    await tasks.settled()
    for client in _CLIENTS:
        if client.cache_info().currsize:
            await client().aclose()
            client.cache_clear()


def _channel(name: str) -> str:
    """Channels are global to a server; the number of the logical database keeps two installations apart."""
    database = redis().connection_pool.connection_kwargs.get("db") or 0
    return f"{database}:{name}"


async def publish(channel: str, payload: dict[str, Any]) -> None:
    """Send ``payload`` to whoever listens now; nobody learns of it when Redis is away."""
    try:
        await redis().publish(_channel(channel), json.dumps(payload, separators=(",", ":"), default=str))
    except (RedisError, Unavailable):
        return


@asynccontextmanager
async def subscribe(channel: str) -> AsyncGenerator[AsyncIterator[dict[str, Any]]]:
    """Listen to ``channel``: messages published after the block was entered, across reconnects.

    What was published while Redis was away is lost; a listener that must not miss anything reads its truth again after
    the message ``{"resubscribed": True}``, which follows every reconnect.
    """
    pubsub = redis().pubsub(ignore_subscribe_messages=True)
    await pubsub.subscribe(_channel(channel))

    async def messages() -> AsyncIterator[dict[str, Any]]:
        lost = False
        while True:
            try:
                message = await pubsub.get_message(timeout=10.0)
                if lost:
                    lost = False
                    yield {"resubscribed": True}
            except (RedisConnectionError, RedisTimeout):
                lost = True
                await asyncio.sleep(RESUBSCRIBE_S)
                continue
            if message is not None:
                yield json.loads(message["data"])

    try:
        yield messages()
    finally:
        await pubsub.aclose()
