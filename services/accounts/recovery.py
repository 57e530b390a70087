"""Addresses and passwords: confirmed, forgotten, changed.

Who asks for a mail gets the same answer, in the same time, whether the address has an account or not: the request is
one row, and `work_through` finds out later what to write to whom. Links are 256 random bits, stored as a hash, work
once and for an hour, and the newest one of a kind replaces the others.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.accounts import credentials_repository as store
from services.accounts import mails, names, one_time, passwords, repository, second_factor, service
from services.accounts.events import EmailChanged, EmailVerified, PasswordChanged, PasswordReset
from services.accounts.models import MailRequest, MailToken, PendingRegistration, User
from services.accounts.principals import Principal, Role
from services.accounts.service import Account, Registration
from services.infra.clock import now
from services.infra.errors import Conflict, FieldError, Invalid, Unauthorized
from services.mail import service as mail

LINK_LIFE: Final = timedelta(hours=1)
_BAD_LINK: Final = "This link does not work any more. Ask for a new one."
_NOT_CHANGED: Final = "The password was not changed."


def bad_link() -> Invalid:
    """The one answer to unknown, used and expired links."""
    return Invalid(_BAD_LINK, code="link-expired", errors=[FieldError("token", _BAD_LINK)])


async def ask_registration(
    db: AsyncSession, guest: Principal | None, wanted: Registration, *, heard: bool = True
) -> None:
    """Ask for an account that begins when its address is confirmed; unheard, when the address had too many mails.

    Raises:
        Conflict: The name is taken, or the caller is signed in.
    """
    if guest is not None and guest.signed_in:
        raise Conflict("You are signed in. Sign out to make another account.", code="signed-in")
    await service.check_name(db, wanted.name)
    if not heard:
        return
    guest_id = guest.user_id if guest is not None else None
    fields = {"name": wanted.name, "password_hash": wanted.password_hash, "guest_id": guest_id}
    await store.add_row(db, store.new_mail_request("register", wanted.email, **fields))


async def ask_reset(db: AsyncSession, email: str) -> None:
    """Ask for a link to a new password, for an address in the form of `names.clean_email`."""
    await store.add_row(db, store.new_mail_request("reset", email))


async def answer_request(db: AsyncSession, request: MailRequest) -> None:
    """Write the mail that was asked for, if there is anything to write."""
    user = await repository.find_by_email(db, request.email)
    if request.purpose == "reset":
        if user is not None:
            await mail.send(db, mails.reset_password(request.email, await _issue(db, user, "reset", request.email)))
        return
    if user is not None:
        await mail.send(db, mails.already_registered(request.email))
        return
    secret, token_hash = one_time.mint()
    await store.add_row(
        db,
        PendingRegistration(
            token_hash=token_hash,
            email=request.email,
            name=request.name or "",
            password_hash=request.password_hash or "",
            guest_id=request.guest_id,
            expires_at=now() + LINK_LIFE,
        ),
    )
    await mail.send(db, mails.confirm_registration(request.email, secret))


async def send_verification(db: AsyncSession, user_id: UUID) -> None:
    """Send the owner a link that confirms the account's address; nothing where there is nothing to confirm."""
    user = await service.locked(db, user_id)
    if user.email is not None and user.email_verified_at is None:
        await mail.send(db, mails.verify_address(user.email, await _issue(db, user, "verify", user.email)))


async def password_behind(db: AsyncSession, secret: str, caller: Principal | None) -> str | None:
    """What the password is checked against before a link that confirms an address is followed; None: by the asker.

    Somebody else may have asked for it with this address: then its owner, who does not know the password, must not be
    led to lend the address to an account that somebody else can enter.

    Raises:
        Invalid: It does not work any more.
        Unauthorized: The account has no password, so only its own session can follow it.
    """
    pending = await store.find_pending_registration(db, one_time.digest(secret))
    if pending is not None:
        return None if caller is not None and caller.user_id == pending.guest_id else pending.password_hash
    token = await _token(db, secret, "verify", "change")
    if caller is not None and caller.user_id == token.user_id:
        return None
    password_hash = await service.password_hash_of(db, token.user_id)
    if password_hash is None:
        raise Unauthorized("Sign in, then open the link again.", code="sign-in-needed")
    return password_hash


async def confirm_registration(db: AsyncSession, secret: str, guest: Principal | None) -> Account | None:
    """Make the account whose link was followed; None: it is no link of a registration.

    The guest's hands go along if the link is followed in the browser that the guest plays in: whoever registers an
    address that is not theirs gets nothing into its owner's account.

    Raises:
        Conflict: Name or address were taken meanwhile.
    """
    pending = await store.use_pending_registration(db, one_time.digest(secret))
    if pending is None:
        return None
    here = guest if guest is not None and not guest.signed_in and guest.user_id == pending.guest_id else None
    account = await service.register(db, here, Registration(pending.email, pending.name, pending.password_hash))
    await _mark_verified(db, await service.locked(db, account.id))
    return service.account_of(await service.locked(db, account.id))


