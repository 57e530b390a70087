"""The end of an account: asked for, taken back, done.

Erasing leaves a guest's row without name or address, because events refer to it; events hold no personal fields. The
fact `AccountErased` makes every feature drop its rows about the user, and reaches the copy in ClickHouse as well.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.accounts import credentials_repository as store
from services.accounts import mails, repository, service
from services.accounts.events import AccountErased, DeletionRequested, DeletionUndone
from services.accounts.principals import Role
from services.accounts.service import Account
from services.infra.clock import now
from services.infra.errors import Conflict
from services.infra.settings import get_settings
from services.mail import service as mail

ERASED_NAME: Final = "Deleted player"


async def request_deletion(db: AsyncSession, user_id: UUID) -> datetime:
    """Have the account erased after the days of grace; the caller ends its other sessions.

    Raises:
        Conflict: It is the last administrator's.
    """
    others = [one for one in await repository.lock_administrators(db) if one != user_id]
    user = await service.locked(db, user_id)
    if user.delete_at is not None:
        return user.delete_at
    if user.role == Role.ADMIN and not others:
        raise Conflict("You are the only administrator. Make somebody else one first.", code="last-administrator")
    due = now() + timedelta(days=get_settings().deletion_days)
    await repository.change(db, user_id, delete_at=due)
    await store.drop_api_tokens(db, user_id)
    if user.email is not None:
        await mail.send(db, mails.deletion_requested(user.email, due))
    await service.record(db, user, DeletionRequested(user_id=user_id))
    return due


async def undo_deletion(db: AsyncSession, user_id: UUID) -> Account:
    """Keep the account after all."""
    user = await service.locked(db, user_id)
    if user.delete_at is not None:
        await repository.change(db, user_id, delete_at=None)
        await service.record(db, user, DeletionUndone(user_id=user_id))
    return service.account_of(await service.locked(db, user_id))


async def erase(db: AsyncSession, user_id: UUID) -> str | None:
    """Erase one account whose time has come; returns the address it had, for what lies outside of the database."""
    user = await service.locked(db, user_id)
    if user.delete_at is None or user.delete_at > now():
        return None
    email = user.email
    await store.drop_mail_tokens(db, user_id)
    await store.drop_second_factor(db, user_id)
    await store.drop_identities(db, user_id)
    await store.drop_api_tokens(db, user_id)
    if email is not None:
        await store.drop_requests_of(db, email)
        if get_settings().smtp_host:  # the mailbox in the data folder would only be another trace
            await mail.send(db, mails.account_erased(email))
    await repository.change(
        db,
        user_id,
        role=Role.GUEST.value,
        name=ERASED_NAME,
        name_key=None,
        email=None,
        password_hash=None,
        email_verified_at=None,
        delete_at=None,
        banned_at=None,
        ban_reason=None,
        erased_at=now(),
    )
    guests = await store.guests_of(db, user_id)
    await service.record(db, user, AccountErased(user_id=user_id, guest_ids=tuple(guests)))
    return email
