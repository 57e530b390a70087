"""Access and refresh tokens over REST, and the sessions behind them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from app.api.session_middleware import SessionMiddleware
from services.accounts import access_tokens, sessions
from services.audit import service as audit
from services.infra import clock
from services.infra.settings import get_settings
from tests.api.conftest import ORIGIN, Browser, OpenBrowser, waiting_solve

STALE = timedelta(seconds=access_tokens.LIFE_S + 5)


def kind(answer: httpx.Response) -> str:
    return answer.json()["data"]["problem"]["type"].removeprefix("/problems/")


def copy(browser: Browser, other: Browser) -> Browser:
    """The other browser has a copy of this one's cookies."""
    for name, value in browser.http.cookies.items():
        other.http.cookies.set(name, value)
    return other


@pytest.fixture
def short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(get_settings()), "refresh_grace_s", 0.2, raising=False)
    monkeypatch.setitem(get_settings().__dict__, "refresh_grace_s", 0.2)


async def test_a_refresh_gives_both_tokens_anew(member: Browser) -> None:
    before = dict(member.http.cookies)

    answer = await member.post("/api/auth/refresh")

    assert answer.status_code == 200
    assert answer.json()["data"] == {"expires_in": 600}
    assert answer.headers["cache-control"] == "no-store"
    lines = answer.headers.get_list("set-cookie")
    assert [line.partition("=")[0] for line in lines] == ["mixline_session", "mixline_refresh"]
    assert all("HttpOnly" in line and "SameSite=Lax" in line and "Path=/" in line for line in lines)
    assert member.http.cookies["mixline_refresh"] != before["mixline_refresh"]
    assert (await member.get("/api/users/me")).json()["data"]["email"] == "anna@example.org"


async def test_over_https_both_are_bound_to_the_host(member: Browser) -> None:
    answer = await member.http.get(f"{ORIGIN.replace('http:', 'https:')}/api/auth/csrf")

    lines = answer.headers.get_list("set-cookie")
    assert {line.partition("=")[0] for line in lines} >= {"__Host-mixline_csrf"}
    assert all(line.startswith("__Host-mixline_") and line.endswith("; Secure") for line in lines)


async def test_a_refresh_without_the_csrf_token_is_refused(member: Browser) -> None:
    assert (await member.http.post("/api/auth/refresh")).status_code == 403


async def test_a_stale_access_token_is_refused_and_says_so_until_it_is_renewed(member: Browser) -> None:
    with clock.travel(STALE):
        refused = await member.get("/api/users/me")
        assert (refused.status_code, kind(refused)) == (401, "token-expired")
        assert refused.headers["www-authenticate"].startswith("Bearer")

        assert (await member.post("/api/auth/refresh")).status_code == 200
        assert (await member.get("/api/users/me")).status_code == 200


async def test_asking_for_the_csrf_token_renews_stale_tokens(member: Browser) -> None:
    with clock.travel(STALE):
        await member.token()

        assert (await member.get("/api/users/me")).json()["data"]["email"] == "anna@example.org"


async def test_a_stolen_refresh_token_ends_the_session_of_thief_and_owner_and_is_in_the_trail(
    open_browser: OpenBrowser, member: Browser, db: AsyncSession, short_grace: None
) -> None:
    await member.token()
    thief = copy(member, await open_browser("203.0.113.9"))
    assert (await member.post("/api/auth/refresh")).status_code == 200
    await asyncio.sleep(0.3)

    token = thief.http.cookies["mixline_csrf"]
    answer = await thief.http.post("/api/auth/refresh", headers={"X-CSRF-Token": token})

    assert (answer.status_code, kind(answer)) == (401, "refresh-reused")
    for browser in (member, thief):
        assert (await browser.get("/api/users/me")).status_code == 401
    assert (await audit.newest(db, limit=1))[0].action == "refresh_reused"


