"""The cookies that carry a session: their names, their lines, and how they are found in a header.

``mixline_session`` is the access token, ``mixline_refresh`` the refresh token. Over TLS both are called ``__Host-...``,
are ``Secure`` and belong to this host alone; plain http, where browsers refuse that, is for localhost and a house.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from services.infra.settings import get_settings

ACCESS: Final = "mixline_session"
REFRESH: Final = "mixline_refresh"
HOST: Final = "__Host-"
TICKET: Final = "mixline_ticket"
"""Not a cookie of the browser's: see `services.accounts.sessions.ticket_of`."""
_LONGEST_HEADER: Final = 16_384


def read(header: str | None) -> dict[str, str]:
    """Our cookies by their plain names.

    Where ``__Host-`` is due or present the plain one, which a subdomain can plant, is ignored.
    """
    if not header or len(header) > _LONGEST_HEADER:
        return {}
    pairs = (part.strip().partition("=") for part in header.split(";"))
    jar = {name: value for name, _, value in pairs}
    only_host = get_settings().public_url.startswith("https://")
    found: dict[str, str] = {}
    for name, value in jar.items():
        plain = name.removeprefix(HOST)
        if not plain.startswith("mixline_") or (
            name == plain and plain != TICKET and (only_host or HOST + plain in jar)
        ):
            continue
        found[plain] = value
    return found


def others(header: str) -> str:
    """The header without any cookie of ours."""
    kept = [part for part in header.split(";") if not part.strip().removeprefix(HOST).startswith("mixline_")]
    return ";".join(kept).strip()


def line(name: str, value: str, *, max_age_s: int | None = None, secure: bool) -> str:
    """A ``Set-Cookie`` value; an empty ``value`` takes the cookie away."""
    age = "; Max-Age=0" if not value else "" if max_age_s is None else f"; Max-Age={max_age_s}"
    prefix, suffix = (HOST, "; Secure") if secure else ("", "")
    return f"{prefix}{name}={value}; Path=/; HttpOnly; SameSite=Lax{age}{suffix}"


def is_secure(scope: Mapping[str, Any]) -> bool:
    """Whether the browser came over TLS; on plain http it would refuse cookies with ``Secure`` and ``__Host-``."""
    return scope["scheme"] in ("https", "wss") or get_settings().public_url.startswith("https://")
