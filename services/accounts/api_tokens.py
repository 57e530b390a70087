"""Personal tokens: how scripts call the API in somebody's name, within the scopes they were given.

``Authorization: Bearer mxl_...``; 256 random bits, shown once, stored as a hash. The fixed prefix lets logs and secret
scanners recognise one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.accounts import credentials_repository as store
from services.accounts import mails, one_time, service
from services.accounts.events import ApiTokenCreated, ApiTokenRevoked
from services.accounts.models import ApiToken
from services.accounts.permissions import Scope
from services.accounts.principals import Principal, Role
from services.infra.clock import new_id, now
from services.infra.db import transaction
from services.infra.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from services.mail import service as mail

PREFIX: Final = "mxl_"
MAX_TOKENS: Final = 20
MAX_DAYS: Final = 365
_TOUCH_EVERY: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """A token as its owner sees it; the secret is not in it."""

    id: UUID
    name: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None


def scopes_of(wanted: Iterable[str]) -> set[Scope]:
    """Scopes by their names.

    Raises:
        Invalid: There is no such scope.
    """
    try:
        return {Scope(one) for one in wanted}
    except ValueError as error:
        text = f"A scope is one of {', '.join(Scope)}."
        raise Invalid("The token was not made.", errors=[FieldError("scopes", text)]) from error


async def create(db: AsyncSession, owner: Principal, name: str, scopes: set[Scope], days: int) -> tuple[TokenInfo, str]:
    """A new token and its secret, which nobody can read again.

    Raises:
        Invalid: No scope, or a name or life out of bounds.
        Forbidden: The scope ``admin`` for somebody who is none.
        Conflict: There are too many.
    """
    name = " ".join(name.split())
    problems: list[FieldError] = []
    if not 1 <= len(name) <= 60 or not name.isprintable():
        problems.append(FieldError("name", "A token's name has 1 to 60 visible characters."))
    if not scopes:
        problems.append(FieldError("scopes", "Choose at least one."))
    if not 1 <= days <= MAX_DAYS:
        problems.append(FieldError("days", f"A token lives 1 to {MAX_DAYS} days."))
    if problems:
        raise Invalid("The token was not made.", errors=problems)
    user = await service.locked(db, owner.user_id)
    if Scope.ADMIN in scopes and (user.role != Role.ADMIN or not owner.second_factor):
        raise Forbidden("Only an administrator with a second factor may give this scope.", code="role-too-low")
    if len(await store.api_tokens_of(db, user.id)) >= MAX_TOKENS:
        raise Conflict(f"You have {MAX_TOKENS} tokens. Revoke one first.", code="too-many-tokens")
    secret, token_hash = one_time.mint(PREFIX)
    moment = now()
    row = ApiToken(
        id=new_id(),
        user_id=user.id,
        name=name,
        token_hash=token_hash,
        scopes=[one.value for one in Scope if one in scopes],
        created_at=moment,
        expires_at=moment + timedelta(days=days),
    )
    await store.add_row(db, row)
    if user.email is not None:
        await mail.send(db, mails.api_token_created(user.email, name))
    await service.record(db, user, ApiTokenCreated(user_id=user.id, token_id=row.id, scopes=tuple(row.scopes)))
    return _info(row), secret


async def list_of(db: AsyncSession, user_id: UUID) -> list[TokenInfo]:
    """The user's tokens that still work, newest first."""
    return [_info(row) for row in await store.api_tokens_of(db, user_id)]


async def revoke(db: AsyncSession, user_id: UUID, token_id: UUID) -> None:
    """End one of the user's tokens.

    Raises:
        NotFound: The user has no such token.
    """
    user = await service.locked(db, user_id)
    if not await store.drop_api_token(db, user_id, token_id):
        raise NotFound("There is no such token.")
    await service.record(db, user, ApiTokenRevoked(user_id=user_id, token_id=token_id))


async def principal_of(secret: str) -> Principal | None:
    """Who calls with this token, read anew each time: a revoked one is worth nothing at once. None: nobody does."""
    if not secret.startswith(PREFIX) or not secret.isascii() or len(secret) > 100:
        return None
    async with transaction() as db:
        found = await store.find_api_token(db, one_time.digest(secret))
        if found is None or found[1].banned_at is not None:
            return None
        row, user = found
        moment = now()
        if row.used_at is None or row.used_at < moment - _TOUCH_EVERY:
            await store.touch_api_token(db, row.id, moment - _TOUCH_EVERY)
        factor = await store.find_second_factor(db, user.id) if Scope.ADMIN in row.scopes else None
    # The second factor was shown when the token was given its scope, and counts for as long as there is one; a scope
    # does nothing for a role that was taken.
    return Principal(
        user.id,
        Role(user.role),
        user.name,
        f"token:{row.id}",
        second_factor=factor is not None and factor.enabled_at is not None,
        scopes=frozenset(row.scopes),
    )


def _info(row: ApiToken) -> TokenInfo:
    scopes = tuple(Scope(one) for one in row.scopes)
    return TokenInfo(row.id, row.name, scopes, row.created_at, row.expires_at, row.used_at)
