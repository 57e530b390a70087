"""Who is calling: sessions in Redis, behind two cookies.

A session is a record in Redis with an idle and an absolute end. The browser holds an access token, which names the
session for ten minutes, and a refresh token, which is new after each use (`refresh_tokens`); the record is the family
of both. Neither counts without the record, so ending it stops REST and open sockets. A copy of Redis signs nobody in.
With Redis gone everybody is signed out and nothing else is lost, because Postgres holds everything that matters.

A visitor gets a guest session with the first document, because the socket shows only the cookies of its handshake. The
guest's ``user_id`` is minted then; its row is written before the first row that refers to it (`ensure_user`).

Looked-up sessions are kept for `MICRO_CACHE_S` in the process, so a session that was ended elsewhere lives that long.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, cast
from uuid import UUID

from services.accounts import access_tokens, cookies, refresh_tokens, repository
from services.accounts.principals import Principal, Role
from services.accounts.refresh_tokens import Family, Outcome
from services.accounts.session_records import (
    INDEX,
    KEY,
    LIFETIMES,
    OUTAGES,
    REDIS_TIMEOUT_S,
    RENEWED,
    RENEWED_S,
    UNUSED_GUEST,
    SessionsUnavailable,
    change,
    ids_of,
    lifetime,
    list_of,
)
from services.infra.clock import new_id, now
from services.infra.errors import Unauthorized
from services.infra.redis import redis
from services.infra.settings import get_settings

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

COOKIE: Final = cookies.ACCESS
MICRO_CACHE_S: Final = 1.0
MOST_OF_ONE: Final = 50
"""Sessions of one account; another ends the one that was used least lately, so that nobody fills what all share."""
_MICRO_CACHE_SIZE: Final = 10_000
_TOUCH_EVERY_S: Final = 60.0
_TICKET_KEY: Final = secrets.token_bytes(32)


@dataclass(frozen=True, slots=True)
class IssuedSession:
    """A session with the one copy of its tokens; ``max_age_s`` is None for cookies of the browser session."""

    access: str
    refresh: str
    principal: Principal
    max_age_s: int | None

    @property
    def cookie_header(self) -> str:
        """What a browser on plain http sends."""
        return f"{cookies.ACCESS}={self.access}; {cookies.REFRESH}={self.refresh}"


class RefreshReused(Unauthorized):
    """A refresh token came that had been replaced before; its session has been ended."""

    default_code = "refresh-reused"

    def __init__(self, user_id: UUID | None) -> None:
        self.user_id = user_id
        super().__init__("This session was used from two places and has been ended. Sign in again.")


@dataclass(slots=True)
class _Cached:
    principal: Principal | None
    idle_s: int
    ends_at: float
    read_at: float
    touched_at: float
    remembered: bool = False


_cache: OrderedDict[str, _Cached] = OrderedDict()


def hash_secret(secret: str) -> str:
    """The id of a session, from the part of its refresh token that stays."""
    return refresh_tokens.digest(secret)


def guest_name(user_id: UUID) -> str:
    """What a guest is called until there is an account."""
    return f"Guest {user_id.hex[-4:].upper()}"


def session_secret(cookie_header: str | None) -> str | None:
    """The part of the refresh token that stays for the session's life; CSRF tokens are made under it."""
    family = refresh_tokens.parse(cookies.read(cookie_header).get(cookies.REFRESH))
    return None if family is None else family.secret


def named_session(cookie_header: str | None) -> str | None:
    """The id of the session that a good ticket or access token names, whether or not it still lives."""
    held = cookies.read(cookie_header)
    if cookies.TICKET in held:
        session_id, _, proof = held[cookies.TICKET].partition(".")
        return session_id if hmac.compare_digest(proof.encode(), _prove(session_id).encode()) else None
    access = access_tokens.read(held.get(cookies.ACCESS))
    return None if access is None else access.session_id


def ticket_of(session_id: str) -> str:
    """A ``Cookie`` header that binds a socket to its session for as long as both live.

    A socket shows the cookies of its handshake for ever, an access token is good for minutes. So the middleware checks
    them once, at the handshake, and puts this in their place; only this process can make one.
    """
    return f"{cookies.TICKET}={session_id}.{_prove(session_id)}"


