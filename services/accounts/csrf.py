"""The token that a page proves its own origin with: an HMAC under the session's secret, new masks at will.

Only the session's own pages can read it, and it ends with the session. It is sent as the header ``X-CSRF-Token`` and as
a cookie, and both must agree (a signed, session-bound double submit).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets


def _sign(session_secret: str, nonce: str) -> str:
    return hmac.new(session_secret.encode(), f"mixline-csrf:{nonce}".encode(), hashlib.sha256).hexdigest()


def issue(session_secret: str) -> str:
    """A new token of this session; the earlier ones stay good."""
    nonce = secrets.token_hex(16)
    return f"{nonce}.{_sign(session_secret, nonce)}"


def belongs(session_secret: str, token: str) -> bool:
    """Whether the token was issued for this session."""
    nonce, _, signature = token.partition(".")
    return token.isascii() and len(nonce) == 32 and hmac.compare_digest(signature, _sign(session_secret, nonce))
