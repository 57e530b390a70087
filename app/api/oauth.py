"""Signing in through another site, and linking one to an account.

``start`` sends the browser away, ``callback`` gets it back; both are documents, so they end in a page, with the trouble
as a code that the page has words for. A cookie ties the two to one browser; linking starts with a POST, so that no
link on another site does it.
"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from app.api.auth import opened_by
from app.api.deps import OPEN, AccountHolder, OptionalPrincipal
from app.api.envelope import Envelope, ok
from app.api.idempotency import IdempotentRoute
from app.api.mfa import WAITING_COOKIE
from app.api.ownership import Proof, prove_owner
from app.api.session_cookies import read_cookie, replace_session, set_cookie
from services.accounts import identities, second_factor, service, sessions, throttle
from services.accounts.principals import Principal
from services.accounts.providers import Claim, Provider, RefusedByProvider, provider, providers
from services.infra.db import transaction
from services.infra.errors import DomainError, Forbidden, Unauthorized
from services.infra.log import get_logger

router = APIRouter(prefix="/auth/oauth", tags=["auth"], route_class=IdempotentRoute)
log = get_logger()

OAUTH_COOKIE = "mixline_oauth"
Parameter = Annotated[str, Query(max_length=4096)]


class ProviderOut(BaseModel):
    """A site that can sign somebody in here; ``key`` is its name in addresses."""

    key: str
    name: str


class AwayOut(BaseModel):
    """Where the browser goes next."""

    location: str


@router.get("", dependencies=[OPEN])
async def offered() -> Envelope[list[ProviderOut]]:
    """The sites that this server is set up for."""
    return ok([ProviderOut(key=one.key, name=one.name) for one in providers().values()])


@router.get("/{key}/start", status_code=303, response_class=RedirectResponse, dependencies=[OPEN])
async def start(key: str, request: Request) -> Response:
    """Go to the other site."""
    if request.headers.get("sec-fetch-site") not in (None, "none", "same-origin"):
        raise Forbidden("Calls from other sites are refused.", code="cross-site")
    (await throttle.take(throttle.OAUTH_ADDRESS, throttle.address_of(request.scope))).enforce()
    chosen = provider(key)
    try:
        started = await chosen.begin()
        browser = await identities.remember_start(key, started, None)
    except DomainError as error:
        return _to("/sign-in", error)
    answer = RedirectResponse(started["url"], 303)
    set_cookie(request, answer, OAUTH_COOKIE, browser, max_age_s=identities.AWAY_S)
    return answer


@router.post("/{key}/link")
async def link(
    key: str, body: Proof, request: Request, response: Response, principal: AccountHolder
) -> Envelope[AwayOut]:
    """Begin to link the other site to the caller's account."""
    (await throttle.take(throttle.OAUTH_ADDRESS, throttle.address_of(request.scope))).enforce()
    chosen = provider(key)
    await prove_owner(principal, body, recent=True)
    started = await chosen.begin()
    browser = await identities.remember_start(key, started, principal.user_id)
    set_cookie(request, response, OAUTH_COOKIE, browser, max_age_s=identities.AWAY_S)
    return ok(AwayOut(location=started["url"]))


@router.delete("/identities/{identity_id}")
async def unlink(identity_id: UUID, principal: AccountHolder) -> Envelope[None]:
    """The other site can sign in to the account no more."""
    async with transaction() as db:
        await identities.unlink(db, principal.user_id, identity_id)
    return ok(None, message="Unlinked")


@router.get("/{key}/callback", status_code=303, response_class=RedirectResponse)
async def callback(
    key: str,
    request: Request,
    principal: OptionalPrincipal,
    state: Parameter = "",
    code: Parameter = "",
    error: Parameter = "",
) -> Response:
    """Come back from the other site: signed in, asked for a code, linked, or told why not."""
    (await throttle.take(throttle.OAUTH_ADDRESS, throttle.address_of(request.scope))).enforce()
    chosen = provider(key)
    page = "/sign-in"
    try:
        kept = await identities.take_start(key, state, read_cookie(request.headers, OAUTH_COOKIE))
        page = "/account" if kept["linking"] else page
        if error or not code:
            raise RefusedByProvider(f"{chosen.name} did not sign you in.")
        claim = await chosen.finish(code, kept)
        if kept["linking"]:
            answer = await _link(chosen, claim, UUID(kept["linking"]), principal)
        else:
            answer = await _sign_in(chosen, claim, request, principal)
    except DomainError as refused:
        log.warning("oauth_refused", provider=key, reason=refused.code)
        answer = _to(page, refused)
    set_cookie(request, answer, OAUTH_COOKIE, "")
    return answer


async def _link(chosen: Provider, claim: Claim, wanted: UUID, principal: Principal | None) -> Response:
    if principal is None or principal.user_id != wanted:
        raise Unauthorized("Your session has ended. Sign in again.", code="sign-in-expired")
    async with transaction() as db:
        await identities.link(db, wanted, chosen.key, chosen.name, claim)
    return RedirectResponse("/account?done=linked", 303)


async def _sign_in(chosen: Provider, claim: Claim, request: Request, principal: Principal | None) -> Response:
    answer, issued = RedirectResponse("/", 303), None
    async with transaction() as db:
        owner = await identities.owner_of(db, claim)
        if owner is None:
            account = await identities.register(db, principal, chosen.key, claim)
            issued = await sessions.start(account.id, account.role, account.name, **opened_by(request))
            log.info("registered", user_id=str(account.id), method=chosen.key)
        elif not await second_factor.is_enabled(db, owner):
            account = await service.admit(db, owner, second_factor=False)
            issued = await sessions.start(account.id, account.role, account.name, **opened_by(request))
            await service.sign_in(db, owner, principal, method=chosen.key)
    if issued is None and owner is not None:
        answer = RedirectResponse("/sign-in?step=code", 303)
        waiting = await identities.wait_for_code(owner, chosen.key)
        set_cookie(request, answer, WAITING_COOKIE, waiting, max_age_s=identities.CODE_S)
        return answer
    assert issued is not None
    await identities.mark_fresh(issued.principal.session_id)
    await replace_session(request, answer, principal, issued)
    log.info("signed_in", user_id=str(issued.principal.user_id), method=chosen.key)
    return answer


def _to(page: str, error: DomainError) -> Response:
    return RedirectResponse(f"{page}?problem={error.code}", 303)
