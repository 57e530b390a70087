"""Who is calling: sessions in Redis behind one opaque cookie.

The cookie holds 256 random bits. Redis holds a record under their SHA-256, so that a copy of Redis signs nobody in. A
session ends by idleness, by its absolute end, by signing out, or with Redis: then everybody is signed out and nothing
else is lost, because Postgres holds everything that matters.

A visitor gets a guest session with the first document, because the socket shows only the cookies of its handshake. The
guest's ``user_id`` is minted then; its row is written before the first row that refers to it (`ensure_user`).

Looked-up sessions are kept for `MICRO_CACHE_S` in the process, so a session that was ended elsewhere lives that long.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from http.cookies import CookieError, SimpleCookie
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, cast
from uuid import UUID

from redis.exceptions import RedisError

from services.accounts import repository
from services.accounts.throttle import GUEST_ADDRESS, address_of, take
from services.infra.clock import new_id, now
from services.infra.errors import Unauthorized, Unavailable
from services.infra.redis import redis
from services.infra.settings import get_settings

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE: Final = "mixline_session"
SECURE_COOKIE: Final = "__Host-mixline_session"
MICRO_CACHE_S: Final = 1.0
_MICRO_CACHE_SIZE: Final = 10_000
_TOUCH_EVERY_S: Final = 60.0
_REDIS_TIMEOUT_S: Final = 1.0
_OUTAGES: Final = (RedisError, Unavailable, OSError, TimeoutError)
_KEY: Final = "mixline:session:"
_INDEX: Final = "mixline:sessions-of:"


class Role(StrEnum):
    """What an account may do; each includes the ones before it."""

    GUEST = "guest"
    FREE = "free"
    PREMIUM = "premium"
    ADMIN = "admin"

    @property
    def rank(self) -> int:
        """Position among the roles, lowest first."""
        return list(Role).index(self)


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
class Principal:
    """A caller with a live session. ``session_id`` is the hash of the cookie, never the cookie."""

    user_id: UUID
    role: Role
    name: str
    session_id: str

    @property
    def signed_in(self) -> bool:
        """Whether it is somebody with an account."""
        return self.role is not Role.GUEST


@dataclass(frozen=True, slots=True)
class IssuedSession:
    """A new session with the one copy of its secret; ``max_age_s`` is None for a cookie of the browser session."""

    secret: str
    principal: Principal
    max_age_s: int | None


class SessionsUnavailable(Unavailable):
    """Redis does not answer, so nobody can be recognised."""

    default_code = "sessions-unavailable"

    def __init__(self) -> None:
        super().__init__("Reconnecting. Try again in a moment.")


@dataclass(slots=True)
class _Cached:
    principal: Principal | None
    idle_s: int
    ends_at: float
    read_at: float
    touched_at: float


_cache: OrderedDict[str, _Cached] = OrderedDict()


def lifetime(role: Role, *, remember: bool) -> Lifetime:
    """The settings' for whoever asked to stay signed in, short ones otherwise; administrators are never remembered."""
    if not remember or role not in (Role.FREE, Role.PREMIUM):
        return LIFETIMES[role]
    settings = get_settings()
    return Lifetime(timedelta(hours=settings.session_idle_hours), timedelta(hours=settings.session_absolute_hours))


def hash_secret(secret: str) -> str:
    """The id of a session, from its cookie."""
    return hashlib.sha256(secret.encode()).hexdigest()


def guest_name(user_id: UUID) -> str:
    """What a guest is called until there is an account."""
    return f"Guest {user_id.hex[-4:].upper()}"


def session_secret(cookie_header: str | None) -> str | None:
    """The cookie's value; where ``__Host-`` is due or present the other, which a subdomain can plant, is ignored."""
    if not cookie_header or len(cookie_header) > 16_384:
        return None
    jar = SimpleCookie()
    try:
        jar.load(cookie_header)
    except CookieError:
        return None
    morsel = jar.get(SECURE_COOKIE)
    if morsel is None and not get_settings().public_url.startswith("https://"):
        morsel = jar.get(COOKIE)
    return morsel.value if morsel is not None and 40 <= len(morsel.value) <= 64 else None