async def confirm_address(db: AsyncSession, secret: str) -> Account:
    """Follow a link that confirms an account's address, the present or the new one.

    Raises:
        Invalid: It does not work any more.
        Conflict: Somebody else has the new address now.
    """
    token = await _token(db, secret, "verify", "change")
    user = await service.locked(db, token.user_id)
    if not await store.use_mail_token(db, token.token_hash):
        raise bad_link()
    if token.purpose == "verify":
        if user.email != token.email:
            raise bad_link()
        await _mark_verified(db, user)
    else:
        before = user.email
        await service.change_uniquely(db, user.id, email=token.email)
        await repository.change(db, user.id, email_verified_at=now())
        await store.drop_mail_tokens(db, user.id)
        await service.record(db, user, EmailChanged(user_id=user.id))
        if before is not None:
            await mail.send(db, mails.address_changed(before))
    return service.account_of(await service.locked(db, user.id))


async def ask_change(db: AsyncSession, user_id: UUID, email: str) -> None:
    """Send a link to the new address and a word to the old one. A taken address is not told: its owner is."""
    email = names.clean_email(email)
    user = await service.locked(db, user_id)
    if email == user.email:
        raise Invalid("This is your address already.", errors=[FieldError("email", "This is your address already.")])
    if await repository.find_by_email(db, email) is not None:
        await mail.send(db, mails.already_registered(email))
    else:
        await mail.send(db, mails.confirm_change(email, await _issue(db, user, "change", email)))
    if user.email is not None:
        await mail.send(db, mails.changing_address(user.email))


async def vouch(db: AsyncSession, user_id: UUID) -> None:
    """The operator knows whose address it is."""
    await _mark_verified(db, await service.locked(db, user_id))


async def prepare_reset(db: AsyncSession, secret: str, password: str) -> str:
    """Check link and password before the hash takes its time; returns the hash.

    Raises:
        Invalid: The link does not work any more, or the password is refused; a refused one leaves the link as it is.
    """
    token = await _token(db, secret, "reset")
    await _check(db, await service.locked(db, token.user_id), password)
    return await passwords.hash_password(password)


async def reset(db: AsyncSession, secret: str, password_hash: str) -> Account:
    """Set the new password and revoke personal tokens.

    The caller ends every session before the commit (`sessions.end_all`): the password never changes while a thief's
    session stays.

    Whoever resets a password may have lost the account for a while, and a token would be a way back in. An address that
    was never confirmed may have been registered by somebody else: then whatever else that somebody left to come back
    with goes too.
    """
    token = await _token(db, secret, "reset")
    user = await service.locked(db, token.user_id)
    if user.email != token.email or not await store.use_mail_token(db, token.token_hash):
        raise bad_link()
    if user.email_verified_at is None:
        await store.drop_identities(db, user.id)
        await store.drop_second_factor(db, user.id)
        await _mark_verified(db, user)
        user = await service.locked(db, user.id)
    await store.drop_api_tokens(db, user.id)
    await store.drop_mail_tokens(db, user.id)
    await repository.change(db, user.id, password_hash=password_hash)
    await service.record(db, user, PasswordReset(user_id=user.id))
    await mail.send(db, mails.password_changed(token.email))
    return service.account_of(user)


async def prepare_change(db: AsyncSession, user_id: UUID, password: str) -> str:
    """The hash of a new password for somebody who has proved to be the owner.

    Raises:
        Invalid: The password is refused.
    """
    await _check(db, await service.locked(db, user_id), password)
    return await passwords.hash_password(password)


async def change_password(db: AsyncSession, user_id: UUID, password_hash: str) -> None:
    """The caller has checked who asks, and ends the other sessions before the commit."""
    user = await service.locked(db, user_id)
    await repository.change(db, user.id, password_hash=password_hash)
    await store.drop_mail_tokens(db, user.id, "reset", "change")
    await service.record(db, user, PasswordChanged(user_id=user.id))
    if user.email is not None:
        await mail.send(db, mails.password_changed(user.email))


async def _check(db: AsyncSession, user: User, password: str) -> None:
    least = await second_factor.least_password(db, user.id)
    if weak := passwords.problem(password, name=user.name, email=user.email or "", least=least):
        raise Invalid(_NOT_CHANGED, errors=[FieldError("password", weak)])


async def _issue(db: AsyncSession, user: User, purpose: str, email: str) -> str:
    secret, token_hash = one_time.mint()
    moment = now()
    token = MailToken(
        token_hash=token_hash,
        user_id=user.id,
        purpose=purpose,
        email=email,
        created_at=moment,
        expires_at=moment + LINK_LIFE,
    )
    await store.replace_mail_token(db, token)
    return secret


async def _token(db: AsyncSession, secret: str, *purposes: str) -> MailToken:
    token = await store.find_mail_token(db, one_time.digest(secret))
    if token is None or token.purpose not in purposes:
        raise bad_link()
    return token


async def _mark_verified(db: AsyncSession, user: User) -> None:
    if user.email_verified_at is None and user.role != Role.GUEST:
        await repository.change(db, user.id, email_verified_at=now())
        await service.record(db, user, EmailVerified(user_id=user.id))
