"""SQL of what signs somebody in besides the password: links in mails, second factors, other sites, personal tokens."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.accounts.models import (
    ApiToken,
    Identity,
    MailRequest,
    MailToken,
    PendingRegistration,
    RecoveryCode,
    SecondFactor,
    User,
)
from services.infra.clock import new_id, now


async def add_row(db: AsyncSession, row: Any) -> None:
    """Write one new row."""
    db.add(row)
    await db.flush()


# mail ----------------------------------------------------------------------------------------------------------------


async def replace_mail_token(db: AsyncSession, token: MailToken) -> None:
    """The newest link of a purpose is the only one that works."""
    await drop_mail_tokens(db, token.user_id, token.purpose)
    await add_row(db, token)


async def drop_mail_tokens(db: AsyncSession, user_id: UUID, *purposes: str) -> None:
    """Take back the links of these purposes; without a purpose of all."""
    statement = delete(MailToken).where(col(MailToken.user_id) == user_id)
    await db.execute(statement.where(col(MailToken.purpose).in_(purposes)) if purposes else statement)


async def find_mail_token(db: AsyncSession, token_hash: str) -> MailToken | None:
    """A link that still works; looking uses nothing up."""
    query = select(MailToken).where(col(MailToken.token_hash) == token_hash, col(MailToken.expires_at) > now())
    return await db.scalar(query)


async def use_mail_token(db: AsyncSession, token_hash: str) -> bool:
    """Take the link away; False: somebody else was faster."""
    done = await db.execute(delete(MailToken).where(col(MailToken.token_hash) == token_hash))
    return _count(done) == 1


async def find_pending_registration(db: AsyncSession, token_hash: str) -> PendingRegistration | None:
    """A registration whose link still works; looking uses nothing up."""
    query = select(PendingRegistration).where(
        col(PendingRegistration.token_hash) == token_hash, col(PendingRegistration.expires_at) > now()
    )
    return await db.scalar(query)


async def use_pending_registration(db: AsyncSession, token_hash: str) -> PendingRegistration | None:
    """Take a registration whose link was followed, if it still works."""
    statement = delete(PendingRegistration).where(
        col(PendingRegistration.token_hash) == token_hash, col(PendingRegistration.expires_at) > now()
    )
    return await db.scalar(statement.returning(PendingRegistration))


async def take_mail_requests(db: AsyncSession, limit: int) -> list[MailRequest]:
    """The oldest requests, which leave the table with the caller's commit."""
    oldest = (
        select(col(MailRequest.id)).order_by(col(MailRequest.id)).limit(limit).with_for_update(skip_locked=True)
    ).scalar_subquery()
    found = await db.scalars(delete(MailRequest).where(col(MailRequest.id).in_(oldest)).returning(MailRequest))
    return sorted(found, key=lambda one: one.id)


async def drop_expired(db: AsyncSession) -> None:
    """Links, registrations and personal tokens whose time is up."""
    for model in (MailToken, PendingRegistration, ApiToken):
        await db.execute(delete(model).where(col(model.expires_at) <= now()))


async def drop_requests_of(db: AsyncSession, email: str) -> None:
    """What an erased person's address still waits for."""
    for model in (MailRequest, PendingRegistration):
        await db.execute(delete(model).where(col(model.email) == email))


# second factor -------------------------------------------------------------------------------------------------------


async def find_second_factor(db: AsyncSession, user_id: UUID) -> SecondFactor | None:
    """The authenticator of the user, enabled or about to be."""
    query = select(SecondFactor).where(col(SecondFactor.user_id) == user_id)
    return await db.scalar(query.execution_options(populate_existing=True))


async def put_second_factor(db: AsyncSession, user_id: UUID, sealed_secret: bytes) -> None:
    """A secret to enrol; replaces one that was never enabled."""
    values = {"sealed_secret": sealed_secret, "last_step": 0, "enabled_at": None, "created_at": now()}
    statement = insert(SecondFactor).values(user_id=user_id, **values)
    await db.execute(
        statement.on_conflict_do_update(
            index_elements=["user_id"], set_=values, where=col(SecondFactor.enabled_at).is_(None)
        )
    )


async def use_step(db: AsyncSession, user_id: UUID, step: int) -> bool:
    """Use a time step up; False: it or a later one was used before."""
    done = await db.execute(
        update(SecondFactor)
        .where(col(SecondFactor.user_id) == user_id, col(SecondFactor.last_step) < step)
        .values(last_step=step)
        .execution_options(synchronize_session=False)
    )
    return _count(done) == 1


async def enable_second_factor(db: AsyncSession, user_id: UUID) -> None:
    """From now on it is asked for."""
    await db.execute(
        update(SecondFactor)
        .where(col(SecondFactor.user_id) == user_id)
        .values(enabled_at=now())
        .execution_options(synchronize_session=False)
    )


async def lock_sealed(db: AsyncSession, after: UUID | None, limit: int) -> list[tuple[UUID, bytes]]:
    """Sealed secrets by the ids of their owners, behind ``after``; held until the commit."""
    owner, secret = col(SecondFactor.user_id), col(SecondFactor.sealed_secret)
    query = select(owner, secret).order_by(owner).limit(limit)
    if after is not None:
        query = query.where(owner > after)
    return [(row[0], row[1]) for row in await db.execute(query.with_for_update())]


