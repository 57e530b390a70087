"""Passwords and addresses: forgotten, reset, changed, confirmed.

What goes by mail is asked for with one answer, whoever has the address; links end in a page that sends their secret.
"""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from app.api.auth import AccountOut, Password, Text, opened_by
from app.api.deps import OPEN, AccountHolder, OptionalPrincipal
from app.api.envelope import Envelope, ok
from app.api.idempotency import IdempotentRoute
from app.api.ownership import Proof, check_password, prove_owner
from app.api.session_cookies import replace_session
from services.accounts import names, one_time, recovery, service, sessions, throttle
from services.infra.db import transaction
from services.infra.errors import Invalid
from services.infra.log import get_logger
from services.infra.settings import get_settings

router = APIRouter(prefix="/auth", tags=["auth"], route_class=IdempotentRoute)
log = get_logger()

ASKED = "If there is an account with this address, a mail is on its way."
NO_MAIL = "This server keeps its mails to itself: whoever runs it finds them with ./mixline mail."
Secret = Annotated[str, Field(min_length=20, max_length=200)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class ForgotIn(_Body):
    """Whose password was forgotten."""

    email: Text


class ResetIn(_Body):
    """The secret of the link, and the new password."""

    token: Secret
    password: Password


class ChangePasswordIn(_Body):
    """The old password (none for an account that another site signs in), and the new one."""

    current: SecretStr | None = Field(default=None, max_length=512)
    password: Password
    code: str | None = Field(default=None, max_length=64)


class ChangeEmailIn(Proof):
    """The new address."""

    email: Text


class TokenIn(_Body):
    """The secret of a link, and the account's password where the link is opened in another browser."""

    token: Secret
    password: SecretStr | None = Field(default=None, max_length=512)


class ConfirmedOut(BaseModel):
    """What the link did; ``registered`` also signs in."""

    outcome: Literal["registered", "verified"]
    account: AccountOut


@router.post("/password/forgot", status_code=202, dependencies=[OPEN])
async def forgot(body: ForgotIn, request: Request) -> Envelope[None]:
    """Ask for a link to a new password. The answer is the same whether the address has an account or not."""
    (await throttle.take(throttle.MAIL_ADDRESS, throttle.address_of(request.scope))).enforce()
    email = names.clean_email(body.email)
    # Counted apart: whoever has other mails sent to an address does not keep its owner from this one.
    if (await throttle.take(throttle.MAIL_TO, f"reset {email}")).passed:
        async with transaction() as db:
            await recovery.ask_reset(db, email)
    return ok(None, message=ASKED if get_settings().smtp_host else f"{ASKED} {NO_MAIL}", status=202)


@router.post("/password/reset", dependencies=[OPEN])
async def reset(body: ResetIn, request: Request) -> Envelope[None]:
    """Set a new password with a link; every session of the account ends."""
    (await throttle.take(throttle.LINK_ADDRESS, throttle.address_of(request.scope))).enforce()
    async with transaction() as db:
        password_hash = await recovery.prepare_reset(db, body.token, body.password.get_secret_value())
    async with transaction() as db:
        account = await recovery.reset(db, body.token, password_hash)
        await sessions.end_all(account.id)
    log.info("password_reset", user_id=str(account.id))
    return ok(None, message="Your new password is set. Sign in with it.")


@router.post("/password/change")
async def change_password(body: ChangePasswordIn, principal: AccountHolder) -> Envelope[None]:
    """Set a new password, knowing the old one; all other sessions end."""
    try:
        await prove_owner(principal, Proof(password=body.current, code=body.code))
    except Invalid as refused:
        fields = [type(one)("current" if one.path == "password" else one.path, one.message) for one in refused.errors]
        raise Invalid(refused.message, code=refused.code, errors=fields) from refused
    async with transaction() as db:
        password_hash = await recovery.prepare_change(db, principal.user_id, body.password.get_secret_value())
    async with transaction() as db:
        await recovery.change_password(db, principal.user_id, password_hash)
        await sessions.end_all(principal.user_id, but=principal.session_id)
    log.info("password_changed", user_id=str(principal.user_id))
    return ok(None, message="Your password is changed. Other devices are signed out.")


@router.post("/email/change", status_code=202)
async def change_email(body: ChangeEmailIn, principal: AccountHolder, request: Request) -> Envelope[None]:
    """Ask for another address; it counts when the link that goes there is followed."""
    (await throttle.take(throttle.MAIL_ADDRESS, throttle.address_of(request.scope))).enforce()
    await prove_owner(principal, body)
    email = names.clean_email(body.email)
    if (await throttle.take(throttle.MAIL_TO, email)).passed:
        async with transaction() as db:
            await recovery.ask_change(db, principal.user_id, email)
    return ok(None, message="A mail with a link is on its way to the new address.", status=202)


@router.post("/email/resend", status_code=202)
async def resend(principal: AccountHolder) -> Envelope[None]:
    """Ask once more for the link that confirms the account's address."""
    if (await throttle.take(throttle.MAIL_TO, str(principal.user_id))).enforce().passed:
        async with transaction() as db:
            await recovery.send_verification(db, principal.user_id)
    return ok(None, message="A mail with a link is on its way.", status=202)


@router.post("/email/verify")
async def verify(
    body: TokenIn, request: Request, response: Response, principal: OptionalPrincipal
) -> Envelope[ConfirmedOut]:
    """Follow a link that confirms an address: of a new account, of an account, or the new one of an account."""
    (await throttle.take(throttle.LINK_ADDRESS, throttle.address_of(request.scope))).enforce()
    async with transaction() as db:
        password_hash = await recovery.password_behind(db, body.token, principal)
    if password_hash is not None:
        await check_password(one_time.digest(body.token), body.password, password_hash)
    async with transaction() as db:
        account = await recovery.confirm_registration(db, body.token, principal)
    if account is not None:
        issued = await sessions.start(account.id, account.role, account.name, **opened_by(request))
        await replace_session(request, response, principal, issued)
        log.info("registered", user_id=str(account.id))
        return ok(_confirmed("registered", account), message="Your account is ready.")
    async with transaction() as db:
        account = await recovery.confirm_address(db, body.token)
    log.info("email_verified", user_id=str(account.id))
    return ok(_confirmed("verified", account), message="Your address is confirmed.")


def _confirmed(outcome: Literal["registered", "verified"], account: service.Account) -> ConfirmedOut:
    return ConfirmedOut(outcome=outcome, account=AccountOut.model_validate(account))
