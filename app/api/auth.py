"""Sign-in by session cookies: register, log in, log out, new tokens, and the token against cross-site requests.

Every unsafe call under /api passes `CsrfMiddleware`. The token lives as long as the session; ``GET /api/auth/csrf``
gives one, and opens a guest's session where there is none, so scripts begin with it too.
"""

from __future__ import annotations

import hmac
from datetime import datetime
from typing import Annotated, Literal, TypedDict
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api import session_cookies
from app.api.deps import OPEN, CurrentPrincipal, OptionalPrincipal, cookie_header
from app.api.envelope import Envelope, ok, problem
from app.api.idempotency import IdempotentRoute
from app.api.reuse import report_reuse
from app.api.session_cookies import bearer, device, hand_over, read_cookie, replace_session, set_cookie
from services.accounts import (
    access_tokens,
    csrf,
    identities,
    passwords,
    recovery,
    second_factor,
    service,
    sessions,
    throttle,
)
from services.accounts.principals import Role
from services.accounts.sessions import RefreshReused
from services.infra.db import transaction
from services.infra.errors import DomainError, FieldError, Forbidden, Unauthorized
from services.infra.log import get_logger
from services.infra.settings import get_settings

router = APIRouter(prefix="/auth", tags=["auth"], route_class=IdempotentRoute)
renewing = APIRouter(prefix="/auth", tags=["auth"])
"""What may be repeated anyway."""
log = get_logger()

CSRF_COOKIE = session_cookies.CSRF
DEVICE_COOKIE = "mixline_device"
WRONG = "The e-mail address or the password is wrong."

