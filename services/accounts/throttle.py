"""Limits on tries: a sliding window, counted in Redis by one atomic script, in the process while Redis is away.

Exactly ``count`` tries pass in any window. Keys are hashed, so that no address or mail is readable in Redis.

Sign-in has three: per network address, per account, and per device that signed in to the account before. A device
proves itself with a cookie of its own, so somebody who uses up an account's tries does not lock its owner out.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Final, cast
from uuid import UUID

from redis.exceptions import RedisError

from services.infra.errors import TooMany, Unavailable
from services.infra.redis import redis

_TIMEOUT_S: Final = 0.5
_LOCAL_KEYS: Final = 20_000
_DEVICE_S: Final = 180 * 86_400
_OUTAGES: Final = (RedisError, Unavailable, OSError, TimeoutError)


@dataclass(frozen=True, slots=True)
class Limit:
    """``count`` tries in any ``window_s`` seconds."""

    name: str
    count: int
    window_s: int


SIGN_IN_ACCOUNT: Final = Limit("sign-in-account", 20, 15 * 60)
SIGN_IN_DEVICE: Final = Limit("sign-in-device", 20, 15 * 60)
SIGN_IN_ADDRESS: Final = Limit("sign-in-address", 300, 10 * 60)
REGISTER_ADDRESS: Final = Limit("register-address", 30, 60 * 60)
GUEST_ADDRESS: Final = Limit("guest-address", 300, 10 * 60)


@dataclass(frozen=True, slots=True)
class Verdict:
    """One try: whether it passed, what is left, and when the next one would pass."""

    limit: Limit
    passed: bool
    remaining: int
    retry_after_s: int
    mark: str

    def enforce(self) -> Verdict:
        """Let a try pass.

        Raises:
            TooMany: It did not.
        """
        if not self.passed:
            raise TooMany("Too many tries. Wait before you try again.", retry_after_s=self.retry_after_s)
        return self


_SCRIPT: Final = """
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local count, window = tonumber(ARGV[1]), tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
local used = redis.call('ZCARD', KEYS[1])
if used < count then
  redis.call('ZADD', KEYS[1], now, ARGV[3])
  redis.call('PEXPIRE', KEYS[1], window)
  return {1, count - used - 1, 0}
end
local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
return {0, 0, tonumber(oldest[2]) + window - now}
"""

_local: OrderedDict[str, dict[str, float]] = OrderedDict()


def _key(limit: Limit, who: str) -> str:
    return f"mixline:tries:{limit.name}:{hashlib.sha256(who.encode()).hexdigest()}"


async def take(limit: Limit, who: str) -> Verdict:
    """Count one try of ``who``; never raises for an outage and never becomes unlimited in one.

    The process counts along all the time, so a limit that is half used up when Redis goes is not a fresh one.
    """
    key, mark = _key(limit, who), secrets.token_hex(8)
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            answer = redis().eval(_SCRIPT, 1, key, str(limit.count), str(limit.window_s * 1000), mark)
            passed, remaining, wait_ms = await cast("Awaitable[list[int]]", answer)
    except _OUTAGES:
        return _take_locally(limit, key, mark)
    if not passed:
        return Verdict(limit, False, 0, max(1, -(-wait_ms // 1000)), mark)
    here = _take_locally(limit, key, mark)
    return Verdict(limit, here.passed, min(remaining, here.remaining), here.retry_after_s, mark)


def _take_locally(limit: Limit, key: str, mark: str) -> Verdict:
    clock = time.monotonic()
    marks = {old: at for old, at in _local.pop(key, {}).items() if at > clock - limit.window_s}
    passed = len(marks) < limit.count
    if passed:
        marks[mark] = clock
    _local[key] = marks
    while len(_local) > _LOCAL_KEYS:
        _local.popitem(last=False)
    wait = 0 if passed else max(1, int(min(marks.values()) + limit.window_s - clock) + 1)
    return Verdict(limit, passed, limit.count - len(marks), wait, mark)


async def give_back(verdict: Verdict, who: str) -> None:
    """A try that succeeded does not count."""
    key = _key(verdict.limit, who)
    _local.get(key, {}).pop(verdict.mark, None)
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            await redis().zrem(key, verdict.mark)
    except _OUTAGES:
        return


def _device_key(secret: str) -> str:
    return f"mixline:device:{hashlib.sha256(secret.encode()).hexdigest()}"


async def trust_device(user_id: UUID) -> tuple[str, int] | None:
    """A device secret for a browser that has just signed in, and its life in seconds; None while Redis is away."""
    secret = secrets.token_urlsafe(32)
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            await redis().set(_device_key(secret), str(user_id), ex=_DEVICE_S)
    except _OUTAGES:
        return None
    return secret, _DEVICE_S


async def is_trusted(device_secret: str, user_id: UUID | None) -> bool:
    """Whether this browser signed in to the account before; asks Redis for an unknown account as well."""
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            owner: bytes | None = await redis().get(_device_key(device_secret))
    except _OUTAGES:
        return False
    return owner is not None and user_id is not None and owner.decode() == str(user_id)
