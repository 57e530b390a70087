"""The second factor: set up, turned off, recovery codes, and the code that a sign-in by another site waits for."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from app.api.auth import AccountOut, opened_by
from app.api.deps import AccountHolder, OptionalPrincipal
from app.api.envelope import Envelope, ok
from app.api.idempotency import IdempotentRoute
from app.api.ownership import Proof, prove_owner
from app.api.session_cookies import hand_over, read_cookie, replace_session, set_cookie
from services.accounts import identities, second_factor, service, sessions, throttle
from services.infra.db import transaction
from services.infra.errors import Unauthorized
from services.infra.log import get_logger

router = APIRouter(prefix="/auth/mfa", tags=["auth"], route_class=IdempotentRoute)
log = get_logger()

WAITING_COOKIE = "mixline_waiting"


class CodeIn(BaseModel):
    """Six digits of the app, or where it says so a recovery code."""

    model_config = ConfigDict(extra="forbid", strict=True)

    code: Annotated[str, Field(min_length=1, max_length=64)]


class StatusOut(BaseModel):
    """Whether codes are asked for, and how many recovery codes are left."""

    enabled: bool
    recovery_codes: int


class EnrolmentOut(BaseModel):
    """For the app: the QR code, or the secret typed by hand."""

    secret: str
    uri: str
    qr_svg: str


class RecoveryCodesOut(BaseModel):
    """Each works once; they are not shown again."""

    recovery_codes: list[str]


@router.get("")
async def status(principal: AccountHolder) -> Envelope[StatusOut]:
    """The account's second factor."""
    async with transaction() as db:
        found = await second_factor.status(db, principal.user_id)
    return ok(StatusOut(enabled=found.enabled, recovery_codes=found.recovery_codes))


@router.post("/enrol")
async def enrol(body: Proof, principal: AccountHolder, response: Response) -> Envelope[EnrolmentOut]:
    """Begin with a new app; nothing is asked for until `confirm`."""
    await prove_owner(principal, body, recent=True)
    async with transaction() as db:
        begun = await second_factor.begin(db, principal.user_id)
    response.headers["cache-control"] = "no-store"
    return ok(EnrolmentOut(secret=begun.secret, uri=begun.uri, qr_svg=begun.qr_svg))


@router.post("/confirm")
async def confirm(
    body: CodeIn, principal: AccountHolder, request: Request, response: Response
) -> Envelope[RecoveryCodesOut]:
    """Show that the app has the secret. This session goes on with a second factor and a new id, all others end."""
    who = str(principal.user_id)
    verdict = (await throttle.take(throttle.SECOND_FACTOR, who)).enforce()
    async with transaction() as db:
        codes = await second_factor.enable(db, principal.user_id, body.code)
        issued = await sessions.renew_with_second_factor(principal)
        await sessions.end_all(principal.user_id, but=issued.principal.session_id)
    hand_over(request, response, issued)
    await throttle.give_back(verdict, who)
    log.info("second_factor_enabled", user_id=who)
    response.headers["cache-control"] = "no-store"
    return ok(RecoveryCodesOut(recovery_codes=codes), message="The second factor is on.")


@router.post("/disable")
async def disable(body: Proof, principal: AccountHolder) -> Envelope[None]:
    """Turn it off; takes the password and a code."""
    await prove_owner(principal, body, with_code=True)
    async with transaction() as db:
        given = body.password.get_secret_value() if body.password is not None else None
        await second_factor.disable(db, principal.user_id, given)
        await sessions.update_all(principal.user_id, second_factor=False)
    log.info("second_factor_disabled", user_id=str(principal.user_id))
    return ok(None, message="The second factor is off.")


@router.post("/recovery-codes")
async def recovery_codes(body: Proof, principal: AccountHolder, response: Response) -> Envelope[RecoveryCodesOut]:
    """Ten new recovery codes instead of the old ones."""
    await prove_owner(principal, body, with_code=True)
    async with transaction() as db:
        codes = await second_factor.replace_recovery_codes(db, principal.user_id)
    response.headers["cache-control"] = "no-store"
    return ok(RecoveryCodesOut(recovery_codes=codes), message="The old recovery codes are worth nothing now.")


@router.post("/verify")
async def verify(
    body: CodeIn, request: Request, response: Response, principal: OptionalPrincipal
) -> Envelope[AccountOut]:
    """Finish a sign-in by another site, which waits for the account's second factor."""
    waiting = read_cookie(request.headers, WAITING_COOKIE)
    user_id, method = await identities.waiting_sign_in(waiting)
    who = str(user_id)
    verdict = (await throttle.take(throttle.SECOND_FACTOR, who)).enforce()
    async with transaction() as db:
        fits = await second_factor.use(db, user_id, body.code)
    if not fits:
        log.warning("sign_in_denied", user_id=who, reason="second factor")
        refused = second_factor.wrong_code()
        raise Unauthorized(refused.message, code=refused.code, errors=refused.errors)
    await throttle.give_back(verdict, who)
    await identities.done_waiting(waiting or "")
    async with transaction() as db:
        account = await service.admit(db, user_id, second_factor=True)
        issued = await sessions.start(account.id, account.role, account.name, second_factor=True, **opened_by(request))
        await service.sign_in(db, user_id, principal, method=method, second_factor=True)
    await identities.mark_fresh(issued.principal.session_id)
    await replace_session(request, response, principal, issued)
    set_cookie(request, response, WAITING_COOKIE, "")
    log.info("signed_in", user_id=who, method=method)
    return ok(AccountOut.model_validate(account), message="Signed in")
