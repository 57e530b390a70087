"""Signing in through another site: what is remembered while the browser is away, and what its answer opens.

Only (issuer, subject) opens an account. An address never does: where it belongs to an account already, its owner signs
in the usual way and links the other site in the account's page. A new account takes the address over only if the other
site has confirmed it.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from redis.exceptions import RedisError
from sqlalchemy.ext.asyncio import AsyncSession

from services.accounts import credentials_repository as store
from services.accounts import mails, names, one_time, repository, service
from services.accounts.events import AccountRegistered, EmailVerified, IdentityLinked, IdentityUnlinked
from services.accounts.models import Identity
from services.accounts.principals import Principal, Role
from services.accounts.providers import Claim
from services.accounts.service import Account
from services.accounts.sessions import SessionsUnavailable
from services.infra.clock import new_id, now
from services.infra.errors import Conflict, Invalid, NotFound, Unauthorized, Unavailable
from services.infra.events import Event
from services.infra.redis import redis
from services.mail import service as mail

AWAY_S: Final = 600
CODE_S: Final = 300
FRESH_S: Final = 900
_TIMEOUT_S: Final = 1.0
_OUTAGES: Final = (RedisError, Unavailable, OSError, TimeoutError)


@dataclass(frozen=True, slots=True)
class Link:
    """Somebody at another site who may sign in, as the owner sees it."""

    id: UUID
    provider: str
    label: str


# while the browser is away -------------------------------------------------------------------------------------------


async def _put(kind: str, secret: str, record: dict[str, Any], life_s: int) -> None:
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            await redis().set(f"mixline:{kind}:{one_time.digest(secret)}", json.dumps(record), ex=life_s)
    except _OUTAGES as error:
        raise SessionsUnavailable from error


async def _take(kind: str, secret: str) -> dict[str, Any] | None:
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            raw: bytes | None = await redis().getdel(f"mixline:{kind}:{one_time.digest(secret)}")
    except _OUTAGES as error:
        raise SessionsUnavailable from error
    return json.loads(raw) if raw is not None else None


async def remember_start(provider: str, started: dict[str, Any], linking: UUID | None) -> str:
    """Keep what belongs to a start; returns the secret for a cookie, so that only this browser can finish it."""
    browser = secrets.token_urlsafe(32)
    kept = {key: value for key, value in started.items() if key not in ("url", "state")}
    kept |= {"provider": provider, "browser": one_time.digest(browser), "linking": str(linking) if linking else None}
    await _put("oauth", str(started["state"]), kept, AWAY_S)
    return browser


async def take_start(provider: str, state: str, browser: str | None) -> dict[str, Any]:
    """What was kept, once.

    Raises:
        Invalid: There was no such start in this browser, or it is too long ago.
    """
    record = await _take("oauth", state)
    mine = secrets.compare_digest(record["browser"] if record else "", one_time.digest(browser or ""))
    if record is None or not mine or record["provider"] != provider:
        raise Invalid("This sign-in was not begun here, or too long ago. Try again.", code="sign-in-expired")
    return record


async def wait_for_code(user_id: UUID, method: str) -> str:
    """The other site vouched, the second factor is missing; returns the secret of the waiting sign-in for a cookie."""
    secret = secrets.token_urlsafe(32)
    await _put("second-factor", secret, {"user_id": str(user_id), "method": method}, CODE_S)
    return secret


async def waiting_sign_in(secret: str | None) -> tuple[UUID, str]:
    """Who waits for a code, and what vouched; it goes on waiting until `done_waiting`.

    Raises:
        Unauthorized: Nobody does any more.
    """
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            raw: bytes | None = await redis().get(f"mixline:second-factor:{one_time.digest(secret or '')}")
    except _OUTAGES as error:
        raise SessionsUnavailable from error
    if raw is None:
        raise Unauthorized("That took too long. Sign in again.", code="sign-in-expired")
    record = json.loads(raw)
    return UUID(record["user_id"]), record["method"]


async def done_waiting(secret: str) -> None:
    """The code was right: the waiting sign-in works once."""
    if await _take("second-factor", secret) is None:
        raise Unauthorized("That took too long. Sign in again.", code="sign-in-expired")


async def mark_fresh(session_id: str) -> None:
    """Somebody has just signed in: an account without a password proves its owner that way for `FRESH_S`."""
    await _put("fresh", session_id, {}, FRESH_S)


async def is_fresh(session_id: str) -> bool:
    """Whether the session began a moment ago."""
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            return bool(await redis().exists(f"mixline:fresh:{one_time.digest(session_id)}"))
    except _OUTAGES as error:
        raise SessionsUnavailable from error


# what the answer opens -----------------------------------------------------------------------------------------------


async def owner_of(db: AsyncSession, claim: Claim) -> UUID | None:
    """The account that the claim opens."""
    found = await store.find_identity(db, claim.issuer, claim.subject)
    if found is None:
        return None
    await store.touch_identity(db, found.id, _label(claim))
    return found.user_id


async def register(db: AsyncSession, guest: Principal | None, provider: str, claim: Claim) -> Account:
    """A new account for somebody whom nobody here knows; the guest's hands stay.

    Raises:
        Conflict: The address is an account's already; its owner links the other site there.
    """
    email = _address(claim) if claim.email_confirmed else None  # else anybody could ask here who has an account
    if email is not None and await repository.find_by_email(db, email) is not None:
        raise Conflict(
            "There is an account with this address already. Sign in to it, then link the other site in your account.",
            code="link-first",
        )
    here = guest is not None and not guest.signed_in
    user_id = guest.user_id if guest is not None and here else new_id()
    name = await _free_name(db, claim.name)
    if await repository.lock_or_insert_guest(db, user_id, name) is not None:
        raise Unauthorized("Your session has ended. Reload the page.", code="session-ended")
    user = await service.locked(db, user_id)
    if user.role != Role.GUEST:
        raise Unauthorized("Your session has ended. Reload the page.", code="session-ended")
    await service.change_uniquely(
        db, user_id, role=Role.FREE.value, name=name, name_key=names.name_key(name), email=email
    )
    facts: list[Event] = [AccountRegistered(user_id=user_id), IdentityLinked(user_id=user_id, provider=provider)]
    if email is not None:
        await repository.change(db, user_id, email_verified_at=now())
        facts.append(EmailVerified(user_id=user_id))
    await _write(db, user_id, provider, claim)
    await service.record(db, user, *facts)
    return service.account_of(await service.locked(db, user_id))


async def link(db: AsyncSession, user_id: UUID, provider: str, provider_name: str, claim: Claim) -> None:
    """Let the other site sign in to a signed-in person's account.

    Raises:
        Conflict: It signs in to another account.
    """
    user = await service.locked(db, user_id)
    found = await store.find_identity(db, claim.issuer, claim.subject)
    if found is not None:
        if found.user_id == user_id:
            return
        raise Conflict("That sign-in belongs to another account here.", code="linked-elsewhere")
    await _write(db, user_id, provider, claim)
    await service.record(db, user, IdentityLinked(user_id=user_id, provider=provider))
    if user.email is not None:
        await mail.send(db, mails.sign_in_linked(user.email, provider_name))


async def unlink(db: AsyncSession, user_id: UUID, identity_id: UUID) -> None:
    """Take a sign-in away.

    Raises:
        NotFound: The user has no such link.
        Conflict: It is the only way in.
    """
    user = await service.locked(db, user_id)
    linked = await store.identities_of(db, user_id)
    if identity_id not in [one.id for one in linked]:
        raise NotFound("There is no such link.")
    if len(linked) == 1 and user.password_hash is None:
        raise Conflict("This is the only way to sign in. Set a password first.", code="only-sign-in")
    gone = await store.drop_identity(db, user_id, identity_id)
    if gone is not None:
        await service.record(db, user, IdentityUnlinked(user_id=user_id, provider=gone.provider))


async def links_of(db: AsyncSession, user_id: UUID) -> list[Link]:
    """Who may sign in to the account from elsewhere."""
    return [Link(one.id, one.provider, one.label) for one in await store.identities_of(db, user_id)]


async def _write(db: AsyncSession, user_id: UUID, provider: str, claim: Claim) -> None:
    row = Identity(
        id=new_id(),
        user_id=user_id,
        provider=provider,
        issuer=claim.issuer,
        subject=claim.subject,
        label=_label(claim),
        linked_at=now(),
    )
    await store.add_row(db, row)


def _address(claim: Claim) -> str | None:
    try:
        return names.clean_email(claim.email) if claim.email else None
    except Invalid:
        return None


def _label(claim: Claim) -> str:
    return claim.email or claim.name


async def _free_name(db: AsyncSession, wanted: str) -> str:
    """The name at the other site, or one made of it that is free here."""
    base = " ".join("".join(char for char in wanted if char.isalnum() or char in " -_.").split())[:24]
    for attempt in range(20):
        suffix = f" {secrets.randbelow(9000) + 1000}" if attempt else ""
        try:
            name = names.clean_name((base if attempt < 10 else "Player") + suffix)
        except Invalid:
            base = "Player"
            continue
        if await repository.find_by_name_key(db, names.name_key(name)) is None:
            return name
    raise Conflict("No free name was found. Try again.", code="name-taken")
