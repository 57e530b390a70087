"""Signing in through another site, against a provider that answers over HTTP with real signatures."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from services.accounts import providers
from services.infra.settings import get_settings
from tests import oidc_provider
from tests.api.conftest import ORIGIN, PASSWORD, Browser, OpenBrowser, code_of, mails_to
from tests.api.test_second_factor import Authenticator

pytestmark = pytest.mark.usefixtures("mailbox", "configured")


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with oidc_provider.running() as running:
        yield running


@pytest.fixture
def configured(issuer: str, mailbox: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in (
        ("PUBLIC_URL", ORIGIN),
        ("OIDC_ISSUER", issuer),
        ("OIDC_NAME", "The club"),
        ("OIDC_CLIENT_ID", oidc_provider.CLIENT_ID),
        ("OIDC_CLIENT_SECRET", oidc_provider.CLIENT_SECRET),
    ):
        monkeypatch.setenv(f"MIXLINE_{name}", value)
    get_settings.cache_clear()
    providers.providers.cache_clear()
    yield
    providers.providers.cache_clear()


async def at_provider(location: str, *, choice: str = "yes", **person: str) -> str:
    """What the person does over there; returns the address that the provider sends the browser back to."""
    async with httpx.AsyncClient(trust_env=False) as there:
        page = await there.get(location)
        fields = {
            html.unescape(key): html.unescape(value)
            for key, value in re.findall(r'name="([^"]+)" value="([^"]*)"', page.text)
        }
        fields |= {f"person_{key}": value for key, value in person.items()} | {"choice": choice}
        answer = await there.post(location.partition("?")[0], data=fields)
    return answer.headers["location"]


async def start(browser: Browser) -> str:
    await browser.token()
    answer = await browser.get("/api/auth/oauth/oidc/start", headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def sign_in(browser: Browser, **person: str) -> httpx.Response:
    """The whole way there and back."""
    return await browser.get(await at_provider(await start(browser), **person))


async def fault(issuer: str, name: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as there:
        await there.post(f"{issuer}/fault", json={"fault": name})


async def me(browser: Browser) -> dict[str, Any]:
    answer = await browser.get("/api/users/me")
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def test_the_way_there_carries_pkce_state_and_nonce(browser: Browser) -> None:
    asked = parse_qs(urlsplit(await start(browser)).query)

    assert asked["code_challenge_method"] == ["S256"]
    assert len(asked["code_challenge"][0]) == 43
    assert len(asked["state"][0]) >= 20
    assert len(asked["nonce"][0]) >= 20
    assert asked["redirect_uri"] == [f"{ORIGIN}/api/auth/oauth/oidc/callback"]


async def test_somebody_new_gets_an_account_and_keeps_the_guests_hands(browser: Browser) -> None:
    await browser.token()
    guest = await me(browser)

    answer = await sign_in(browser, sub="new-1", name="Anna", email="anna@example.org")

    assert answer.headers["location"] == "/"
    account = await me(browser)
    assert account["id"] == guest["id"]
    assert (account["role"], account["name"], account["email"]) == ("free", "Anna", "anna@example.org")
    assert account["email_verified"]


async def test_the_same_person_comes_back_to_the_same_account(open_browser: OpenBrowser, browser: Browser) -> None:
    await sign_in(browser, sub="same", name="Anna", email="anna@example.org")
    elsewhere = await open_browser()

    await sign_in(elsewhere, sub="same", name="Other", email="moved@example.org")

    assert (await me(elsewhere))["id"] == (await me(browser))["id"]


async def test_an_address_opens_nobodys_account(open_browser: OpenBrowser, member: Browser) -> None:
    visitor = await open_browser()

    answer = await sign_in(visitor, sub="thief", email="anna@example.org")

    assert answer.headers["location"] == "/sign-in?problem=link-first"
    assert (await me(visitor))["role"] == "guest"


async def test_an_unconfirmed_address_is_not_taken_over_and_tells_nothing(
    open_browser: OpenBrowser, member: Browser
) -> None:
    visitor = await open_browser()

    await sign_in(visitor, sub="liar", name="Liar", email="anna@example.org", email_verified="false")

    account = await me(visitor)
    assert (account["role"], account["email"], account["email_verified"]) == ("free", None, False)
    assert account["id"] != (await me(member))["id"]


async def test_a_taken_name_gets_a_number(open_browser: OpenBrowser, member: Browser) -> None:
    visitor = await open_browser()
    await sign_in(visitor, sub="namesake", name="Anna")

    assert re.fullmatch(r"Anna \d{4}", (await me(visitor))["name"])


@pytest.mark.parametrize(
    "wrong",
    ["nonce", "no-nonce", "audience", "issuer", "expired", "signature", "none", "shared-secret", "subject", "missing"],
)
async def test_a_token_that_does_not_hold_signs_nobody_in(browser: Browser, issuer: str, wrong: str) -> None:
    location = await start(browser)
    await fault(issuer, wrong)

    answer = await browser.get(await at_provider(location, sub="forged", email="forged@example.org"))

    assert answer.headers["location"] == "/sign-in?problem=sign-in-refused"
    assert (await me(browser))["role"] == "guest"


async def test_a_discovery_document_of_another_issuer_sends_nobody_anywhere(browser: Browser, issuer: str) -> None:
    """OpenID Connect Discovery 1.0, 4.3; once the document is right again, so is the sign-in."""
    await fault(issuer, "other-issuer")
    refused = await browser.get("/api/auth/oauth/oidc/start")
    again = await browser.get("/api/auth/oauth/oidc/start")
    await fault(issuer, "")

    assert refused.headers["location"] == "/sign-in?problem=provider-misconfigured"
    assert again.headers["location"] == "/sign-in?problem=provider-misconfigured"
    assert (await start(browser)).startswith(issuer)


@pytest.mark.parametrize("written", ["/", "/other"])
async def test_the_configured_issuer_has_to_be_written_as_the_document_writes_it(
    browser: Browser, issuer: str, written: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIXLINE_OIDC_ISSUER", issuer + written)
    get_settings.cache_clear()
    providers.providers.cache_clear()

    answer = await browser.get("/api/auth/oauth/oidc/start")

    assert answer.headers["location"].startswith("/sign-in?problem=provider-")


async def test_a_provider_in_trouble_is_told_apart(browser: Browser, issuer: str) -> None:
    location = await start(browser)
    await fault(issuer, "silent")

    answer = await browser.get(await at_provider(location))

    assert answer.headers["location"] == "/sign-in?problem=provider-away"


async def test_another_browser_can_not_finish_what_this_one_began(open_browser: OpenBrowser, browser: Browser) -> None:
    """Else a link with the attacker's code signs a visitor in to the attacker's account."""
    back = await at_provider(await start(browser), sub="attacker")
    victim = await open_browser()
    await victim.token()

    answer = await victim.get(back)

    assert answer.headers["location"] == "/sign-in?problem=sign-in-expired"
    assert (await me(victim))["role"] == "guest"


async def test_an_answer_works_once(browser: Browser) -> None:
    back = await at_provider(await start(browser), sub="once")
    await browser.get(back)

    assert (await browser.get(back)).headers["location"] == "/sign-in?problem=sign-in-expired"


@pytest.mark.parametrize("query", ["", "?state=x&code=y", "?error=access_denied", "?state=%00&code=y"])
async def test_an_answer_that_nobody_asked_for_is_refused(browser: Browser, query: str) -> None:
    answer = await browser.get(f"/api/auth/oauth/oidc/callback{query}")

    assert answer.headers["location"] == "/sign-in?problem=sign-in-expired"


async def test_who_says_no_over_there_is_told_so_here(browser: Browser) -> None:
    back = await at_provider(await start(browser), choice="no")

    assert (await browser.get(back)).headers["location"] == "/sign-in?problem=sign-in-refused"


async def test_another_site_can_not_begin_a_sign_in(browser: Browser) -> None:
    answer = await browser.get("/api/auth/oauth/oidc/start", headers={"Sec-Fetch-Site": "cross-site"})

    assert answer.status_code == 403


async def test_an_unknown_provider_is_not_there(browser: Browser) -> None:
    assert (await browser.get("/api/auth/oauth/github/start")).status_code == 404


async def linked(member: Browser, **person: str) -> httpx.Response:
    away = await member.post("/api/auth/oauth/oidc/link", {"password": PASSWORD})
    return await member.get(await at_provider(away.json()["data"]["location"], **person))


async def test_a_member_links_the_other_site_and_signs_in_with_it(open_browser: OpenBrowser, member: Browser) -> None:
    answer = await linked(member, sub="linked-1", email="elsewhere@example.net")
    visitor = await open_browser()
    await sign_in(visitor, sub="linked-1")

    assert answer.headers["location"] == "/account?done=linked"
    assert (await me(visitor))["id"] == (await me(member))["id"]
    assert (await mails_to("anna@example.org"))[0]["Subject"] == "The club can sign you in"


async def test_what_is_linked_to_one_account_is_not_linked_to_another(
    open_browser: OpenBrowser, member: Browser
) -> None:
    await linked(member, sub="linked-2")
    bo = await open_browser()
    await bo.register("Bo")

    assert (await linked(bo, sub="linked-2")).headers["location"] == "/account?problem=linked-elsewhere"


async def test_unlinking_takes_the_way_in_away_and_others_can_not_do_it(
    open_browser: OpenBrowser, member: Browser
) -> None:
    await linked(member, sub="linked-3")
    identity = (await member.get("/api/users/me/security")).json()["data"]["linked"][0]["id"]
    bo = await open_browser()
    await bo.register("Bo")
    path = f"/api/auth/oauth/identities/{identity}"

    assert (await bo.call("DELETE", path)).status_code == 404
    assert (await member.call("DELETE", path)).status_code == 200
    visitor = await open_browser()
    await sign_in(visitor, sub="linked-3", name="Fresh")
    assert (await me(visitor))["id"] != (await me(member))["id"]


async def test_the_only_way_in_can_not_be_taken_away(browser: Browser) -> None:
    await sign_in(browser, sub="only", name="Only")
    identity = (await browser.get("/api/users/me/security")).json()["data"]["linked"][0]["id"]

    answer = await browser.call("DELETE", f"/api/auth/oauth/identities/{identity}")

    assert (answer.status_code, code_of(answer)) == (409, "only-sign-in")


async def test_the_second_factor_is_asked_for_behind_another_site_too(
    open_browser: OpenBrowser, browser: Browser
) -> None:
    await sign_in(browser, sub="careful", name="Careful", email="careful@example.org")
    begun = (await browser.post("/api/auth/mfa/enrol", {})).json()["data"]
    app = Authenticator(begun["secret"])
    await browser.post("/api/auth/mfa/confirm", {"code": app.code(-1)})
    visitor = await open_browser()

    answer = await sign_in(visitor, sub="careful")

    assert answer.headers["location"] == "/sign-in?step=code"
    assert (await me(visitor))["role"] == "guest"
    assert (await visitor.post("/api/auth/mfa/verify", {"code": "000000"})).status_code == 401
    assert (await visitor.post("/api/auth/mfa/verify", {"code": app.code()})).status_code == 200
    assert (await me(visitor))["name"] == "Careful"
    assert (await visitor.post("/api/auth/mfa/verify", {"code": app.code(1)})).status_code == 401


async def test_nobody_skips_to_the_code_without_the_other_site(browser: Browser) -> None:
    answer = await browser.post("/api/auth/mfa/verify", {"code": "123456"})

    assert (answer.status_code, code_of(answer)) == (401, "sign-in-expired")
