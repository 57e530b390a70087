"""Calls from other sites, and calls without this session's token."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from starlette.routing import Mount

from tests.api.conftest import ORIGIN, PASSWORD, Browser, OpenBrowser

LOGOUT = "/api/auth/logout"


def unsafe_calls(api: FastAPI) -> Iterator[tuple[str, str]]:
    """Every documented call that changes something, its path parameters filled in."""
    for mount in (route for route in api.routes if isinstance(route, Mount)):
        for path, methods in mount.app.openapi()["paths"].items():  # type: ignore[attr-defined]
            for method in sorted(methods.keys() & {"post", "put", "patch", "delete"}):
                yield method.upper(), mount.path + re.sub(r"\{[^}]*\}", "x", path)


def held(browser: Browser) -> str:
    """The session's own cookies, without the one that doubles the token."""
    return "; ".join(f"{name}={browser.http.cookies[name]}" for name in ("mixline_session", "mixline_refresh"))


async def test_every_unsafe_route_refuses_a_call_without_a_token(api: FastAPI, member: Browser) -> None:
    calls = list(unsafe_calls(api))

    codes = {call: (await member.http.request(*call, content=b"{")).status_code for call in calls}

    assert len(calls) >= 4
    assert set(codes.values()) == {403}


async def test_an_unknown_path_is_refused_before_it_is_looked_up(member: Browser) -> None:
    assert (await member.http.post("/api/nothing/here")).status_code == 403


async def test_the_sessions_own_token_passes(member: Browser) -> None:
    assert (await member.post(LOGOUT)).status_code == 200


async def test_a_caller_that_is_no_browser_needs_the_token_only(member: Browser) -> None:
    answer = await member.http.post(LOGOUT, headers={"X-CSRF-Token": await member.token()})

    assert answer.status_code == 200


@pytest.mark.parametrize("token", ["", "x", "a" * 64, "\u00e9"])
async def test_a_wrong_token_is_refused(member: Browser, token: str) -> None:
    answer = await member.post(LOGOUT, headers={"X-CSRF-Token": token.encode("latin-1")})  # type: ignore[dict-item]

    assert answer.status_code == 403
    assert answer.json()["data"]["problem"]["type"] == "/problems/csrf"


async def test_a_wrong_token_is_refused_even_where_header_and_cookie_agree(member: Browser) -> None:
    forged = "a" * 64
    await member.token()
    cookies = f"{held(member)}; mixline_csrf={forged}"

    answer = await member.http.post(LOGOUT, headers={"X-CSRF-Token": forged, "Cookie": cookies})

    assert answer.status_code == 403


async def test_the_header_without_the_cookie_is_refused(member: Browser) -> None:
    token = await member.token()
    cookies = held(member)

    answer = await member.http.post(LOGOUT, headers={"X-CSRF-Token": token, "Cookie": cookies})

    assert answer.status_code == 403


async def test_the_token_of_another_session_is_refused(open_browser: OpenBrowser, member: Browser) -> None:
    foreign = await (await open_browser()).token()
    cookies = f"{held(member)}; mixline_csrf={foreign}"

    answer = await member.http.post(LOGOUT, headers={"X-CSRF-Token": foreign, "Cookie": cookies})

    assert answer.status_code == 403


async def test_a_token_from_before_the_sign_in_is_worth_nothing_after_it(member: Browser) -> None:
    before = await member.token()
    await member.post(LOGOUT)
    await member.sign_in("Anna")

    answer = await member.http.post(LOGOUT, headers={"X-CSRF-Token": before})

    assert answer.status_code == 403


async def test_two_tabs_of_a_session_share_their_token(member: Browser) -> None:
    first = await member.token()
    await member.token()

    assert (await member.http.post(LOGOUT, headers={"X-CSRF-Token": first})).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ORIGIN + ".evil.example"},
        {"Origin": "http://evil.example@mixline.test"},
        {"Origin": "http://mixline.test:8080"},
        {"Origin": "file://mixline.test"},
    ],
)
async def test_a_call_from_another_site_is_refused_even_with_the_token(
    member: Browser, headers: dict[str, str]
) -> None:
    answer = await member.post(LOGOUT, headers=headers)

    assert answer.status_code == 403
    assert answer.json()["data"]["problem"]["type"] == "/problems/cross-site"


async def test_a_stranger_can_not_sign_somebody_in_from_another_site(browser: Browser) -> None:
    body = {"email": "mallory@example.org", "password": PASSWORD}

    answer = await browser.http.post("/api/auth/login", json=body, headers={"Origin": "https://evil.example"})

    assert answer.status_code == 403


async def test_tabs_that_ask_at_the_same_moment_all_get_a_token_that_counts(member: Browser) -> None:
    member.http.cookies.delete("mixline_csrf")
    tokens = await asyncio.gather(*(member.token() for _ in range(10)))

    assert {
        (await member.http.post("/api/auth/refresh", headers={"X-CSRF-Token": token})).status_code for token in tokens
    } == {200}
