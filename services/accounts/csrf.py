"""The token that a page proves its own origin with: an HMAC under the session's secret.

Only the session's own pages can read it, and it ends with the session. It is sent as the header ``X-CSRF-Token`` and as
a cookie, and both must agree (a signed, session-bound double submit). A session has one, so that tabs which ask for it
at the same moment do not spoil each other's.
"""

from __future__ import annotations

import hashlib
import hmac


def issue(session_secret: str) -> str:
    """The token of this session."""
    return hmac.new(session_secret.encode(), b"mixline-csrf", hashlib.sha256).hexdigest()


def belongs(session_secret: str, token: str) -> bool:
    """Whether it is the token of this session."""
    return token.isascii() and hmac.compare_digest(token, issue(session_secret))