def _prove(session_id: str) -> str:
    return hmac.new(_TICKET_KEY, session_id.encode(), "sha256").hexdigest()


async def resolve(cookie_header: str | None) -> Principal | None:
    """Who holds this ``Cookie`` header.

    Raises:
        SessionsUnavailable: Redis does not answer; the caller refuses whatever needs a principal.
    """
    session_id = named_session(cookie_header)
    return None if session_id is None else await look_up(session_id)


async def look_up(session_id: str) -> Principal | None:
    """Who holds the session, if it lives; using a session renews its idle time."""
    entry = await _entry(session_id)
    return entry.principal if now().timestamp() < entry.ends_at else None


async def _entry(session_id: str) -> _Cached:
    cached = _cache.get(session_id)
    clock = monotonic()
    if cached is not None and clock - cached.read_at < MICRO_CACHE_S:
        return cached
    try:
        async with asyncio.timeout(REDIS_TIMEOUT_S):
            raw = await cast("Awaitable[dict[bytes, bytes]]", redis().hgetall(KEY + session_id))
            entry = _decode(session_id, raw, clock)
            if cached is not None and clock - cached.touched_at < _TOUCH_EVERY_S:
                entry.touched_at = cached.touched_at
            elif entry.principal is not None:
                left = max(1, int(entry.ends_at - now().timestamp()))
                await redis().expire(KEY + session_id, min(entry.idle_s, left))
    except OUTAGES as error:
        raise SessionsUnavailable from error
    _cache[session_id] = entry
    _cache.move_to_end(session_id)
    while len(_cache) > _MICRO_CACHE_SIZE:
        _cache.popitem(last=False)
    return entry


def _decode(session_id: str, raw: Mapping[bytes, bytes], clock: float) -> _Cached:
    if not raw or float(raw[b"ends_at"]) <= now().timestamp():
        return _Cached(None, 0, 0.0, clock, clock)
    principal = Principal(
        UUID(raw[b"user_id"].decode()),
        Role(raw[b"role"].decode()),
        raw[b"name"].decode(),
        session_id,
        second_factor=raw[b"second_factor"] == b"1",
    )
    ends_at, remembered = float(raw[b"ends_at"]), raw[b"remember"] == b"1"
    return _Cached(principal, int(raw[b"idle_s"]), ends_at, clock, clock, remembered)


async def start(
    user_id: UUID,
    role: Role,
    name: str,
    *,
    remember: bool = False,
    second_factor: bool = False,
    device: str = "",
    address: str = "",
) -> IssuedSession:
    """Open a session under a new secret. A login or registration ends the old session itself (`end`).

    Args:
        user_id: Whose it is.
        role: Their role.
        name: How they are called.
        remember: The settings' lifetime instead of a short one.
        second_factor: It was shown just now.
        device: The browser's own description, shown to the owner among the sessions.
        address: Where it came from, shown likewise.
    """
    family = refresh_tokens.new_family()
    principal = Principal(user_id, role, name, family.session_id, second_factor=second_factor)
    life = lifetime(role, remember=remember)
    idle_s, absolute_s = int(life.idle.total_seconds()), int(life.absolute.total_seconds())
    started = now().timestamp()
    record: dict[str, str | bytes | int | float] = {
        "user_id": str(user_id),
        "role": role.value,
        "name": name,
        "remember": int(remember),
        "second_factor": int(second_factor),
        "idle_s": idle_s,
        "started_at": started,
        "ends_at": started + absolute_s,
        "device": device[:200],
        "address": address[:64],
        "refresh": refresh_tokens.digest(family.rotating),
        "sealed": refresh_tokens.seal(family),
    }
    first_s = int(UNUSED_GUEST.total_seconds()) if role is Role.GUEST else idle_s
    try:
        async with asyncio.timeout(REDIS_TIMEOUT_S), redis().pipeline(transaction=True) as pipe:
            pipe.hset(KEY + family.session_id, mapping=cast("Any", record))
            pipe.expire(KEY + family.session_id, first_s)
            if principal.signed_in:
                pipe.sadd(INDEX + str(user_id), family.session_id)
                pipe.expire(INDEX + str(user_id), get_settings().session_absolute_hours * 3600 + 86_400)
                pipe.scard(INDEX + str(user_id))
            *_, held = await pipe.execute()
    except OUTAGES as error:
        raise SessionsUnavailable from error
    if principal.signed_in and held > MOST_OF_ONE:
        others = [one.id for one in await list_of(user_id) if one.id != family.session_id]
        await _end(user_id, others[MOST_OF_ONE - 1 :])
    kept = life != LIFETIMES[role]
    access = access_tokens.issue(user_id, family.session_id, role.value, ends_at=started + absolute_s)
    return IssuedSession(access, family.token, principal, absolute_s if kept else None)


