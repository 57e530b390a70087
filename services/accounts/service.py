"""What can be done with an account.

The caller opens the transaction, hashes passwords before it and moves sessions after it. Registering gives the guest's
own row its credentials, so everything the guest played stays where it is. Signing in to an existing account instead
says so with `GuestMerged`, and the features that own a guest's hands move them in the same transaction.

A registration reveals that a mail address is taken to whoever spends a throttled try on it; only confirming addresses
by mail can hide that. Signing in reveals nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from services.accounts import credentials_repository as store
from services.accounts import names, passwords, repository
from services.accounts.events import (
    AccountRegistered,
    GuestMerged,
    NameChanged,
    PasswordReset,
    RefreshReused,
    RoleChanged,
    SessionEnded,
    SignedIn,
    SignedOut,
    SignInDenied,
)
from services.accounts.models import User
from services.accounts.principals import Principal, Role
from services.audit import service as audit
from services.infra import events
from services.infra.clock import new_id
from services.infra.errors import Conflict, FieldError, Forbidden, Invalid, NotFound, Unauthorized

STREAM = "account"
NAME_TAKEN = "That name is taken."
NOT_CREATED = "The account could not be made. If you already have one, sign in."
OPERATOR: Final = UUID(int=0)
"""Whoever sits at the server's own shell."""


@dataclass(frozen=True, slots=True)
class Account:
    """A user as callers see it."""

    id: UUID
    name: str
    role: Role
    email: str | None
    email_verified: bool = False
    delete_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a password is checked against; both None for an address that nobody has."""

    user_id: UUID | None
    password_hash: str | None
    second_factor: bool = False


@dataclass(frozen=True, slots=True)
class Registration:
    """A checked request for an account; the password is hashed already."""

    email: str
    name: str
    password_hash: str


async def prepare_registration(email: str, password: str, name: str) -> Registration:
    """Check all three fields, report all problems at once, and hash the password.

    Raises:
        Invalid: With an entry per refused field.
    """
    problems: list[FieldError] = []
    cleaned = {"email": email, "name": name}
    for field, clean in (("email", names.clean_email), ("name", names.clean_name)):
        try:
            cleaned[field] = clean(cleaned[field])
        except Invalid as refused:
            problems += refused.errors
    if weak := passwords.problem(password, name=cleaned["name"], email=cleaned["email"]):
        problems.append(FieldError("password", weak))
    if problems:
        raise Invalid("The account could not be made.", errors=problems)
    return Registration(cleaned["email"], cleaned["name"], await passwords.hash_password(password))


async def register(db: AsyncSession, guest: Principal | None, wanted: Registration, role: Role = Role.FREE) -> Account:
    """Make the account, on the guest's own row where there is a guest.

    Raises:
        Conflict: The name is taken, or the address is (said without naming the address).
    """
    if guest is not None and guest.signed_in:
        raise Conflict("You are signed in. Sign out to make another account.", code="signed-in")
    await check_name(db, wanted.name)
    if await repository.find_by_email(db, wanted.email) is not None:
        raise Conflict(NOT_CREATED, code="registration-refused")
    user_id = guest.user_id if guest is not None else new_id()
    if await repository.lock_or_insert_guest(db, user_id, wanted.name) is not None:
        raise Unauthorized("Your session has ended. Reload the page.", code="session-ended")
    user = await locked(db, user_id)
    if user.role != Role.GUEST:
        raise Conflict(NOT_CREATED, code="registration-refused")
    await change_uniquely(
        db,
        user_id,
        role=role.value,
        name=wanted.name,
        name_key=names.name_key(wanted.name),
        email=wanted.email,
        password_hash=wanted.password_hash,
    )
    await record(db, user, AccountRegistered(user_id=user_id))
    return Account(user_id, wanted.name, role, wanted.email)


async def check_name(db: AsyncSession, name: str) -> None:
    """Names are public, so that one is taken may be told.

    Raises:
        Conflict: It is.
    """
    if await repository.find_by_name_key(db, names.name_key(name)) is not None:
        raise Conflict(NOT_CREATED, code="name-taken", errors=[FieldError("name", NAME_TAKEN)])


async def find_credentials(db: AsyncSession, email: str) -> Credentials:
    """What to check a password against, for an address in the form of `names.clean_email`."""
    user = await repository.find_by_email(db, email)
    # Asked for nobody as well: time must not tell who has an account.
    factor = await store.find_second_factor(db, user.id if user is not None else new_id())
    if user is None:
        return Credentials(None, None)
    return Credentials(user.id, user.password_hash, factor is not None and factor.enabled_at is not None)


async def admit(db: AsyncSession, user_id: UUID, *, password_hash: str | None = None, second_factor: bool) -> Account:
    """Look once more, with the account's row held, at what was proved a moment ago; then open the session.

    The session has to be opened before the caller's transaction ends. A password, role or suspension that changes at
    the same moment then either is seen here, or finds the session among those it ends.

    Args:
        db: The caller's transaction.
        user_id: Whose account it is.
        password_hash: What the password was checked against; None where something else vouched.
        second_factor: It was shown.

    Raises:
        Forbidden: The account is banned; only its owner, who has proved it, hears so.
        Unauthorized: The password has changed meanwhile, or the second factor was turned on.
    """
    user = await locked(db, user_id)
    if user.banned_at is not None:
        raise Forbidden("This account has been suspended. Ask whoever runs this server.", code="banned")
    if password_hash is not None and user.password_hash != password_hash:
        raise Unauthorized("The password was changed a moment ago. Sign in with the new one.", code="wrong-credentials")
    factor = None if second_factor else await store.find_second_factor(db, user_id)
    if factor is not None and factor.enabled_at is not None:
        raise Unauthorized("The second factor was turned on just now. Sign in with it.", code="second-factor-needed")
    return account_of(user)


async def sign_in(
    db: AsyncSession,
    user_id: UUID,
    guest: Principal | None,
    *,
    remembered: bool = False,
    fresh_hash: str | None = None,
    method: str = "password",
    second_factor: bool = False,
) -> Account:
    """Record a sign-in that was admitted (`admit`) and hand the guest's hands over; ``method`` is what vouched."""
    user = await locked(db, user_id)
    facts: list[events.Event] = [
        SignedIn(user_id=user_id, remembered=remembered, method=method, second_factor=second_factor)
    ]
    if guest is not None and guest.role is Role.GUEST:
        played_as = await repository.find(db, guest.user_id, lock=True)
        if played_as is not None and played_as.role == Role.GUEST and played_as.merged_into is None:
            await repository.change(db, guest.user_id, merged_into=user_id)
            facts.append(GuestMerged(guest_id=guest.user_id, user_id=user_id))
    if fresh_hash is not None:
        await repository.change(db, user_id, password_hash=fresh_hash)
    await record(db, user, *facts)
    return account_of(user)


