"""Register, sign in and out over REST."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from services.accounts import passwords, sessions, throttle
from services.infra import redis as infra_redis
from tests.api.conftest import PASSWORD, Browser, OpenBrowser


def problem(response: httpx.Response) -> dict[str, Any]:
    body = response.json()
    assert body["success"] is False
    assert body["code"] == response.status_code
    return body["data"]["problem"]


def fields(response: httpx.Response) -> list[str]:
    return [error["path"] for error in problem(response)["errors"]]


async def test_a_visitor_registers_and_is_signed_in(browser: Browser) -> None:
    answer = await browser.register("Anna")

    assert answer.status_code == 201
    assert answer.json()["data"]["role"] == "free"
    assert (await browser.get("/api/users/me")).json()["data"]["email"] == "anna@example.org"


async def test_registering_keeps_the_guests_id(browser: Browser) -> None:
    await browser.token()
    guest = (await browser.get("/api/users/me")).json()["data"]

    registered = (await browser.register("Anna")).json()["data"]

    assert guest["role"] == "guest"
    assert registered["id"] == guest["id"]


async def test_signing_in_moves_the_guests_hands_by_an_event_of_the_same_transaction(
    open_browser: OpenBrowser, member: Browser, db: AsyncSession
) -> None:
    anna = (await member.get("/api/users/me")).json()["data"]["id"]
    visitor = await open_browser()
    await visitor.token()
    guest = await sessions.resolve(f"mixline_session={visitor.http.cookies['mixline_session']}")
    assert guest is not None
    await sessions.ensure_user(db, guest)

    await visitor.sign_in("Anna")

    merged = await db.execute(text("SELECT payload FROM infra.event WHERE type = 'GuestMerged'"))
    assert merged.scalars().all() == [{"guest_id": str(guest.user_id), "user_id": anna}]


async def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(browser: Browser) -> None:
    answer = await browser.register("Anna")

    lines = [line for line in answer.headers.get_list("set-cookie") if line.startswith("mixline_session=")]
    assert len(lines) == 1
    assert "HttpOnly" in lines[0]
    assert "SameSite=Lax" in lines[0]
    assert "Path=/" in lines[0]
    assert "Max-Age" not in lines[0]


async def test_over_https_every_cookie_is_secure_and_bound_to_the_host(browser: Browser) -> None:
    answer = await browser.get("https://mixline.test/api/auth/csrf")

    lines = answer.headers.get_list("set-cookie")
    assert len(lines) == 3
    assert all(line.startswith("__Host-") and line.endswith("; Secure") and "Domain" not in line for line in lines)


async def test_who_stays_signed_in_gets_a_cookie_that_outlives_the_browser(member: Browser) -> None:
    await member.post("/api/auth/logout")

    answer = await member.sign_in("Anna", remember=True)

    assert any("mixline_session=" in line and "Max-Age=" in line for line in answer.headers.get_list("set-cookie"))


async def test_a_sign_in_takes_a_new_session_and_ends_the_old_one(member: Browser) -> None:
    await member.post("/api/auth/logout")
    await member.token()
    planted = member.http.cookies["mixline_session"]

    await member.sign_in("Anna")

    assert member.http.cookies["mixline_session"] != planted
    assert await sessions.resolve(f"mixline_session={planted}") is None


async def test_a_password_that_is_changed_while_somebody_signs_in_with_the_old_one_lets_nobody_in(
    open_browser: OpenBrowser, member: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    verify = passwords.verify

    async def slowly(password: str, hashed: str | None) -> tuple[bool, str | None]:
        found = await verify(password, hashed)
        monkeypatch.setattr(passwords, "verify", verify)
        body = {"current": PASSWORD, "password": "orange kettle sings nineteen"}
        assert (await member.post("/api/auth/password/change", body)).status_code == 200
        return found

    thief = await open_browser()
    await thief.token()
    monkeypatch.setattr(passwords, "verify", slowly)

    answer = await thief.sign_in("Anna")

    assert (answer.status_code, answer.json()["data"]["problem"]["type"]) == (401, "/problems/wrong-credentials")
    assert len((await member.get("/api/auth/sessions")).json()["data"]["items"]) == 1


async def test_signing_out_ends_the_session_on_the_server_too(member: Browser) -> None:
    secret = member.http.cookies["mixline_session"]

    answer = await member.post("/api/auth/logout")

    assert answer.status_code == 200
    assert "mixline_session" not in member.http.cookies
    assert await sessions.resolve(f"mixline_session={secret}") is None


async def test_without_a_session_there_is_no_caller(browser: Browser) -> None:
    answer = await browser.get("/api/users/me")

    assert answer.status_code == 401
    assert problem(answer)["type"] == "/problems/no-session"


async def test_a_flushed_redis_signs_out_and_loses_nothing_else(member: Browser) -> None:
    await infra_redis.redis().flushdb()
    sessions._cache.clear()
    assert (await member.get("/api/users/me")).status_code == 401

    assert (await member.sign_in("Anna")).status_code == 200


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({"email": "nobody", "password": "short", "name": "\u202e"}, ["email", "name", "password"]),
        ({"email": "a@x.org", "password": PASSWORD}, ["name"]),
        ({"email": "a@x.org", "password": PASSWORD, "name": "Bo", "role": "admin"}, ["role"]),
        ({"email": ["a@x.org"], "password": PASSWORD, "name": "Bo"}, ["email"]),
        ({"email": "a@x.org", "password": 123456789012345, "name": "Bo"}, ["password"]),
        ({"email": "a@x.org", "password": "p" * 513, "name": "Bo"}, ["password"]),
        ({"email": "a@x.org", "password": PASSWORD, "name": "n" * 61}, ["name"]),
        ({"email": "a@x.org", "password": PASSWORD, "name": "Bo\x00"}, ["name"]),
        ({"email": "a\x00@x.org", "password": PASSWORD, "name": "Bo"}, ["email"]),
    ],
)
async def test_a_bad_registration_is_refused_at_its_fields(
    browser: Browser, body: dict[str, Any], paths: list[str]
) -> None:
    answer = await browser.post("/api/auth/register", body)

    assert answer.status_code == 422
    assert fields(answer) == paths


async def test_a_refused_password_is_never_repeated(browser: Browser) -> None:
    answer = await browser.post("/api/auth/register", {"email": "x", "password": "hunter2hunter2", "name": "Bo"})

    assert "hunter2" not in answer.text


async def test_a_taken_address_is_answered_without_naming_it(open_browser: OpenBrowser, member: Browser) -> None:
    answer = await (await open_browser()).register("Other", email="anna@example.org")

    assert answer.status_code == 409
    assert fields(answer) == []
    assert "anna" not in answer.text


async def test_known_and_unknown_addresses_get_the_same_answer_for_the_same_work(
    open_browser: OpenBrowser, member: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How long both take is measured by ./mixline security; here, that a password is hashed for both."""
    hashed: list[str | None] = []
    verify = passwords.verify

    async def counted(password: str, stored: str | None) -> tuple[bool, str | None]:
        hashed.append(stored)
        return await verify(password, stored)

    monkeypatch.setattr(passwords, "verify", counted)
    visitor = await open_browser()

    answers = [await visitor.sign_in(who, "wrong " + PASSWORD) for who in ("Anna", "Nobody")]

    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].json() | {"timestamp": ""} == answers[1].json() | {"timestamp": ""}
    assert [stored is None for stored in hashed] == [False, True]


