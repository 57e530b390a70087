"""Refresh tokens: one a session at a time, new with each use, and what happens to one that was used before.

A token is ``F.R``, 256 random bits each. F stays for the life of the session, whose id is its SHA-256; R changes with
every use. So whoever presents the right F held a token of this session at some time, and a wrong R with it is a token
that was replaced: somebody has a copy. The session then ends, for the thief and for the owner.

Two tabs that refresh at the same moment are no theft: for `refresh_grace_s` after its replacement an old token gives
the present one, which lies beside its hash, sealed under F. Redis never holds F, so a copy of Redis is worth nothing.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Awaitable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.infra.redis import redis
from services.infra.settings import get_settings

_PART: Final = re.compile(r"[A-Za-z0-9_-]{43}")
RECENT: Final = "mixline:refresh-recent:"


class Outcome(StrEnum):
    """What a presented token turned out to be."""

    ROTATED = "rotated"
    CURRENT = "current"
    REUSED = "reused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Family:
    """A presented refresh token, taken apart."""

    secret: str
    rotating: str

    @property
    def session_id(self) -> str:
        """The session that the token belongs to."""
        return digest(self.secret)

    @property
    def token(self) -> str:
        """The form that the cookie holds."""
        return f"{self.secret}.{self.rotating}"


def digest(text: str) -> str:
    """How secrets are stored."""
    return hashlib.sha256(text.encode()).hexdigest()


def new_family() -> Family:
    """The first token of a session."""
    return Family(secrets.token_urlsafe(32), secrets.token_urlsafe(32))


def parse(token: str | None) -> Family | None:
    """The token's parts, or None for something else."""
    secret, _, rotating = (token or "").partition(".")
    return Family(secret, rotating) if _PART.fullmatch(secret) and _PART.fullmatch(rotating) else None


def seal(family: Family) -> bytes:
    """The changing part, readable only with the part that stays."""
    nonce = secrets.token_bytes(12)
    return nonce + AESGCM(_sealing_key(family.secret)).encrypt(nonce, family.rotating.encode(), None)


def _unseal(secret: str, sealed: bytes) -> str:
    return AESGCM(_sealing_key(secret)).decrypt(sealed[:12], sealed[12:], None).decode()


def _sealing_key(secret: str) -> bytes:
    return hashlib.sha256(b"mixline refresh token\0" + secret.encode()).digest()


# One step, so that two processes never both rotate. Time is Redis's own.
_SCRIPT: Final = """
local current = redis.call('HGET', KEYS[1], 'refresh')
if not current then return {'unknown'} end
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local grace = tonumber(ARGV[2])
if ARGV[1] == current then
  if ARGV[3] == '' then return {'current', ''} end
  redis.call('HSET', KEYS[1], 'refresh', ARGV[3], 'sealed', ARGV[4])
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - grace)
  redis.call('ZADD', KEYS[2], now, ARGV[1])
  redis.call('PEXPIRE', KEYS[2], grace)
  return {'rotated'}
end
local replaced = redis.call('ZSCORE', KEYS[2], ARGV[1])
if replaced and now - tonumber(replaced) <= grace then return {'current', redis.call('HGET', KEYS[1], 'sealed')} end
redis.call('DEL', KEYS[1], KEYS[2])
return {'reused'}
"""


async def present(session_key: str, held: Family, *, rotate: bool) -> tuple[Outcome, Family]:
    """Show a token to its session, and take the next one if ``rotate``; a reused token ends the session.

    Returns:
        What it was, and the token to hold from now on.
    """
    following = Family(held.secret, secrets.token_urlsafe(32))
    answer = redis().eval(
        _SCRIPT,
        2,
        session_key + held.session_id,
        RECENT + held.session_id,
        digest(held.rotating),
        str(int(get_settings().refresh_grace_s * 1000)),
        digest(following.rotating) if rotate else "",
        seal(following) if rotate else b"",  # pyright: ignore[reportArgumentType] Redis takes bytes as well
    )
    status, *rest = await cast("Awaitable[list[bytes]]", answer)
    outcome = Outcome(status.decode())
    if outcome is Outcome.ROTATED:
        return outcome, following
    if outcome is Outcome.CURRENT and rest[0]:
        try:
            return outcome, Family(held.secret, _unseal(held.secret, rest[0]))
        except InvalidTag:
            return Outcome.UNKNOWN, held
    return outcome, held