async def deny_sign_in(db: AsyncSession, user_id: UUID | None) -> None:
    """Record a wrong password. An unknown address costs the same statements, so time does not tell them apart."""
    await events.append(db, new_id(), "sign-in", 0, [SignInDenied(user_id=user_id)], user_id)
    await audit.record(db, "sign_in_denied", actor=None, subject=user_id)


async def sign_out(db: AsyncSession, principal: Principal) -> None:
    """Record that a member ended a session; the caller ends it."""
    if principal.signed_in:
        await record(db, await locked(db, principal.user_id), SignedOut(user_id=principal.user_id))


async def record_ended_sessions(db: AsyncSession, user_id: UUID, count: int) -> None:
    """The owner ended other sessions (`sessions.end_one`, `sessions.end_all`)."""
    await record(db, await locked(db, user_id), SessionEnded(user_id=user_id, count=count))


async def record_reuse(db: AsyncSession, user_id: UUID) -> None:
    """A session was ended because its refresh token came a second time; nobody knows who sent it."""
    await record(db, await locked(db, user_id), RefreshReused(user_id=user_id), by=OPERATOR)


async def get(db: AsyncSession, user_id: UUID) -> Account | None:
    """The account, or None for a guest that has not played yet."""
    user = await repository.find(db, user_id)
    return account_of(user) if user is not None else None


async def password_hash_of(db: AsyncSession, user_id: UUID) -> str | None:
    """What the password of a signed-in user is checked against; None where another site signs in."""
    user = await repository.find(db, user_id)
    return user.password_hash if user is not None else None


async def role_of(db: AsyncSession, user_id: UUID) -> Role:
    """The role as Postgres has it; an unknown id is a guest that has not played yet."""
    user = await repository.find(db, user_id)
    return Role(user.role) if user is not None else Role.GUEST