async def test_two_tabs_that_refresh_a_thousand_times_stay_signed_in(member: Browser, monkeypatch) -> None:
    monkeypatch.setitem(get_settings().__dict__, "api_calls_per_caller", 100_000)
    monkeypatch.setitem(get_settings().__dict__, "api_calls_per_address", 100_000)
    token = await member.token()
    codes: list[int] = []

    async def tab() -> None:
        for _ in range(500):
            answer = await member.http.post("/api/auth/refresh", headers={"X-CSRF-Token": token})
            codes.append(answer.status_code)

    await asyncio.gather(tab(), tab())

    assert codes == [200] * 1000
    assert (await member.get("/api/users/me")).status_code == 200


async def test_the_cookies_of_two_sessions_do_not_mix(open_browser: OpenBrowser, member: Browser) -> None:
    other = await open_browser()
    await other.register("Bo")
    token = await other.token()
    mixed = {
        "mixline_session": member.http.cookies["mixline_session"],
        "mixline_refresh": other.http.cookies["mixline_refresh"],
        "mixline_csrf": other.http.cookies["mixline_csrf"],
    }
    header = "; ".join(f"{name}={value}" for name, value in mixed.items())

    answer = await member.http.post("/api/auth/logout", headers={"X-CSRF-Token": token, "Cookie": header})

    assert answer.status_code == 403


async def test_signing_out_takes_both_tokens_away_and_they_are_worth_nothing(
    open_browser: OpenBrowser, member: Browser
) -> None:
    await member.token()
    kept = copy(member, await open_browser())
    answer = await member.post("/api/auth/logout")

    assert all("Max-Age=0" in line for line in answer.headers.get_list("set-cookie"))
    assert (await kept.get("/api/users/me")).status_code == 401
    refused = await kept.http.post("/api/auth/refresh", headers={"X-CSRF-Token": kept.http.cookies["mixline_csrf"]})
    assert (refused.status_code, kind(refused)) == (401, "session-ended")


async def test_ones_own_sessions_are_listed_and_end_one_by_one_and_all_at_once(
    open_browser: OpenBrowser, member: Browser
) -> None:
    phone, tablet = await open_browser("198.51.100.7"), await open_browser("198.51.100.8")
    for one in (phone, tablet):
        one.http.headers["user-agent"] = "Phone/1.0"
        assert (await one.sign_in("Anna")).status_code == 200

    items = (await member.get("/api/auth/sessions")).json()["data"]["items"]
    assert [one["current"] for one in items].count(True) == 1
    assert {one["address"] for one in items} == {"192.0.2.1", "198.51.100.7", "198.51.100.8"}
    theirs = next(one for one in items if one["address"] == "198.51.100.7")
    assert theirs["device"] == "Phone/1.0"

    assert (await member.call("DELETE", f"/api/auth/sessions/{theirs['id']}")).status_code == 200
    assert (await phone.get("/api/users/me")).status_code == 401
    assert (await tablet.get("/api/users/me")).status_code == 200
    assert (await member.call("DELETE", "/api/auth/sessions")).json()["data"] == {"ended": 1}
    assert (await tablet.get("/api/users/me")).status_code == 401
    assert (await member.get("/api/users/me")).status_code == 200


async def test_another_users_session_can_not_be_ended(open_browser: OpenBrowser, member: Browser) -> None:
    other = await open_browser()
    await other.register("Bo")
    theirs = (await other.get("/api/auth/sessions")).json()["data"]["items"][0]["id"]

    assert (await member.call("DELETE", f"/api/auth/sessions/{theirs}")).status_code == 404
    assert (await member.call("DELETE", "/api/auth/sessions/nonsense")).status_code == 422
    assert (await other.get("/api/users/me")).status_code == 200