async def resolve(cookie_header: str | None) -> Principal | None:
    """Who holds this ``Cookie`` header.

    Raises:
        SessionsUnavailable: Redis does not answer; the caller refuses whatever needs a principal.
    """
    secret = session_secret(cookie_header)
    return None if secret is None else await resolve_secret(secret)


async def resolve_secret(secret: str) -> Principal | None:
    """`resolve` for the cookie's value."""
    session_id = hash_secret(secret)
    cached = _cache.get(session_id)
    clock = monotonic()
    if cached is not None and clock - cached.read_at < MICRO_CACHE_S:
        return cached.principal if now().timestamp() < cached.ends_at else None
    try:
        async with asyncio.timeout(_REDIS_TIMEOUT_S):
            raw = await redis().get(_KEY + session_id)
            entry = _decode(session_id, raw, clock)
            if cached is not None and clock - cached.touched_at < _TOUCH_EVERY_S:
                entry.touched_at = cached.touched_at
            elif entry.principal is not None:
                left = max(1, int(entry.ends_at - now().timestamp()))
                await redis().expire(_KEY + session_id, min(entry.idle_s, left))
    except _OUTAGES as error:
        raise SessionsUnavailable from error
    _remember(session_id, entry)
    return entry.principal


def _decode(session_id: str, raw: bytes | None, clock: float) -> _Cached:
    nobody = _Cached(None, 0, 0.0, clock, clock)
    if raw is None:
        return nobody
    record = json.loads(raw)
    if record["ends_at"] <= now().timestamp():
        return nobody
    principal = Principal(UUID(record["user_id"]), Role(record["role"]), record["name"], session_id)
    return _Cached(principal, record["idle_s"], record["ends_at"], clock, clock)


def _remember(session_id: str, entry: _Cached) -> None:
    _cache[session_id] = entry
    _cache.move_to_end(session_id)
    while len(_cache) > _MICRO_CACHE_SIZE:
        _cache.popitem(last=False)


async def start(user_id: UUID, role: Role, name: str, *, remember: bool = False) -> IssuedSession:
    """Open a session under a new secret. A login or registration ends the old session itself (`end`)."""
    secret = secrets.token_urlsafe(32)
    principal = Principal(user_id, role, name, hash_secret(secret))
    life = lifetime(role, remember=remember)
    idle_s, absolute_s = int(life.idle.total_seconds()), int(life.absolute.total_seconds())
    started: datetime = now()
    record = {
        "user_id": str(user_id),
        "role": role.value,
        "name": name,
        "remember": remember,
        "idle_s": idle_s,
        "started_at": started.timestamp(),
        "ends_at": started.timestamp() + absolute_s,
    }
    first_s = int(UNUSED_GUEST.total_seconds()) if role is Role.GUEST else idle_s
    try:
        async with asyncio.timeout(_REDIS_TIMEOUT_S), redis().pipeline(transaction=True) as pipe:
            pipe.set(_KEY + principal.session_id, json.dumps(record), ex=first_s)
            if principal.signed_in:
                pipe.sadd(_INDEX + str(user_id), principal.session_id)
                pipe.expire(_INDEX + str(user_id), get_settings().session_absolute_hours * 3600 + 86_400)
            await pipe.execute()
    except _OUTAGES as error:
        raise SessionsUnavailable from error
    kept = life != LIFETIMES[role]
    return IssuedSession(secret, principal, absolute_s if kept else None)


async def start_guest() -> IssuedSession:
    """Open a session for somebody new."""
    user_id = new_id()
    return await start(user_id, Role.GUEST, guest_name(user_id))


async def end(principal: Principal) -> None:
    """End one session; this process forgets it at once, the others within `MICRO_CACHE_S`."""
    try:
        async with asyncio.timeout(_REDIS_TIMEOUT_S), redis().pipeline(transaction=True) as pipe:
            pipe.delete(_KEY + principal.session_id)
            pipe.srem(_INDEX + str(principal.user_id), principal.session_id)
            await pipe.execute()
    except _OUTAGES as error:
        raise SessionsUnavailable from error
    _cache.pop(principal.session_id, None)