async def start_guest(*, device: str = "", address: str = "") -> IssuedSession:
    """Open a session for somebody new."""
    user_id = new_id()
    return await start(user_id, Role.GUEST, guest_name(user_id), device=device, address=address)


async def refresh(cookie_header: str | None) -> IssuedSession | None:
    """New tokens for the refresh token of this header; None when its session has ended or there is none.

    Raises:
        RefreshReused: It had been replaced before; the session has been ended.
        SessionsUnavailable: Redis does not answer.
    """
    found = await _present(cookie_header, rotate=True)
    if found is None:
        return None
    return _issued(*found)


def _issued(entry: _Cached, held: Family) -> IssuedSession:
    """Tokens for a session that lives already."""
    principal = cast("Principal", entry.principal)
    access = access_tokens.issue(principal.user_id, principal.session_id, principal.role.value, ends_at=entry.ends_at)
    left = max(1, int(entry.ends_at - now().timestamp()))
    return IssuedSession(access, held.token, principal, left if entry.remembered else None)


async def holder(cookie_header: str | None) -> Principal | None:
    """`resolve`, for a socket's handshake: there the refresh token will do, and is not replaced.

    Raises:
        RefreshReused: It had been replaced before; the session has been ended.
        SessionsUnavailable: Redis does not answer.
    """
    principal = await resolve(cookie_header)
    if principal is not None:
        return principal
    found = await _present(cookie_header, rotate=False)
    return None if found is None else found[0].principal


async def _present(cookie_header: str | None, *, rotate: bool) -> tuple[_Cached, Family] | None:
    family = refresh_tokens.parse(cookies.read(cookie_header).get(cookies.REFRESH))
    if family is None:
        return None
    entry = await _entry(family.session_id)
    if entry.principal is None or entry.ends_at <= now().timestamp():
        return None
    try:
        async with asyncio.timeout(REDIS_TIMEOUT_S):
            outcome, held = await refresh_tokens.present(KEY, family, rotate=rotate)
    except OUTAGES as error:
        raise SessionsUnavailable from error
    if outcome is Outcome.REUSED:
        _cache.pop(family.session_id, None)
        await _forget_in_index(entry.principal)
        raise RefreshReused(entry.principal.user_id if entry.principal.signed_in else None)
    return None if outcome is Outcome.UNKNOWN else (entry, held)


async def _forget_in_index(principal: Principal) -> None:
    try:
        await cast("Awaitable[int]", redis().srem(INDEX + str(principal.user_id), principal.session_id))
    except OUTAGES:
        return  # the set only speeds up finding sessions; ended ones in it do nothing


async def end(principal: Principal) -> None:
    """End one session; this process forgets it at once, the others within `MICRO_CACHE_S`."""
    await _end(principal.user_id, [principal.session_id])


async def end_one(user_id: UUID, session_id: str) -> bool:
    """End a session of this user; whether there was one."""
    if session_id not in await ids_of(user_id):
        return False
    return await _end(user_id, [session_id]) > 0


async def end_all(user_id: UUID, *, but: str | None = None) -> int:
    """End every session of a user, except the one with the id ``but``; how many there were."""
    return await _end(user_id, [one for one in await ids_of(user_id) if one != but])


