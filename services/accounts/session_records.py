"""The records of sessions in Redis: where they lie, how long they live, which there are, and how one is changed.

Each is a hash under the session's id, with an expiry that using it renews; a set for each user says which are theirs.
Who is calling is looked up in `services.accounts.sessions`, which keeps records in the process for a moment.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, cast
from uuid import UUID

from redis.exceptions import RedisError

from services.accounts.principals import Role
from services.infra.clock import now
from services.infra.errors import Unavailable
from services.infra.redis import redis
from services.infra.settings import get_settings

KEY: Final = "mixline:session:2:"
INDEX: Final = "mixline:sessions-of:2:"
RENEWED: Final = "mixline:session-renewed:"
RENEWED_S: Final = 60
"""For how long it is known that a session did not end but goes on under another id."""
REDIS_TIMEOUT_S: Final = 1.0
OUTAGES: Final = (RedisError, Unavailable, OSError, TimeoutError)


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long a session lives: after the last use, and in all."""

    idle: timedelta
    absolute: timedelta


UNUSED_GUEST: Final = timedelta(minutes=30)
LIFETIMES: Final = {
    Role.GUEST: Lifetime(timedelta(hours=24), timedelta(days=7)),
    Role.FREE: Lifetime(timedelta(hours=12), timedelta(days=3)),
    Role.PREMIUM: Lifetime(timedelta(hours=12), timedelta(days=3)),
    Role.ADMIN: Lifetime(timedelta(minutes=30), timedelta(hours=12)),
}


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """A session as its owner sees it; ``device`` and ``address`` are those that opened it."""

    id: str
    device: str
    address: str
    started_at: datetime
    last_used_at: datetime
    ends_at: datetime
    remembered: bool
    second_factor: bool


class SessionsUnavailable(Unavailable):
    """Redis does not answer, so nobody can be recognised."""

    default_code = "sessions-unavailable"

    def __init__(self) -> None:
        super().__init__("Reconnecting. Try again in a moment.")


def lifetime(role: Role, *, remember: bool) -> Lifetime:
    """The settings' for whoever asked to stay signed in, short ones otherwise; administrators are never remembered."""
    if not remember or role not in (Role.FREE, Role.PREMIUM):
        return LIFETIMES[role]
    settings = get_settings()
    return Lifetime(timedelta(hours=settings.session_idle_hours), timedelta(hours=settings.session_absolute_hours))


async def ids_of(user_id: UUID) -> list[str]:
    """The sessions of a user; some may have ended.

    Raises:
        SessionsUnavailable: Redis does not answer.
    """
    try:
        async with asyncio.timeout(REDIS_TIMEOUT_S):
            members = await cast("Awaitable[set[bytes]]", redis().smembers(INDEX + str(user_id)))
    except OUTAGES as error:
        raise SessionsUnavailable from error
    return [member.decode() for member in members]


async def ended_among(session_ids: Collection[str]) -> set[str]:
    """Those of the sessions that live no more; for telling pages that sit open.

    Raises:
        SessionsUnavailable: Redis does not answer.
    """
    return await _which(session_ids, KEY, there=False)


async def renewed_among(session_ids: Collection[str]) -> set[str]:
    """Those of the ended sessions that go on under another id.

    Raises:
        SessionsUnavailable: Redis does not answer.
    """
    return await _which(session_ids, RENEWED, there=True)


async def _which(session_ids: Collection[str], prefix: str, *, there: bool) -> set[str]:
    asked = list(session_ids)
    if not asked:
        return set()
    try:
        async with asyncio.timeout(REDIS_TIMEOUT_S), redis().pipeline(transaction=False) as pipe:
            for one in asked:
                pipe.exists(prefix + one)
            answers = await pipe.execute()
    except OUTAGES as error:
        raise SessionsUnavailable from error
    return {one for one, found in zip(asked, answers, strict=True) if bool(found) is there}


async def list_of(user_id: UUID) -> list[SessionInfo]:
    """A user's live sessions, the last used first (to the minute)."""
    found: list[SessionInfo] = []
    session_ids = await ids_of(user_id)
    try:
        async with asyncio.timeout(REDIS_TIMEOUT_S), redis().pipeline(transaction=False) as pipe:
            for one in session_ids:
                pipe.hgetall(KEY + one)
                pipe.ttl(KEY + one)
            answers = await pipe.execute()
            gone = [one for one, raw in zip(session_ids, answers[::2], strict=True) if not raw]
            if gone:
                await cast("Awaitable[int]", redis().srem(INDEX + str(user_id), *gone))
    except OUTAGES as error:
        raise SessionsUnavailable from error
    moment = now()
    for one, raw, left_s in zip(session_ids, answers[::2], answers[1::2], strict=True):
        if raw and float(raw[b"ends_at"]) > moment.timestamp():
            found.append(_info(one, raw, left_s, moment))
    return sorted(found, key=lambda session: session.last_used_at, reverse=True)


def _info(session_id: str, raw: Mapping[bytes, bytes], left_s: int, moment: datetime) -> SessionInfo:
    ends_at = datetime.fromtimestamp(float(raw[b"ends_at"]), tz=moment.tzinfo)
    started_at = datetime.fromtimestamp(float(raw[b"started_at"]), tz=moment.tzinfo)
    unused = timedelta(seconds=max(0, int(raw[b"idle_s"]) - left_s))
    return SessionInfo(
        id=session_id,
        device=raw[b"device"].decode(),
        address=raw[b"address"].decode(),
        started_at=started_at,
        last_used_at=max(started_at, moment - unused) if ends_at - moment > timedelta(seconds=left_s + 1) else moment,
        ends_at=ends_at,
        remembered=raw[b"remember"] == b"1",
        second_factor=raw[b"second_factor"] == b"1",
    )


# Only a session that lives is changed: HSET alone would make a record out of nothing.
_CHANGE: Final = """
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
if ARGV[1] ~= '' then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return 1
"""


async def change(session_id: str, expire_s: int | None, values: Mapping[str, str | int | float]) -> None:
    """Set fields of a session, and its expiry; one that has ended stays so."""
    flat = [str(part) for pair in values.items() for part in pair]
    answer = redis().eval(_CHANGE, 1, KEY + session_id, str(expire_s or ""), *flat)
    await cast("Awaitable[int]", answer)
