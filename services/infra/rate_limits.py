"""Rate limits: exact moving windows of the library ``limits``, counted in Redis and in the process along with it.

Exactly ``count`` tries pass in any window, however many come at once: Redis decides in one atomic script. The process
counts every try that passed as well, so a limit that is half used up when Redis goes is not a fresh one, and without
Redis each process goes on alone. Keys are hashed: neither an address nor a mail address is readable in Redis.
"""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import math
import time
from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from limits import RateLimitItem, RateLimitItemPerSecond
from limits.aio.storage import RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.infra.errors import TooMany, Unavailable
from services.infra.redis import redis

TIMEOUT_S: Final = 0.5
LOCAL_KEYS: Final = 20_000
_PREFIX: Final = "mixline:tries"
_OUTAGES: Final = (RedisError, Unavailable, OSError, TimeoutError)


@dataclass(frozen=True, slots=True)
class Limit:
    """``count`` tries in any ``window_s`` seconds; ``name`` is shown to callers."""

    name: str
    count: int
    window_s: int

    @property
    def item(self) -> RateLimitItem:
        """The library's form of it."""
        return RateLimitItemPerSecond(self.count, self.window_s, namespace=f"{self.name}:{self.count}")


@dataclass(frozen=True, slots=True)
class Verdict:
    """One try: whether it passed, what is left, and in how many seconds the window has room again."""

    limit: Limit
    passed: bool
    remaining: int
    reset_s: int

    @property
    def retry_after_s(self) -> int:
        """Seconds until a try passes again; 0 where one would pass now."""
        return 0 if self.passed else max(1, self.reset_s)

    @property
    def fields(self) -> dict[str, str]:
        """The response fields ``RateLimit-Policy`` and ``RateLimit`` (IETF httpapi draft), and ``Retry-After``."""
        name = self.limit.name
        told = {
            "RateLimit-Policy": f'"{name}";q={self.limit.count};w={self.limit.window_s}',
            "RateLimit": f'"{name}";r={self.remaining};t={self.reset_s}',
        }
        return told if self.passed else told | {"Retry-After": str(self.retry_after_s)}

    def enforce(self) -> Verdict:
        """Let a try pass.

        Raises:
            TooMany: It did not.
        """
        if not self.passed:
            raise TooMany(
                "Too many tries. Wait before you try again.", retry_after_s=self.retry_after_s, headers=self.fields
            )
        return self


class _Shared:
    """The limiter on the process's Redis client, made anew when the client is."""

    def __init__(self, client: Redis) -> None:
        self.client = client
        # The address is only looked at for its scheme: connections come from the client's pool.
        pool: Any = client.connection_pool
        self.storage = RedisStorage(
            "async+redis://", implementation="redispy", key_prefix=_PREFIX, connection_pool=pool
        )
        self.limiter = MovingWindowRateLimiter(self.storage)


class _Windows:
    """Moving windows in the process's own memory, at most `LOCAL_KEYS` of them: those used least recently leave.

    The library's own look through all windows with each try, in threads, and keep a lock for each that ever was: a
    caller who makes up names would keep the process busy with nothing else.
    """

    def __init__(self) -> None:
        self.marks: OrderedDict[tuple[Limit, str], deque[float]] = OrderedDict()

    def take(self, limit: Limit, key: str) -> Verdict:
        """Count one try; its cost does not grow with how many windows there are."""
        moment = time.time()
        marks = self.marks.setdefault((limit, key), deque())
        self.marks.move_to_end((limit, key))
        while marks and marks[0] < moment - limit.window_s:
            marks.popleft()
        passed = len(marks) < limit.count
        if passed:
            marks.append(moment)
        while len(self.marks) > LOCAL_KEYS:
            self.marks.popitem(last=False)
        first = marks[0] if marks else moment
        return Verdict(limit, passed, limit.count - len(marks), _seconds_until(first + limit.window_s))

    def give_back(self, limit: Limit, key: str) -> None:
        """The newest try does not count."""
        if marks := self.marks.get((limit, key)):
            marks.pop()


_shared: _Shared | None = None
_local = _Windows()


def _in_redis() -> _Shared:
    global _shared  # noqa: PLW0603 follows the one client of the process
    client = redis()
    if _shared is None or _shared.client is not client:
        _shared = _Shared(client)
    return _shared


def forget() -> None:
    """Empty the process's own count."""
    _local.marks.clear()


def _who(who: str) -> str:
    return hashlib.sha256(who.encode()).hexdigest()


def address_of(scope: Mapping[str, Any]) -> str:
    """Whom a connection counts for: an IPv4 address, or the /64 that a holder of IPv6 has to himself."""
    host = str((scope.get("client") or ("unknown",))[0])
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False))


async def take(limit: Limit, who: str) -> Verdict:
    """Count one try of ``who``; never raises for an outage and never becomes unlimited in one."""
    key = _who(who)
    try:
        async with asyncio.timeout(TIMEOUT_S):
            limiter = _in_redis().limiter
            passed = await limiter.hit(limit.item, key)
            reset_at, remaining = await limiter.get_window_stats(limit.item, key)
    except _OUTAGES:
        return _local.take(limit, key)
    if not passed:
        return Verdict(limit, False, 0, _seconds_until(reset_at))
    here = _local.take(limit, key)
    return Verdict(limit, here.passed, min(remaining, here.remaining), max(here.reset_s, _seconds_until(reset_at)))


def _seconds_until(moment: float) -> int:
    return max(0, math.ceil(moment - time.time()))


async def give_back(verdict: Verdict, who: str) -> None:
    """A try that succeeded does not count. The newest mark of the window stands for one's own."""
    key = _who(who)
    _local.give_back(verdict.limit, key)
    name = verdict.limit.item.key_for(key)
    try:
        async with asyncio.timeout(TIMEOUT_S):
            shared = _in_redis()
            await cast("Any", shared.client).lpop(shared.storage.bridge.prefixed_key(name))
    except _OUTAGES:
        return