async def test_an_accounts_twenty_first_try_is_refused_and_says_when_to_come_back(
    open_browser: OpenBrowser, member: Browser
) -> None:
    attacker = await open_browser("203.0.113.9")

    codes = [(await attacker.sign_in("Anna", "wrong " + PASSWORD)).status_code for _ in range(20)]
    refused = await attacker.sign_in("Anna", PASSWORD)

    assert codes == [401] * 20
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 900


async def test_an_unknown_address_is_throttled_just_the_same(open_browser: OpenBrowser, db: AsyncSession) -> None:
    attacker = await open_browser("203.0.113.9")

    codes = [(await attacker.sign_in("Nobody", "wrong " + PASSWORD)).status_code for _ in range(21)]

    assert codes == [401] * 20 + [429]


async def test_the_owner_still_gets_in_from_a_device_that_was_signed_in_before(
    open_browser: OpenBrowser, member: Browser
) -> None:
    await member.post("/api/auth/logout")
    await member.sign_in("Anna")
    await member.post("/api/auth/logout")
    attacker = await open_browser("203.0.113.9")
    for _ in range(21):
        await attacker.sign_in("Anna", "wrong " + PASSWORD)

    assert (await member.sign_in("Anna")).status_code == 200


async def test_the_device_is_throttled_as_well(open_browser: OpenBrowser, member: Browser) -> None:
    await member.post("/api/auth/logout")
    await member.sign_in("Anna")

    codes = [(await member.sign_in("Anna", "wrong " + PASSWORD)).status_code for _ in range(21)]

    assert codes[-1] == 429