async def _end(user_id: UUID, session_ids: list[str]) -> int:
    if not session_ids:
        return 0
    keys = [KEY + one for one in session_ids]
    try:
        async with asyncio.timeout(REDIS_TIMEOUT_S), redis().pipeline(transaction=True) as pipe:
            pipe.delete(*keys)
            pipe.delete(*(refresh_tokens.RECENT + one for one in session_ids))
            pipe.srem(INDEX + str(user_id), *session_ids)
            ended, *_ = await pipe.execute()
    except OUTAGES as error:
        raise SessionsUnavailable from error
    for one in session_ids:
        _cache.pop(one, None)
    return ended


async def update_all(
    user_id: UUID, *, role: Role | None = None, name: str | None = None, second_factor: bool | None = None
) -> None:
    """Show a changed role or name in the user's live sessions, or that there is no second factor any more.

    A role that shortens the lifetime does so at once.
    """
    try:
        async with asyncio.timeout(REDIS_TIMEOUT_S):
            for session_id in await ids_of(user_id):
                raw = await cast("Awaitable[dict[bytes, bytes]]", redis().hgetall(KEY + session_id))
                if not raw:
                    continue
                values: dict[str, str | int | float] = {} if name is None else {"name": name}
                if second_factor is not None:
                    values["second_factor"] = int(second_factor)
                expire_s = None
                if role is not None:
                    life = lifetime(role, remember=raw[b"remember"] == b"1")
                    expire_s = int(life.idle.total_seconds())
                    end_of_new = float(raw[b"started_at"]) + life.absolute.total_seconds()
                    values |= {"role": role.value, "idle_s": expire_s}
                    values["ends_at"] = min(float(raw[b"ends_at"]), end_of_new)
                if values:
                    await change(session_id, expire_s, values)
                    _cache.pop(session_id, None)
    except OUTAGES as error:
        raise SessionsUnavailable from error


# RENAME keeps the record and its expiry, and in one step: a session that is ended meanwhile stays ended.
_RENEW: Final = """
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('RENAME', KEYS[1], KEYS[2])
redis.call('HSET', KEYS[2], 'refresh', ARGV[1], 'sealed', ARGV[2], 'second_factor', '1')
redis.call('DEL', KEYS[3])
redis.call('SREM', KEYS[4], ARGV[3])
redis.call('SADD', KEYS[4], ARGV[4])
redis.call('SET', KEYS[5], '1', 'EX', ARGV[5])
return 1
"""


async def renew_with_second_factor(principal: Principal) -> IssuedSession:
    """The second factor was shown in this session: it goes on under a new id and new tokens, the old ones are dead.

    Call it in the transaction that locks the account, so that whoever ends its sessions meanwhile finds the new one.

    Raises:
        Unauthorized: The session has ended meanwhile.
        SessionsUnavailable: Redis does not answer.
    """
    family, before = refresh_tokens.new_family(), principal.session_id
    keys = [KEY + before, KEY + family.session_id, refresh_tokens.RECENT + before, INDEX + str(principal.user_id)]
    sealed: Any = refresh_tokens.seal(family)
    values = [refresh_tokens.digest(family.rotating), sealed, before, family.session_id, str(RENEWED_S)]
    try:
        async with asyncio.timeout(REDIS_TIMEOUT_S):
            answer = redis().eval(_RENEW, len(keys) + 1, *keys, RENEWED + before, *values)
            lives = await cast("Awaitable[int]", answer)
    except OUTAGES as error:
        raise SessionsUnavailable from error
    _cache.pop(before, None)
    if not lives:
        raise Unauthorized("Your session has ended. Sign in again.", code="session-ended")
    entry = await _entry(family.session_id)
    if entry.principal is None:
        raise Unauthorized("Your session has ended. Sign in again.", code="session-ended")
    return _issued(entry, family)


async def ensure_user(db: AsyncSession, principal: Principal) -> None:
    """Write a guest's row before the first row that refers to it, and hold off a merge of this guest until the commit.

    Raises:
        Unauthorized: The guest has signed in to an account meanwhile; what it plays now belongs to nobody.
    """
    if principal.signed_in:
        return
    merged_into = await repository.lock_or_insert_guest(db, principal.user_id, principal.name)
    if merged_into is not None:
        raise Unauthorized("Your session has ended. Reload the page.", code="session-ended")