async def _sessions_of(user_id: UUID) -> list[str]:
    client: Any = redis()
    members: set[bytes] = await client.smembers(_INDEX + str(user_id))
    return [member.decode() for member in members]


async def end_all(user_id: UUID, *, but: str | None = None) -> None:
    """End every session of a user, except the one with the id ``but``."""
    try:
        async with asyncio.timeout(_REDIS_TIMEOUT_S):
            for session_id in await _sessions_of(user_id):
                if session_id != but:
                    await redis().delete(_KEY + session_id)
                    await cast("Awaitable[int]", redis().srem(_INDEX + str(user_id), session_id))
                    _cache.pop(session_id, None)
    except _OUTAGES as error:
        raise SessionsUnavailable from error


async def update_all(user_id: UUID, *, role: Role | None = None, name: str | None = None) -> None:
    """Show a changed role or name in the user's live sessions. A role that shortens the lifetime does so at once."""
    try:
        async with asyncio.timeout(_REDIS_TIMEOUT_S):
            for session_id in await _sessions_of(user_id):
                raw = await redis().get(_KEY + session_id)
                if raw is None:
                    continue
                record = json.loads(raw)
                if role is not None:
                    life = lifetime(role, remember=record["remember"])
                    record["role"] = role.value
                    record["idle_s"] = int(life.idle.total_seconds())
                    end_of_new = record["started_at"] + life.absolute.total_seconds()
                    record["ends_at"] = min(record["ends_at"], end_of_new)
                record["name"] = name or record["name"]
                await redis().set(_KEY + session_id, json.dumps(record), xx=True, ex=record["idle_s"])
                _cache.pop(session_id, None)
    except _OUTAGES as error:
        raise SessionsUnavailable from error


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


def cookie_line(name: str, value: str, *, max_age_s: int | None = None, secure: bool) -> str:
    """A ``Set-Cookie`` value; an empty ``value`` takes the cookie away."""
    age = "; Max-Age=0" if not value else "" if max_age_s is None else f"; Max-Age={max_age_s}"
    prefix, suffix = ("__Host-", "; Secure") if secure else ("", "")
    return f"{prefix}{name}={value}; Path=/; HttpOnly; SameSite=Lax{age}{suffix}"


def is_secure(scope: Mapping[str, Any]) -> bool:
    """Whether the browser came over TLS; on plain http it would refuse cookies with ``Secure`` and ``__Host-``."""
    return scope["scheme"] in ("https", "wss") or get_settings().public_url.startswith("https://")


def session_cookie(issued: IssuedSession, *, secure: bool) -> str:
    """The ``Set-Cookie`` value that hands the session to the browser."""
    return cookie_line(COOKIE, issued.secret, max_age_s=issued.max_age_s, secure=secure)


class SessionCookieMiddleware:
    """ASGI: a visitor without a live session gets a guest's with the document, for the socket's handshake to carry.

    With Redis down, or too many guests from one address, the document is served without a session.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; add the cookie to the answer's head where it is missing."""
        if not _wants_document(scope):
            await self._app(scope, receive, send)
            return
        issued = await self._guest_if_nobody(scope)
        if issued is None:
            await self._app(scope, receive, send)
            return
        line = session_cookie(issued, secure=is_secure(scope)).encode()

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [(key, value) for key, value in message.get("headers", []) if key.lower() != b"cache-control"]
                message["headers"] = [*kept, (b"set-cookie", line), (b"cache-control", b"private, no-cache")]
            await send(message)

        await self._app(scope, receive, send_with_cookie)

    async def _guest_if_nobody(self, scope: Scope) -> IssuedSession | None:
        cookies = b"; ".join(value for key, value in scope["headers"] if key == b"cookie")
        try:
            if await resolve(cookies.decode("latin-1")) is not None:
                return None
            if not (await take(GUEST_ADDRESS, address_of(scope))).passed:
                return None
            return await start_guest()
        except SessionsUnavailable:
            return None


_NO_DOCUMENTS: Final = ("/api", "/_event", "/_upload", "/assets", "/health", "/metrics", "/ping")


def _wants_document(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "GET" or scope["path"].startswith(_NO_DOCUMENTS):
        return False
    return any(key == b"accept" and b"text/html" in value for key, value in scope["headers"])
