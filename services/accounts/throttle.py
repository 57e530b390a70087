"""How many tries an account, an address or a browser has, and which browsers signed in before.

Sign-in has three limits: per network address, per account, and per device that signed in to the account before. A
device proves itself with a cookie of its own, so somebody who uses up an account's tries does not lock its owner out.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from typing import Final
from uuid import UUID

from redis.exceptions import RedisError

from services.infra.errors import Unavailable
from services.infra.rate_limits import Limit, Verdict, address_of, give_back, take
from services.infra.redis import redis

__all__ = ["Limit", "Verdict", "address_of", "give_back", "is_trusted", "take", "trust_device"]

_TIMEOUT_S: Final = 0.5
_DEVICE_S: Final = 180 * 86_400
_OUTAGES: Final = (RedisError, Unavailable, OSError, TimeoutError)

SIGN_IN_ACCOUNT: Final = Limit("sign-in-account", 20, 15 * 60)
SIGN_IN_DEVICE: Final = Limit("sign-in-device", 20, 15 * 60)
SIGN_IN_ADDRESS: Final = Limit("sign-in-address", 300, 10 * 60)
REGISTER_ADDRESS: Final = Limit("register-address", 30, 60 * 60)
GUEST_ADDRESS: Final = Limit("guest-address", 300, 10 * 60)
MAIL_TO: Final = Limit("mail-to", 5, 60 * 60)
"""Mails that somebody can have sent to one address; the further ones are answered alike and not sent."""
MAIL_ADDRESS: Final = Limit("mail-address", 30, 60 * 60)
LINK_ADDRESS: Final = Limit("link-address", 60, 10 * 60)
SECOND_FACTOR: Final = Limit("second-factor", 10, 15 * 60)
OWNER: Final = Limit("owner", 10, 15 * 60)
OAUTH_ADDRESS: Final = Limit("oauth-address", 100, 10 * 60)
EXPORT: Final = Limit("export", 5, 60 * 60)


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
