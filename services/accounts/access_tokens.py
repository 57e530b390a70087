"""Access tokens: short-lived proof of a session, in the form of RFC 9068.

A token names its session, and whoever takes one looks the session up as well, so it never outlives the session and its
``role`` decides nothing. What is accepted is narrow: one algorithm, exactly the header that `issue` writes (no key in
it, nothing critical), one audience, this issuer, a life of at most `LIFE_S`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import GuestProtocol, OKPKey

from services.accounts import signing_keys
from services.infra.clock import now
from services.infra.settings import get_settings

LIFE_S: Final = 600
TYPE: Final = "at+jwt"
AUDIENCE: Final = "mixline"
_MOST_CHARACTERS: Final = 1024
_COMPACT: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_SESSION: Final = re.compile(r"[0-9a-f]{64}")
_CLAIMS: Final = frozenset({"iss", "aud", "sub", "sid", "role", "iat", "exp"})


@dataclass(frozen=True, slots=True)
class Access:
    """What a good token says; ``expires_at`` in Unix time."""

    user_id: UUID
    session_id: str
    issued_at: int
    expires_at: int


def issuer() -> str:
    """Who signs: the public address, where it is set."""
    return get_settings().public_url.rstrip("/") or "mixline"


def issue(user_id: UUID, session_id: str, role: str, *, ends_at: float) -> str:
    """A token of this session, for `LIFE_S` or up to the session's end."""
    key = signing_keys.ring().signing
    moment = int(now().timestamp())
    claims = {
        "iss": issuer(),
        "aud": AUDIENCE,
        "sub": str(user_id),
        "sid": session_id,
        "role": role,
        "iat": moment,
        "exp": min(moment + LIFE_S, int(ends_at)),
    }
    header = {"alg": signing_keys.ALGORITHM, "kid": key.kid, "typ": TYPE}
    return jwt.encode(header, claims, key, algorithms=[signing_keys.ALGORITHM])


def read(token: str | None) -> Access | None:
    """What the token says, or None for one that is forged, foreign or expired."""
    access = read_stale(token)
    return access if access is not None and now().timestamp() < access.expires_at else None


def read_stale(token: str | None) -> Access | None:
    """`read`, for a token that may have expired."""
    if not token or len(token) > _MOST_CHARACTERS or not _COMPACT.fullmatch(token):
        return None
    access = _verified(token, signing_keys.ring().origin, issuer())
    return access if access is not None and access.issued_at <= now().timestamp() + 5 else None


@lru_cache(maxsize=10_000)
def _verified(token: str, _origin: str, expected_issuer: str) -> Access | None:
    """What the token says once its signature holds; kept, since the same one comes with every request."""
    try:
        found = jwt.decode(token, _key_of, algorithms=[signing_keys.ALGORITHM])
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        return None
    if set(found.header) != {"alg", "kid", "typ"} or found.header["typ"] != TYPE:
        return None
    return _access(found.claims, expected_issuer)


def _key_of(guest: GuestProtocol) -> OKPKey:
    kid = guest.headers().get("kid")
    if not isinstance(kid, str):
        raise KeyError("kid")
    known = signing_keys.ring().verifying
    return known[kid] if kid in known else signing_keys.ring(unknown=True).verifying[kid]


def _access(claims: dict[str, Any], expected_issuer: str) -> Access | None:
    if set(claims) - _CLAIMS or claims.get("iss") != expected_issuer or claims.get("aud") != AUDIENCE:
        return None
    subject, session_id, issued, expires = (claims.get(name) for name in ("sub", "sid", "iat", "exp"))
    if type(issued) is not int or type(expires) is not int or not issued < expires <= issued + LIFE_S:
        return None
    if not isinstance(subject, str) or not isinstance(session_id, str) or not _SESSION.fullmatch(session_id):
        return None
    try:
        return Access(UUID(subject), session_id, issued, expires)
    except ValueError:
        return None
