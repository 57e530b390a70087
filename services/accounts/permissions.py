"""The one table of who may do what, for REST routes, socket events and pages alike.

Every route, event handler and page names a `Permission`; the row of `TABLE` says what it takes. Whoever is not a
browser's session but a personal token needs the row's scope besides, and where the row has none, tokens do not pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from services.accounts.principals import Principal, Role
from services.infra.errors import Forbidden, Unauthorized

NO_SESSION: Final = "There is no session. GET /api/auth/csrf opens one."
SIGN_IN: Final = "Sign in first."
TOO_LOW: Final = "Your account may not do that."
SECOND_FACTOR: Final = "This needs a second factor. Set one up on your account page, then sign in with it."


class Permission(StrEnum):
    """What a route, a handler or a page asks for."""

    PUBLIC = "public"
    PLAYER = "player"
    READ = "read"
    TRAIN = "train"
    SOLVE = "solve"
    MEMBER = "member"
    ACCOUNT = "account"
    PREMIUM = "premium"
    ADMIN = "admin"


class Scope(StrEnum):
    """What a personal token may be used for."""

    READ = "read"
    TRAIN = "train"
    SOLVE = "solve"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Rule:
    """A row: the least role (None: nobody needs to be known), the scope of a personal token, the second factor."""

    least: Role | None
    scope: Scope | None = None
    second_factor: bool = False


TABLE: Final[Mapping[Permission, Rule]] = MappingProxyType(
    {
        # Open to everybody: documents, the way in, what every visitor sees.
        Permission.PUBLIC: Rule(None),
        # Guests too, from a browser only.
        Permission.PLAYER: Rule(Role.GUEST),
        # Guests too, and scripts with the scope: looking things up, training, solving.
        Permission.READ: Rule(Role.GUEST, Scope.READ),
        Permission.TRAIN: Rule(Role.GUEST, Scope.TRAIN),
        Permission.SOLVE: Rule(Role.GUEST, Scope.SOLVE),
        # Accounts, from a browser only: what counts on a board; one's own account, which no script may change.
        Permission.MEMBER: Rule(Role.FREE),
        Permission.ACCOUNT: Rule(Role.FREE),
        Permission.PREMIUM: Rule(Role.PREMIUM),
        # Administration: with a second factor only.
        Permission.ADMIN: Rule(Role.ADMIN, Scope.ADMIN, second_factor=True),
    }
)


def check(principal: Principal | None, permission: Permission) -> None:
    """Let a caller (None: without a session) pass.

    Raises:
        Unauthorized: Nobody is known, or a guest where an account is needed.
        Forbidden: The role is too low, the second factor or a token's scope is missing.
    """
    rule = TABLE[permission]
    if rule.least is None:
        return
    if principal is None:
        raise Unauthorized(NO_SESSION, code="no-session")
    if principal.scopes is not None:
        if rule.scope is None:
            raise Forbidden("A personal token can't do this. Sign in with a browser.", code="not-by-token")
        if rule.scope not in principal.scopes:
            raise Forbidden(f"The token lacks the scope {rule.scope}.", code="scope-missing")
    if principal.role.rank < rule.least.rank:
        if not principal.signed_in:
            raise Unauthorized(SIGN_IN, code="sign-in-needed")
        raise Forbidden(TOO_LOW, code="role-too-low")
    if rule.second_factor and not principal.second_factor:
        raise Forbidden(SECOND_FACTOR, code="second-factor-missing")


def allows(principal: Principal | None, permission: Permission) -> bool:
    """Whether `check` lets a caller pass."""
    try:
        check(principal, permission)
    except (Unauthorized, Forbidden):
        return False
    return True