Text = Annotated[str, Field(min_length=1, max_length=254)]
Password = Annotated[SecretStr, Field(min_length=1, max_length=512)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class RegisterIn(_Body):
    """A new account. The password has at least 15 characters."""

    email: Text
    password: Password
    name: Annotated[str, Field(min_length=1, max_length=60)]


class LoginIn(_Body):
    """Credentials; ``remember`` keeps the session beyond the browser's, ``code`` is the second factor, if on."""

    email: Text
    password: Password
    remember: bool = False
    code: Annotated[str | None, Field(max_length=64)] = None


class AccountOut(BaseModel):
    """The caller. A guest has no address; ``delete_at`` is when an account is erased whose owner asked for it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    role: Role
    email: str | None
    email_verified: bool = False
    delete_at: datetime | None = None


class AskedOut(BaseModel):
    """The account begins when the link in the mail is followed; said of every address, taken or free."""

    status: Literal["confirm"] = "confirm"


class CsrfOut(BaseModel):
    """What unsafe calls send as ``X-CSRF-Token``."""

    token: str


class RefreshOut(BaseModel):
    """For how many seconds the new access token is good; both tokens are in cookies."""

    expires_in: int


@renewing.get("/csrf")
async def csrf_token(request: Request, response: Response, principal: OptionalPrincipal) -> Envelope[CsrfOut]:
    """The token for unsafe calls of this session; renews stale tokens, opens a guest's session where there is none."""
    secret = sessions.session_secret(cookie_header(request))
    if principal is None or secret is None or sessions.hash_secret(secret) != principal.session_id:
        try:
            issued = await sessions.refresh(cookie_header(request))
        except RefreshReused as reused:
            await report_reuse(reused)
            issued = None
        if issued is None:
            address = throttle.address_of(request.scope)
            (await throttle.take(throttle.GUEST_ADDRESS, address)).enforce()
            issued = await sessions.start_guest(device=device(request), address=address)
        secret = issued.refresh.partition(".")[0]
        hand_over(request, response, issued)
    token = csrf.issue(secret)
    set_cookie(request, response, CSRF_COOKIE, token)
    response.headers["cache-control"] = "no-store"
    return ok(CsrfOut(token=token))


@renewing.post("/refresh", dependencies=[OPEN])
async def refresh(request: Request, response: Response) -> Envelope[RefreshOut]:
    """New tokens for the refresh token, which counts no more. One that was replaced before ends the whole session."""
    try:
        issued = await sessions.refresh(cookie_header(request))
    except RefreshReused as reused:
        await report_reuse(reused)
        raise
    if issued is None:
        raise Unauthorized("The session has ended. Sign in again.", code="session-ended")
    hand_over(request, response, issued)
    response.headers["cache-control"] = "no-store"
    return ok(RefreshOut(expires_in=access_tokens.LIFE_S), message="Tokens renewed")


@router.post("/register", status_code=201, responses={202: {"model": Envelope[AskedOut]}})
async def register(
    body: RegisterIn, request: Request, response: Response, principal: OptionalPrincipal
) -> Envelope[AccountOut] | Envelope[AskedOut]:
    """Make an account of the calling guest, whose hands stay, and sign in.

    Where addresses have to be confirmed first (MIXLINE_CONFIRM_REGISTRATION), the answer is 202 and a mail follows.
    """
    (await throttle.take(throttle.REGISTER_ADDRESS, _address(request))).enforce()
    wanted = await service.prepare_registration(body.email, body.password.get_secret_value(), body.name)
    if get_settings().confirms_registration:
        heard = (await throttle.take(throttle.MAIL_TO, wanted.email)).passed
        async with transaction() as db:
            await recovery.ask_registration(db, principal, wanted, heard=heard)
        response.status_code = 202
        return ok(AskedOut(), message="A mail with a link is on its way.", status=202)
    async with transaction() as db:
        account = await service.register(db, principal, wanted)
        await recovery.send_verification(db, account.id)
        issued = await sessions.start(account.id, account.role, account.name, **opened_by(request))
    await identities.mark_fresh(issued.principal.session_id)
    await replace_session(request, response, principal, issued)
    log.info("registered", user_id=str(account.id))
    return ok(AccountOut.model_validate(account), message="Account created", status=201)


@router.post("/login")
async def login(
    body: LoginIn, request: Request, response: Response, principal: OptionalPrincipal
) -> Envelope[AccountOut]:
    """Sign in. A calling guest's hands move to the account."""
    email = body.email.strip().lower()
    (await throttle.take(throttle.SIGN_IN_ADDRESS, _address(request))).enforce()
    async with transaction() as db:
        found = await service.find_credentials(db, email)
    device = read_cookie(request.headers, DEVICE_COOKIE)
    if device and await throttle.is_trusted(device, found.user_id):
        limit, who = throttle.SIGN_IN_DEVICE, device
    else:
        limit, who = throttle.SIGN_IN_ACCOUNT, email
    verdict = await throttle.take(limit, who)
    if not verdict.passed:
        log.warning("sign_in_denied", user_id=str(found.user_id or ""), reason="throttled")
    verdict.enforce()
    fits, fresh_hash = await passwords.verify(body.password.get_secret_value(), found.password_hash)
    if found.user_id is None or not fits:
        async with transaction() as db:
            await service.deny_sign_in(db, found.user_id)
        log.warning("sign_in_denied", user_id=str(found.user_id or ""), reason="password")
        raise Unauthorized(WRONG, code="wrong-credentials")
    with_code = found.second_factor and await _second_factor(found.user_id, body.code)
    async with transaction() as db:
        account = await service.admit(db, found.user_id, password_hash=found.password_hash, second_factor=with_code)
        # Before the record: that holds the trail's end until the commit, and others wait for it.
        issued = await sessions.start(
            account.id,
            account.role,
            account.name,
            remember=body.remember,
            second_factor=with_code,
            **opened_by(request),
        )
        await service.sign_in(
            db,
            account.id,
            principal,
            remembered=body.remember,
            fresh_hash=fresh_hash,
            second_factor=with_code,
        )
    await throttle.give_back(verdict, who)
    await identities.mark_fresh(issued.principal.session_id)
    await replace_session(request, response, principal, issued)
    if limit is throttle.SIGN_IN_ACCOUNT and (trusted := await throttle.trust_device(account.id)) is not None:
        set_cookie(request, response, DEVICE_COOKIE, trusted[0], max_age_s=trusted[1])
    log.info("signed_in", user_id=str(account.id))
    return ok(AccountOut.model_validate(account), message="Signed in")


async def _second_factor(user_id: UUID, code: str | None) -> bool:
    """The second factor was shown; the password was right already.

    Raises:
        Unauthorized: It is missing or wrong.
    """
    if not code:
        text = "Enter a code of your authenticator app, or a recovery code."
        raise Unauthorized(text, code="second-factor-needed", errors=[FieldError("code", text)])
    verdict = (await throttle.take(throttle.SECOND_FACTOR, str(user_id))).enforce()
    async with transaction() as db:
        fits = await second_factor.use(db, user_id, code)
    if not fits:
        log.warning("sign_in_denied", user_id=str(user_id), reason="second factor")
        refused = second_factor.wrong_code()
        raise Unauthorized(refused.message, code=refused.code, errors=refused.errors)
    await throttle.give_back(verdict, str(user_id))
    return True


@renewing.post("/logout")
async def logout(request: Request, response: Response, principal: CurrentPrincipal) -> Envelope[None]:
    """End this session. The next document opens a guest's."""
    await sessions.end(principal)
    session_cookies.clear(request, response)
    async with transaction() as db:
        await service.sign_out(db, principal)
    log.info("signed_out", user_id=str(principal.user_id))
    return ok(None, message="Signed out")


class Opener(TypedDict):
    """What the session's owner sees about where it was opened."""

    device: str
    address: str


def opened_by(request: Request) -> Opener:
    """Where a session is opened, for `sessions.start`."""
    return {"device": device(request), "address": throttle.address_of(request.scope)}


def _address(request: Request) -> str:
    return throttle.address_of(request.scope)


class CsrfMiddleware:
    """ASGI: every unsafe call needs this site's origin and the session's token, or it gets 403."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on or refuse it."""
        # With a personal token no cookie counts, and no other site can make a browser send one.
        if scope["type"] == "http" and scope["method"] not in ("GET", "HEAD", "OPTIONS", "TRACE"):
            headers = Headers(scope=scope)
            refused = _cross_site(headers) or (bearer(headers) is None and _without_token(headers)) or None
            if refused is not None:
                log.warning("request_refused", reason=refused.code, path=scope["path"])
                answer = problem(refused.status, refused.code, refused.message, scope["path"])
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _cross_site(headers: Headers) -> DomainError | None:
    """Browsers say where a call comes from; callers that say nothing are no browsers."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    foreign = site is not None and site != "same-origin"
    if origin is not None:
        own = {headers.get("host", ""), urlsplit(get_settings().public_url).netloc}
        foreign = foreign or not origin.startswith(("http://", "https://")) or urlsplit(origin).netloc not in own - {""}
    return Forbidden("Calls from other sites are refused.", code="cross-site") if foreign else None


def _without_token(headers: Headers) -> DomainError | None:
    cookies = "; ".join(headers.getlist("cookie"))
    secret = sessions.session_secret(cookies)
    acting = sessions.named_session(cookies)
    token = headers.get("x-csrf-token", "")
    held = read_cookie(headers, CSRF_COOKIE) or ""
    if (
        secret
        and (acting is None or acting == sessions.hash_secret(secret))  # one session in both cookies
        and token.isascii()
        and hmac.compare_digest(token.encode(), held.encode())
        and csrf.belongs(secret, token)
    ):
        return None
    return Forbidden("The X-CSRF-Token is missing or not this session's. GET /api/auth/csrf gives one.", code="csrf")
