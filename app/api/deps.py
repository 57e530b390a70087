"""What routes ask for: the caller, at the rank they need.

``CurrentPrincipal`` is anybody with a session, guests too, and 401 without one; ``Member`` is somebody with an account,
401 for a guest; ``Premium`` and ``Admin`` answer 403 to a member below that rank.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request

from services.accounts.sessions import Principal, Role, resolve
from services.infra.errors import Forbidden, Unauthorized


def cookie_header(request: Request) -> str:
    """The ``Cookie`` header as the browser sent it; HTTP/2 may split it."""
    return "; ".join(request.headers.getlist("cookie"))


async def optional_principal(request: Request) -> Principal | None:
    """The caller, if there is a live session."""
    return await resolve(cookie_header(request))


async def current_principal(request: Request) -> Principal:
    """The caller.

    Raises:
        Unauthorized: There is no live session.
    """
    principal = await optional_principal(request)
    if principal is None:
        raise Unauthorized("There is no session. GET /api/auth/csrf opens one.", code="no-session")
    return principal


def at_least(role: Role) -> Callable[[Request], Awaitable[Principal]]:
    """A dependency that lets this role and the ones above it pass."""

    async def check(request: Request) -> Principal:
        principal = await current_principal(request)
        if not principal.signed_in:
            raise Unauthorized("Sign in first.", code="sign-in-needed")
        if principal.role.rank < role.rank:
            raise Forbidden("Your account may not do that.", code="role-too-low")
        return principal

    return check


OptionalPrincipal = Annotated[Principal | None, Depends(optional_principal)]
CurrentPrincipal = Annotated[Principal, Depends(current_principal)]
Member = Annotated[Principal, Depends(at_least(Role.FREE))]
Premium = Annotated[Principal, Depends(at_least(Role.PREMIUM))]
Admin = Annotated[Principal, Depends(at_least(Role.ADMIN))]
