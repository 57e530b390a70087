"""How a REST answer hands a session's tokens to the browser and takes them away."""

from __future__ import annotations

from fastapi import Request, Response
from starlette.datastructures import Headers

from services.accounts import cookies, sessions
from services.accounts.principals import Principal
from services.accounts.sessions import IssuedSession

CSRF = "mixline_csrf"


async def replace_session(
    request: Request, response: Response, before: Principal | None, issued: IssuedSession
) -> None:
    """A new id at every sign-in; the old session ends, so a planted one is worth nothing."""
    if before is not None and before.scopes is None:
        await sessions.end(before)
    hand_over(request, response, issued)


def hand_over(request: Request, response: Response, issued: IssuedSession) -> None:
    """Give the browser both tokens."""
    set_cookie(request, response, cookies.ACCESS, issued.access, max_age_s=issued.max_age_s)
    set_cookie(request, response, cookies.REFRESH, issued.refresh, max_age_s=issued.max_age_s)


def clear(request: Request, response: Response) -> None:
    """Take the session's cookies away."""
    for name in (cookies.ACCESS, cookies.REFRESH, CSRF):
        set_cookie(request, response, name, "")


def set_cookie(request: Request, response: Response, name: str, value: str, *, max_age_s: int | None = None) -> None:
    """An HttpOnly cookie of this host; an empty value takes it away."""
    line = cookies.line(name, value, max_age_s=max_age_s, secure=cookies.is_secure(request.scope))
    response.headers.append("set-cookie", line)


def read_cookie(headers: Headers, name: str) -> str | None:
    """A cookie of ours by its plain name, the ``__Host-`` one before the other."""
    return cookies.read("; ".join(headers.getlist("cookie"))).get(name)


def bearer(headers: Headers) -> str | None:
    """The personal token that a call brings; None for a browser's call.

    Other schemes are not ours: a proxy in front may ask for a password of its own.
    """
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def device(request: Request) -> str:
    """How the browser describes itself."""
    return request.headers.get("user-agent", "")