@pytest.fixture
async def pages(api: FastAPI, redis_server: str, db: AsyncSession) -> AsyncIterator[httpx.AsyncClient]:
    """The API and a document that shows the cookies which arrive behind the middleware, as the framework's do."""

    async def echo(request: Request) -> PlainTextResponse:
        return PlainTextResponse(request.headers.get("cookie", ""))

    whole = Starlette(routes=[Route("/_event/", echo), Route("/", echo)])
    whole.mount("/", api)
    transport = httpx.ASGITransport(SessionMiddleware(whole), client=("192.0.2.1", 4000))
    sessions._cache.clear()
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
        client.headers["accept"] = "text/html"
        yield client


async def test_a_first_document_brings_a_guests_session_and_the_next_ones_bring_nothing(
    pages: httpx.AsyncClient,
) -> None:
    first, second = await pages.get("/"), await pages.get("/")

    assert len(first.headers.get_list("set-cookie")) == 2
    assert second.headers.get_list("set-cookie") == []
    assert (await pages.get("/api/users/me")).json()["data"]["role"] == "guest"


async def test_a_document_renews_stale_tokens_by_itself(pages: httpx.AsyncClient) -> None:
    await pages.get("/")
    before = (await pages.get("/api/users/me")).json()["data"]["id"]

    with clock.travel(STALE):
        assert (await pages.get("/api/users/me")).status_code == 401
        answer = await pages.get("/")
        assert len(answer.headers.get_list("set-cookie")) == 2
        assert "no-cache" in answer.headers["cache-control"]
        assert (await pages.get("/api/users/me")).json()["data"]["id"] == before


async def test_a_socket_gets_a_ticket_for_its_session_and_none_of_the_tokens(pages: httpx.AsyncClient) -> None:
    await pages.get("/")
    pages.cookies.set("theme", "dark")

    seen = (await pages.get("/_event/")).text

    assert "theme=dark" in seen
    assert pages.cookies["mixline_session"] not in seen
    assert pages.cookies["mixline_refresh"] not in seen
    with clock.travel(STALE):
        principal = await sessions.resolve(seen)
    assert principal is not None
    assert str(principal.user_id) == (await pages.get("/api/users/me")).json()["data"]["id"]


async def test_a_socket_that_opens_with_stale_tokens_is_bound_all_the_same(pages: httpx.AsyncClient) -> None:
    await pages.get("/")

    with clock.travel(STALE):
        assert await sessions.resolve((await pages.get("/_event/")).text) is not None
        pages.cookies.delete("mixline_refresh")
        assert await sessions.resolve((await pages.get("/_event/")).text) is None


async def test_a_ticket_that_a_client_sends_is_thrown_away(pages: httpx.AsyncClient) -> None:
    victim = await sessions.start_guest()
    forged = f"mixline_ticket={victim.principal.session_id}.{'0' * 64}"

    assert (await pages.get("/_event/", headers={"Cookie": forged})).text == ""


async def test_a_proxys_own_password_in_front_is_not_taken_for_a_personal_token(member: Browser) -> None:
    member.http.headers["authorization"] = "Basic dXNlcjpwYXNz"

    assert (await member.get("/api/users/me")).json()["data"]["email"] == "anna@example.org"
    assert (await member.post("/api/auth/refresh")).status_code == 200
    assert (await member.http.post("/api/auth/refresh")).status_code == 403


async def test_with_a_bad_personal_token_the_cookies_do_not_count(member: Browser) -> None:
    answer = await member.get(
        "/api/users/me", headers={"Authorization": f"Bearer {member.http.cookies['mixline_session']}"}
    )

    assert (answer.status_code, kind(answer)) == (401, "bad-token")


async def test_a_stream_that_is_being_read_ends_with_its_session(
    open_browser: OpenBrowser, member: Browser, db: AsyncSession
) -> None:
    user_id = (await member.get("/api/users/me")).json()["data"]["id"]
    row = await waiting_solve(db, user_id)
    reading = asyncio.create_task(member.get(f"/api/solves/{row.id}/events"))
    await asyncio.sleep(0.5)
    assert not reading.done()

    await sessions.end_all(UUID(user_id))

    async with asyncio.timeout(5):
        assert '"status":"queued"' in (await reading).text