async def put_sealed(db: AsyncSession, user_id: UUID, sealed: bytes) -> None:
    """The same secret under another key."""
    await db.execute(
        update(SecondFactor)
        .where(col(SecondFactor.user_id) == user_id)
        .values(sealed_secret=sealed)
        .execution_options(synchronize_session=False)
    )


async def drop_second_factor(db: AsyncSession, user_id: UUID) -> None:
    """The secret and the recovery codes."""
    for model in (SecondFactor, RecoveryCode):
        await db.execute(delete(model).where(col(model.user_id) == user_id))


async def put_recovery_codes(db: AsyncSession, user_id: UUID, hashes: Sequence[str]) -> None:
    """These instead of all earlier ones."""
    await db.execute(delete(RecoveryCode).where(col(RecoveryCode.user_id) == user_id))
    await db.execute(insert(RecoveryCode), [{"user_id": user_id, "code_hash": one} for one in hashes])


async def use_recovery_code(db: AsyncSession, user_id: UUID, code_hash: str) -> bool:
    """Take the code away; False: there is none."""
    done = await db.execute(
        delete(RecoveryCode).where(col(RecoveryCode.user_id) == user_id, col(RecoveryCode.code_hash) == code_hash)
    )
    return _count(done) == 1


async def count_recovery_codes(db: AsyncSession, user_id: UUID) -> int:
    """How many are left."""
    query = select(func.count()).select_from(RecoveryCode).where(col(RecoveryCode.user_id) == user_id)
    return await db.scalar(query) or 0


# other sites ---------------------------------------------------------------------------------------------------------


async def find_identity(db: AsyncSession, issuer: str, subject: str) -> Identity | None:
    """Who of ours somebody at another site is."""
    query = select(Identity).where(col(Identity.issuer) == issuer, col(Identity.subject) == subject)
    return await db.scalar(query)


async def identities_of(db: AsyncSession, user_id: UUID) -> list[Identity]:
    """The user's linked sign-ins, oldest first."""
    query = select(Identity).where(col(Identity.user_id) == user_id).order_by(col(Identity.id))
    return list(await db.scalars(query))


async def touch_identity(db: AsyncSession, identity_id: UUID, label: str) -> None:
    """It was used now."""
    await db.execute(update(Identity).where(col(Identity.id) == identity_id).values(used_at=now(), label=label))


async def drop_identity(db: AsyncSession, user_id: UUID, identity_id: UUID) -> Identity | None:
    """Unlink one of the user's; returns what it was."""
    statement = delete(Identity).where(col(Identity.id) == identity_id, col(Identity.user_id) == user_id)
    return await db.scalar(statement.returning(Identity))


async def drop_identities(db: AsyncSession, user_id: UUID) -> None:
    """Unlink all."""
    await db.execute(delete(Identity).where(col(Identity.user_id) == user_id))


# personal tokens -----------------------------------------------------------------------------------------------------


async def find_api_token(db: AsyncSession, token_hash: str) -> tuple[ApiToken, User] | None:
    """A token that still works, and its owner."""
    query = (
        select(ApiToken, User)
        .join(User, col(User.id) == col(ApiToken.user_id))
        .where(col(ApiToken.token_hash) == token_hash, col(ApiToken.expires_at) > now())
    )
    row = (await db.execute(query)).one_or_none()
    return (row[0], row[1]) if row is not None else None


async def api_tokens_of(db: AsyncSession, user_id: UUID) -> list[ApiToken]:
    """The user's tokens that still work, newest first."""
    query = select(ApiToken).where(col(ApiToken.user_id) == user_id, col(ApiToken.expires_at) > now())
    return list(await db.scalars(query.order_by(col(ApiToken.id).desc())))


async def touch_api_token(db: AsyncSession, token_id: UUID, before: datetime) -> None:
    """It was used now; written at most once per interval, whose start is ``before``."""
    unused = or_(col(ApiToken.used_at).is_(None), col(ApiToken.used_at) < before)
    await db.execute(update(ApiToken).where(col(ApiToken.id) == token_id, unused).values(used_at=now()))


async def drop_api_token(db: AsyncSession, user_id: UUID, token_id: UUID) -> bool:
    """Revoke one of the user's."""
    done = await db.execute(delete(ApiToken).where(col(ApiToken.id) == token_id, col(ApiToken.user_id) == user_id))
    return _count(done) == 1


async def drop_api_tokens(db: AsyncSession, user_id: UUID) -> None:
    """Revoke all."""
    await db.execute(delete(ApiToken).where(col(ApiToken.user_id) == user_id))


# the end of an account -----------------------------------------------------------------------------------------------


async def due_for_erasure(db: AsyncSession, limit: int) -> list[UUID]:
    """Accounts whose owners did not come back in time."""
    query = select(col(User.id)).where(col(User.delete_at) <= now()).order_by(col(User.delete_at)).limit(limit)
    return list(await db.scalars(query))


async def guests_of(db: AsyncSession, user_id: UUID) -> list[UUID]:
    """The guests whose hands the account took over."""
    return list(await db.scalars(select(col(User.id)).where(col(User.merged_into) == user_id)))


def new_mail_request(purpose: str, email: str, **fields: Any) -> MailRequest:
    """A request to write; see `take_mail_requests`."""
    return MailRequest(id=new_id(), purpose=purpose, email=email, created_at=now(), **fields)


def _count(result: Any) -> int:
    return result.rowcount if isinstance(result, CursorResult) else 0
