"""What administrators do to other people's accounts: find them, change a role, ban and let in again.

The caller has checked `Permission.ADMIN`, opens the transaction, and moves the sessions after it (`show_role`,
`end_all`). Nobody does any of it to the account at hand, and one administrator always stays.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.accounts import repository, service
from services.accounts.events import Banned, RoleChanged, Unbanned
from services.accounts.models import User
from services.accounts.principals import Principal, Role
from services.infra.clock import now
from services.infra.errors import Conflict, FieldError, Forbidden, Invalid, NotFound

PAGE_LIMIT = 100
LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class Person:
    """An account as an administrator sees it."""

    id: UUID
    name: str
    email: str | None
    email_verified: bool
    role: Role
    created_at: datetime
    banned_at: datetime | None
    ban_reason: str | None


Change = Callable[[AsyncSession, Principal, UUID], Awaitable[Person]]


@dataclass(frozen=True, slots=True)
class Numbers:
    """How many accounts there are."""

    accounts: int
    premium: int
    administrators: int
    banned: int
    guests: int


async def search(
    db: AsyncSession,
    text: str = "",
    *,
    role: Role | None = None,
    banned: bool = False,
    limit: int = 50,
    before: UUID | None = None,
) -> list[Person]:
    """Accounts, the newest first, whose name or address holds ``text`` or whose id it is.

    Raises:
        Invalid: The page is too long, or so is the text.
    """
    if not 1 <= limit <= PAGE_LIMIT:
        raise Invalid("The list can't be shown.", errors=[FieldError("limit", f"1 to {PAGE_LIMIT}.")])
    if len(text) > 254:
        raise Invalid("The list can't be shown.", errors=[FieldError("search", "At most 254 characters.")])
    found = await repository.search(
        db, text.strip(), role=role.value if role else None, banned=banned, limit=limit, before=before
    )
    return [_person(user) for user in found]


async def get(db: AsyncSession, user_id: UUID) -> Person:
    """One account.

    Raises:
        NotFound: There is none, or a guest.
    """
    user = await repository.find(db, user_id)
    if user is None or user.role == Role.GUEST:
        raise NotFound("There is no such account.")
    return _person(user)


async def numbers(db: AsyncSession) -> Numbers:
    """How many accounts there are."""
    counts = await repository.count_by_role(db)
    accounts = sum(counts.get(role.value, 0) for role in Role if role is not Role.GUEST)
    return Numbers(accounts, counts.get("premium", 0), counts.get("admin", 0), counts["banned"], counts.get("guest", 0))


async def change_role(db: AsyncSession, admin: Principal, user_id: UUID, role: Role) -> Person:
    """Give somebody another role.

    Raises:
        Invalid: Nobody becomes a guest.
        Forbidden: It is one's own.
        Conflict: Nobody would be left to administrate.
    """
    if role is Role.GUEST:
        raise Invalid("An account can't become a guest.", errors=[FieldError("role", "Use free, premium or admin.")])
    user, others = await _other(db, admin, user_id)
    if user.role != role:
        if user.role == Role.ADMIN:
            _keep_one(others)
        await repository.change(db, user_id, role=role.value)
        await service.record(db, user, RoleChanged(user_id=user_id, role=role.value), by=admin.user_id)
    return await _fresh(db, user_id)


async def ban(db: AsyncSession, admin: Principal, user_id: UUID, reason: str) -> Person:
    """Nobody signs in to the account from now on; the caller ends its sessions. ``reason`` is for administrators.

    Raises:
        Invalid: The reason is too long or holds invisible characters.
        Forbidden: It is one's own.
        Conflict: Nobody would be left to administrate.
    """
    reason = " ".join(reason.split())
    if len(reason) > LONGEST_REASON or not reason.isprintable():
        text = f"At most {LONGEST_REASON} visible characters."
        raise Invalid("The account was not suspended.", errors=[FieldError("reason", text)])
    user, others = await _other(db, admin, user_id)
    if user.banned_at is None:
        if user.role == Role.ADMIN:
            _keep_one(others)
        await repository.change(db, user_id, banned_at=now(), ban_reason=reason or None)
        await service.record(db, user, Banned(user_id=user_id), by=admin.user_id)
    return await _fresh(db, user_id)


async def unban(db: AsyncSession, admin: Principal, user_id: UUID) -> Person:
    """Let the account in again."""
    user, _ = await _other(db, admin, user_id)
    if user.banned_at is not None:
        await repository.change(db, user_id, banned_at=None, ban_reason=None)
        await service.record(db, user, Unbanned(user_id=user_id), by=admin.user_id)
    return await _fresh(db, user_id)


async def names_of(db: AsyncSession, user_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The names of those users that still have one."""
    return await repository.names_of(db, user_ids) if user_ids else {}


async def _other(db: AsyncSession, admin: Principal, user_id: UUID) -> tuple[User, list[UUID]]:
    """The account's locked row, and the administrators there are beside it."""
    if user_id == admin.user_id:
        raise Forbidden("Another administrator has to do this to your account.", code="own-account")
    administrators = await repository.lock_administrators(db)
    user = await service.locked(db, user_id)
    if user.role == Role.GUEST:
        raise NotFound("There is no such account.")
    return user, [one for one in administrators if one != user_id]


def _keep_one(others: list[UUID]) -> None:
    if not others:
        raise Conflict("Nobody would be left to administrate.", code="last-administrator")


async def _fresh(db: AsyncSession, user_id: UUID) -> Person:
    return _person(await service.locked(db, user_id))


def _person(user: User) -> Person:
    return Person(
        user.id,
        user.name,
        user.email,
        user.email_verified_at is not None,
        Role(user.role),
        user.created_at,
        user.banned_at,
        user.ban_reason,
    )