async def test_an_address_is_refused_after_its_limit_over_many_accounts(
    open_browser: OpenBrowser, db: AsyncSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "SIGN_IN_ADDRESS", throttle.Limit("sign-in-address", 3, 600))
    attacker = await open_browser("203.0.113.9")

    codes = [(await attacker.sign_in(f"Someone{number}", PASSWORD)).status_code for number in range(4)]

    assert codes == [401, 401, 401, 429]


async def test_right_passwords_do_not_use_up_the_accounts_tries(open_browser: OpenBrowser, member: Browser) -> None:
    for _ in range(22):
        assert (await (await open_browser()).sign_in("Anna")).status_code == 200


async def test_the_same_registration_sent_ten_times_at_once_makes_one_account(
    open_browser: OpenBrowser, committed: AsyncEngine
) -> None:
    browsers = [await open_browser() for _ in range(10)]

    answers = await asyncio.gather(*(browser.register("Anna") for browser in browsers))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9


async def test_a_member_takes_another_name_and_sees_it_everywhere(open_browser: OpenBrowser, member: Browser) -> None:
    elsewhere = await open_browser()
    await elsewhere.sign_in("Anna")

    answer = await member.call("PATCH", "/api/users/me", {"name": "Rivergrinder"})

    assert answer.json()["data"]["name"] == "Rivergrinder"
    seen = await sessions.resolve(f"mixline_session={elsewhere.http.cookies['mixline_session']}")
    assert seen is not None
    assert seen.name == "Rivergrinder"


async def test_a_guest_has_no_profile_to_change(browser: Browser) -> None:
    assert (await browser.call("PATCH", "/api/users/me", {"name": "Rivergrinder"})).status_code == 401


async def test_a_profile_change_reaches_the_callers_own_account_only(
    open_browser: OpenBrowser, member: Browser
) -> None:
    anna = (await member.get("/api/users/me")).json()["data"]
    other = await open_browser()
    await other.register("Bo")

    answer = await other.call("PATCH", "/api/users/me", {"name": "Bo B", "id": anna["id"]})

    assert answer.status_code == 422
    assert (await member.get("/api/users/me")).json()["data"] == anna


@pytest.mark.parametrize("cookie", ["x" * 43, "' OR 1=1 --" + "x" * 40, "%00" * 20])
async def test_a_forged_cookie_is_nobody(browser: Browser, cookie: str) -> None:
    answer = await browser.get("/api/users/me", headers={"Cookie": f"mixline_session={cookie}"})

    assert answer.status_code == 401
