"""What routes ask for: the caller, at the permission they need.

A route names its `Permission` by the type of its ``principal`` or by ``dependencies=[OPEN]``; what that takes is in the
one table of `services.accounts.permissions`. A call with ``Authorization: Bearer`` is a script's: then only the
personal token in it counts, never a cookie.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, cast

from fastapi import Depends, Request

from app.api import session_cookies
from services.accounts import access_tokens, api_tokens, cookies, denials, throttle
from services.accounts.permissions import Permission, check
from services.accounts.principals import Principal
from services.accounts.sessions import SessionsUnavailable, look_up, resolve
from services.infra.errors import Forbidden, Unauthorized
from services.infra.waiting import ENTERING, VISITORS, acting_for


def cookie_header(request: Request) -> str:
    """The ``Cookie`` header as the browser sent it; HTTP/2 may split it."""
    return "; ".join(request.headers.getlist("cookie"))


async def caller(request: Request) -> Principal | None:
    """Who calls, if there is a live session or a good personal token.

    Raises:
        Unauthorized: A personal token is unknown, expired or revoked.
    """
    token = session_cookies.bearer(request.headers)
    if token is None:
        principal = await resolve(cookie_header(request))
    else:
        principal = await api_tokens.principal_of(token)
        if principal is None:
            raise Unauthorized("The token is unknown, has expired or was revoked.", code="bad-token")
    address = throttle.address_of(request.scope)
    if principal is not None and principal.signed_in:
        acting_for(str(principal.user_id), address)
    else:
        crowd = ENTERING if request.url.path.startswith("/api/auth/") else VISITORS
        acting_for(address if principal is None else str(principal.user_id), crowd, visitor_at=address)
    return principal


async def still_lives(principal: Principal) -> bool:
    """Whether a caller whose answer takes long may still have it; unknown while Redis is away, then yes."""
    if principal.scopes is not None:
        return True
    try:
        found = await look_up(principal.session_id)
    except SessionsUnavailable:
        return True
    return found is not None and found.user_id == principal.user_id


def requires(permission: Permission) -> Callable[[Request], Awaitable[Principal | None]]:
    """A dependency that lets a caller with this permission pass and gives them to the route."""

    async def checked(request: Request) -> Principal | None:
        principal = await caller(request)
        try:
            check(principal, permission)
        except Unauthorized as error:
            held = cookies.read(cookie_header(request)).get(cookies.ACCESS)
            if principal is None and access_tokens.read_stale(held) is not None and access_tokens.read(held) is None:
                message = "The access token has expired. POST /api/auth/refresh gives a new one."
                raise Unauthorized(message, code="token-expired") from error
            raise
        except Forbidden as error:
            await denials.note(principal, permission, request.url.path, error.code)
            raise
        return principal

    cast("Any", checked).permission = permission
    return checked


def _open() -> None:
    """Nobody has to be known, so nobody is looked up."""


cast("Any", _open).permission = Permission.PUBLIC

OPEN = Depends(_open)
OptionalPrincipal = Annotated[Principal | None, Depends(requires(Permission.PUBLIC))]
CurrentPrincipal = Annotated[Principal, Depends(requires(Permission.PLAYER))]
Reader = Annotated[Principal, Depends(requires(Permission.READ))]
Trainer = Annotated[Principal, Depends(requires(Permission.TRAIN))]
Solver = Annotated[Principal, Depends(requires(Permission.SOLVE))]
Member = Annotated[Principal, Depends(requires(Permission.MEMBER))]
AccountHolder = Annotated[Principal, Depends(requires(Permission.ACCOUNT))]
Premium = Annotated[Principal, Depends(requires(Permission.PREMIUM))]
Admin = Annotated[Principal, Depends(requires(Permission.ADMIN))]
