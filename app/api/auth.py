"""Sign-in by session cookie: register, log in, log out, and the token against cross-site requests.

Every unsafe call under /api passes `CsrfMiddleware`. The token lives as long as the session; ``GET /api/auth/csrf``
gives one, and opens a guest's session where there is none, so scripts begin with it too.
"""

from __future__ import annotations

import hmac
from http.cookies import CookieError, SimpleCookie
from typing import Annotated
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.deps import CurrentPrincipal, OptionalPrincipal, cookie_header
from app.api.envelope import Envelope, ok, problem
from services.accounts import csrf, passwords, service, sessions, throttle
from services.accounts.sessions import IssuedSession, Principal, Role
from services.infra.db import transaction
from services.infra.errors import DomainError, Forbidden, Unauthorized
from services.infra.log import get_logger
from services.infra.settings import get_settings

router = APIRouter(prefix="/auth", tags=["auth"])
log = get_logger()

CSRF_COOKIE = "mixline_csrf"
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
    """Credentials; ``remember`` keeps the session beyond the browser's."""

    email: Text
    password: Password
    remember: bool = False


class AccountOut(BaseModel):
    """The caller. A guest has no address."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    role: Role
    email: str | None


class CsrfOut(BaseModel):
    """What unsafe calls send as ``X-CSRF-Token``."""

    token: str


@router.get("/csrf")
async def csrf_token(request: Request, response: Response, principal: OptionalPrincipal) -> Envelope[CsrfOut]:
    """The token for unsafe calls of this session; opens a guest's session where there is none."""
    secret = sessions.session_secret(cookie_header(request))
    if principal is None or secret is None:
        (await throttle.take(throttle.GUEST_ADDRESS, _address(request))).enforce()
        issued = await sessions.start_guest()
        secret = issued.secret
        _hand_over(request, response, issued)
        token = csrf.issue(secret)
    else:
        held = read_cookie(request.headers, CSRF_COOKIE)
        token = held if held and csrf.belongs(secret, held) else csrf.issue(secret)
    _set(request, response, CSRF_COOKIE, token)
    response.headers["cache-control"] = "no-store"
    return ok(CsrfOut(token=token))


@router.post("/register", status_code=201)
async def register(
    body: RegisterIn, request: Request, response: Response, principal: OptionalPrincipal
) -> Envelope[AccountOut]:
    """Make an account of the calling guest, whose hands stay, and sign in."""
    (await throttle.take(throttle.REGISTER_ADDRESS, _address(request))).enforce()
    wanted = await service.prepare_registration(body.email, body.password.get_secret_value(), body.name)
    async with transaction() as db:
        account = await service.register(db, principal, wanted)
        issued = await sessions.start(account.id, account.role, account.name)
    await _replace_session(request, response, principal, issued)
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
    async with transaction() as db:
        account = await service.sign_in(db, found.user_id, principal, remembered=body.remember, fresh_hash=fresh_hash)
        issued = await sessions.start(account.id, account.role, account.name, remember=body.remember)
    await throttle.give_back(verdict, who)
    await _replace_session(request, response, principal, issued)
    if limit is throttle.SIGN_IN_ACCOUNT and (trusted := await throttle.trust_device(account.id)) is not None:
        _set(request, response, DEVICE_COOKIE, trusted[0], max_age_s=trusted[1])
    log.info("signed_in", user_id=str(account.id))
    return ok(AccountOut.model_validate(account), message="Signed in")


@router.post("/logout")
async def logout(request: Request, response: Response, principal: CurrentPrincipal) -> Envelope[None]:
    """End this session. The next document opens a guest's."""
    await sessions.end(principal)
    _set(request, response, sessions.COOKIE, "")
    _set(request, response, CSRF_COOKIE, "")
    async with transaction() as db:
        await service.sign_out(db, principal)
    log.info("signed_out", user_id=str(principal.user_id))
    return ok(None, message="Signed out")


async def _replace_session(
    request: Request, response: Response, before: Principal | None, issued: IssuedSession
) -> None:
    """A new id at every sign-in; the old session ends, so a planted one is worth nothing."""
    if before is not None:
        await sessions.end(before)
    _hand_over(request, response, issued)


def _hand_over(request: Request, response: Response, issued: IssuedSession) -> None:
    _set(request, response, sessions.COOKIE, issued.secret, max_age_s=issued.max_age_s)


def _set(request: Request, response: Response, name: str, value: str, *, max_age_s: int | None = None) -> None:
    line = sessions.cookie_line(name, value, max_age_s=max_age_s, secure=sessions.is_secure(request.scope))
    response.headers.append("set-cookie", line)


def _address(request: Request) -> str:
    return throttle.address_of(request.scope)


def read_cookie(headers: Headers, name: str) -> str | None:
    """A cookie of ours by its plain name, the ``__Host-`` one before the other."""
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load("; ".join(headers.getlist("cookie")))
    except CookieError:
        return None
    morsel = jar.get(f"__Host-{name}") or jar.get(name)
    return morsel.value if morsel is not None else None


class CsrfMiddleware:
    """ASGI: every unsafe call needs this site's origin and the session's token, or it gets 403."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on or refuse it."""
        if scope["type"] == "http" and scope["method"] not in ("GET", "HEAD", "OPTIONS"):
            refused = _cross_site(Headers(scope=scope)) or _without_token(Headers(scope=scope))
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
    secret = sessions.session_secret("; ".join(headers.getlist("cookie")))
    token = headers.get("x-csrf-token", "")
    held = read_cookie(headers, CSRF_COOKIE) or ""
    if (
        secret
        and token.isascii()
        and hmac.compare_digest(token.encode(), held.encode())
        and csrf.belongs(secret, token)
    ):
        return None
    return Forbidden("The X-CSRF-Token is missing or not this session's. GET /api/auth/csrf gives one.", code="csrf")