async def rename(db: AsyncSession, user_id: UUID, name: str) -> Account:
    """Give the account another name; the caller shows it in the live sessions (`sessions.update_all`)."""
    name = names.clean_name(name)
    user = await locked(db, user_id)
    holder = await repository.find_by_name_key(db, names.name_key(name))
    if holder is not None and holder.id != user_id:
        raise Conflict("The name was not changed.", code="name-taken", errors=[FieldError("name", NAME_TAKEN)])
    if name != user.name:
        await change_uniquely(db, user_id, name=name, name_key=names.name_key(name))
        await record(db, user, NameChanged(user_id=user_id))
    return Account(user_id, name, Role(user.role), user.email)


async def set_role(db: AsyncSession, email: str, role: Role) -> Account:
    """The caller shows the role in the live sessions before the commit (`sessions.update_all`)."""
    if role is Role.GUEST:
        raise Invalid("An account can't become a guest.", errors=[FieldError("role", "Use free, premium or admin.")])
    user = await locked_by_email(db, email)
    if user.role != role:
        await repository.change(db, user.id, role=role.value)
        await record(db, user, RoleChanged(user_id=user.id, role=role.value), by=OPERATOR)
    return Account(user.id, user.name, role, user.email)


async def prepare_password(db: AsyncSession, email: str, password: str) -> str:
    """The hash of a new password for an existing account.

    Raises:
        NotFound: Nobody has the address.
        Invalid: The password is refused.
    """
    user = await locked_by_email(db, email)
    if weak := passwords.problem(password, name=user.name, email=user.email or ""):
        raise Invalid("The password was not changed.", errors=[FieldError("password", weak)])
    return await passwords.hash_password(password)


async def reset_password(db: AsyncSession, email: str, password_hash: str) -> Account:
    """Set a new password; the caller ends every session before the commit (`sessions.end_all`)."""
    user = await locked_by_email(db, email)
    await repository.change(db, user.id, password_hash=password_hash)
    await record(db, user, PasswordReset(user_id=user.id), by=OPERATOR)
    return account_of(user)


def account_of(user: User) -> Account:
    """The user as callers see it."""
    return Account(user.id, user.name, Role(user.role), user.email, user.email_verified_at is not None, user.delete_at)


async def locked(db: AsyncSession, user_id: UUID) -> User:
    """The user's row, held for writing.

    Raises:
        NotFound: There is none.
    """
    user = await repository.find(db, user_id, lock=True)
    if user is None:
        raise NotFound("There is no such account.")
    return user


async def locked_by_email(db: AsyncSession, email: str) -> User:
    """The account with the address, held for writing.

    Raises:
        NotFound: Nobody has it.
    """
    found = await repository.find_by_email(db, names.clean_email(email))
    if found is None:
        raise NotFound("No account has this e-mail address.")
    return await locked(db, found.id)


async def record(db: AsyncSession, user: User, *facts: events.Event, by: UUID | None = None) -> None:
    """Append to the user's stream, whose row the caller has locked, and to the audit trail; the last thing it does.

    Args:
        db: The caller's transaction.
        user: Whom it is about.
        facts: What happened.
        by: Who did it: the user where nobody is named, `OPERATOR` for nobody with an account.
    """
    version = user.version
    await repository.change(db, user.id, version=version + len(facts))
    await events.append(db, user.id, STREAM, version, facts, user.id)
    actor = user.id if by is None else by if by != OPERATOR else None
    for fact in facts:
        action = re.sub(r"(?<!^)(?=[A-Z])", "_", fact.type).lower()
        details = fact.model_dump(mode="json", exclude={"user_id"})
        await audit.record(db, action, actor=actor, subject=None if actor == user.id else user.id, details=details)


async def change_uniquely(db: AsyncSession, user_id: UUID, **values: str | None) -> None:
    """Two want the same name or address at the same time: the unique index decides, the loser hears the usual words."""
    try:
        async with db.begin_nested():
            await repository.change(db, user_id, **values)
    except IntegrityError as error:
        if "name_key" in str(error.orig):
            raise Conflict(NOT_CREATED, code="name-taken", errors=[FieldError("name", NAME_TAKEN)]) from error
        raise Conflict(NOT_CREATED, code="registration-refused") from error
