"""Addresses and passwords by mail, over REST, with the mails as they are written."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.accounts import sessions
from services.accounts.session_records import SessionsUnavailable
from services.infra import clock
from services.infra.settings import get_settings
from tests.api.conftest import PASSWORD, Browser, OpenBrowser, code_of, link_in_mail, mails_to
from tests.api.test_personal_tokens import call, make

NEW_PASSWORD = "orange kettle sings nineteen"


pytestmark = pytest.mark.usefixtures("mailbox")


@pytest.fixture
def confirming(monkeypatch: pytest.MonkeyPatch) -> None:
    """Accounts begin with a confirmed address."""
    monkeypatch.setenv("MIXLINE_CONFIRM_REGISTRATION", "true")
    get_settings.cache_clear()


async def reset(browser: Browser, token: str, password: str = NEW_PASSWORD) -> Any:
    return await browser.post("/api/auth/password/reset", {"token": token, "password": password})


async def test_a_new_account_gets_a_mail_and_its_link_confirms_the_address(member: Browser) -> None:
    assert not (await member.get("/api/users/me")).json()["data"]["email_verified"]

    answer = await member.post("/api/auth/email/verify", {"token": await link_in_mail("anna@example.org")})

    assert answer.json()["data"]["outcome"] == "verified"
    assert (await member.get("/api/users/me")).json()["data"]["email_verified"]


async def test_mails_that_somebody_else_has_sent_do_not_use_up_those_for_a_new_password(
    open_browser: OpenBrowser, member: Browser
) -> None:
    nuisance = await open_browser()
    await nuisance.register("Bo")
    for _ in range(6):
        body = {"email": "anna@example.org", "password": PASSWORD}
        assert (await nuisance.post("/api/auth/email/change", body)).status_code == 202

    await (await open_browser()).post("/api/auth/password/forgot", {"email": "anna@example.org"})

    subjects = [one["Subject"] for one in await mails_to("anna@example.org")]
    assert (subjects.count("You already have an account"), subjects[0]) == (5, "Set a new password")


async def test_a_forgotten_password_is_reset_by_mail_and_every_session_ends(
    open_browser: OpenBrowser, member: Browser
) -> None:
    visitor = await open_browser()
    await visitor.post("/api/auth/password/forgot", {"email": "Anna@example.org"})

    answer = await reset(visitor, await link_in_mail("anna@example.org"))

    assert answer.status_code == 200
    sessions._cache.clear()
    assert (await member.get("/api/users/me")).status_code == 401
    assert (await visitor.sign_in("Anna")).status_code == 401
    assert (await visitor.sign_in("Anna", NEW_PASSWORD)).status_code == 200
    assert (await mails_to("anna@example.org"))[0]["Subject"] == "Your password was changed"


async def test_a_reset_that_cannot_end_the_sessions_changes_nothing_and_its_link_still_works(
    open_browser: OpenBrowser, member: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = await open_browser()
    await visitor.post("/api/auth/password/forgot", {"email": "anna@example.org"})
    token = await link_in_mail("anna@example.org")

    async def hang(_: UUID) -> list[str]:
        raise SessionsUnavailable

    with monkeypatch.context() as broken:
        broken.setattr(sessions, "ids_of", hang)
        assert (await reset(visitor, token)).status_code == 503
    assert (await member.get("/api/users/me")).status_code == 200

    assert (await reset(visitor, token)).status_code == 200
    sessions._cache.clear()
    assert (await member.get("/api/users/me")).status_code == 401


async def test_a_reset_leaves_no_token_to_come_back_with(open_browser: OpenBrowser, member: Browser) -> None:
    token = await link_in_mail("anna@example.org")
    assert (await member.post("/api/auth/email/verify", {"token": token})).status_code == 200
    made, script, visitor = await make(member, "read"), await open_browser(), await open_browser()
    await visitor.post("/api/auth/password/forgot", {"email": "anna@example.org"})

    await reset(visitor, await link_in_mail("anna@example.org"))

    assert (await call(script, made["token"], "GET", "/api/users/me")).status_code == 401


async def test_a_link_works_once(open_browser: OpenBrowser, member: Browser) -> None:
    await member.post("/api/auth/password/forgot", {"email": "anna@example.org"})
    token = await link_in_mail("anna@example.org")
    visitor = await open_browser()
    await reset(visitor, token)

    again = await reset(visitor, token, "another kettle sings nineteen")

    assert again.status_code == 422
    assert code_of(again) == "link-expired"


async def test_a_link_works_for_an_hour(member: Browser) -> None:
    await member.post("/api/auth/password/forgot", {"email": "anna@example.org"})
    token = await link_in_mail("anna@example.org")

    with clock.travel(timedelta(minutes=61)):
        answer = await reset(member, token)

    assert answer.status_code in (401, 403, 422)
    assert (await reset(member, token)).status_code == 200


async def test_the_newest_link_is_the_only_one(member: Browser) -> None:
    await member.post("/api/auth/password/forgot", {"email": "anna@example.org"})
    first = await link_in_mail("anna@example.org")
    await member.post("/api/auth/password/forgot", {"email": "anna@example.org"})
    await mails_to("anna@example.org")

    assert (await reset(member, first)).status_code == 422


async def test_a_refused_password_leaves_the_link_as_it_is(member: Browser) -> None:
    await member.post("/api/auth/password/forgot", {"email": "anna@example.org"})
    token = await link_in_mail("anna@example.org")

    refused = await reset(member, token, "short")

    assert [one["path"] for one in refused.json()["data"]["problem"]["errors"]] == ["password"]
    assert (await reset(member, token)).status_code == 200


async def test_links_have_256_bits_and_only_their_hash_is_stored(member: Browser, db: AsyncSession) -> None:
    await member.post("/api/auth/password/forgot", {"email": "anna@example.org"})
    token = await link_in_mail("anna@example.org")

    assert len(token) == 43
    everything = await db.scalars(
        text("SELECT t::text FROM accounts.mail_token t UNION ALL SELECT o::text FROM mail.outbox o")
    )
    assert all(token not in row for row in everything)


async def test_an_unknown_address_gets_the_same_answer_and_no_mail(browser: Browser, mailbox: Path) -> None:
    unknown = (await browser.post("/api/auth/password/forgot", {"email": "nobody@example.org"})).json()
    await browser.register("Anna")
    known = (await browser.post("/api/auth/password/forgot", {"email": "anna@example.org"})).json()

    assert {**unknown, "timestamp": ""} == {**known, "timestamp": ""}
    assert await mails_to("nobody@example.org") == []


async def test_nobody_is_flooded_with_mails(browser: Browser) -> None:
    await browser.register("Anna")
    for _ in range(8):
        answer = await browser.post("/api/auth/password/forgot", {"email": "anna@example.org"})
        assert answer.status_code == 202

    resets = [one for one in await mails_to("anna@example.org") if one["Subject"] == "Set a new password"]
    assert len(resets) == 5


async def test_resetting_a_password_by_mail_throws_out_whoever_registered_the_address(
    open_browser: OpenBrowser, browser: Browser
) -> None:
    await browser.register("Mallory", email="anna@example.org")
    made = await browser.post("/api/auth/tokens", {"name": "later", "scopes": ["read"], "days": 90})
    token = made.json()["data"]["token"]
    anna = await open_browser()
    await anna.post("/api/auth/password/forgot", {"email": "anna@example.org"})

    await reset(anna, await link_in_mail("anna@example.org"))

    later = await anna.http.get("/api/users/me", headers={"Authorization": f"Bearer {token}"})
    assert later.status_code == 401


@pytest.mark.usefixtures("confirming")
async def test_with_confirmation_a_taken_address_is_answered_like_a_free_one(
    open_browser: OpenBrowser, browser: Browser
) -> None:
    free = await browser.register("Anna")
    await browser.post("/api/auth/email/verify", {"token": await link_in_mail("anna@example.org")})
    taken = await (await open_browser()).register("Other", email="anna@example.org")

    assert free.status_code == taken.status_code == 202
    assert {**free.json(), "timestamp": ""} == {**taken.json(), "timestamp": ""}
    assert (await mails_to("anna@example.org"))[0]["Subject"] == "You already have an account"


@pytest.mark.usefixtures("confirming")
async def test_with_confirmation_an_account_begins_with_the_link(browser: Browser) -> None:
    await browser.token()
    guest = (await browser.get("/api/users/me")).json()["data"]
    await browser.register("Anna")
    assert (await browser.sign_in("Anna")).status_code == 401

    answer = await browser.post("/api/auth/email/verify", {"token": await link_in_mail("anna@example.org")})

    assert answer.json()["data"]["outcome"] == "registered"
    me = (await browser.get("/api/users/me")).json()["data"]
    assert (me["id"], me["role"], me["email_verified"]) == (guest["id"], "free", True)


async def test_another_address_counts_when_it_is_confirmed_and_the_old_one_is_told(
    open_browser: OpenBrowser, member: Browser
) -> None:
    body = {"email": "new@example.org", "password": PASSWORD}
    assert (await member.post("/api/auth/email/change", body)).status_code == 202
    assert (await member.get("/api/users/me")).json()["data"]["email"] == "anna@example.org"
    token = await link_in_mail("new@example.org")
    assert (await mails_to("anna@example.org"))[0]["Subject"] == "Your address is about to change"

    elsewhere = await open_browser()
    without = await elsewhere.post("/api/auth/email/verify", {"token": token})
    wrong = await elsewhere.post("/api/auth/email/verify", {"token": token, "password": "not the password"})
    right = await elsewhere.post("/api/auth/email/verify", {"token": token, "password": PASSWORD})

    assert [code_of(without), code_of(wrong), right.status_code] == ["confirm-password", "wrong-password", 200]
    assert (await member.get("/api/users/me")).json()["data"]["email"] == "new@example.org"
    assert (await mails_to("anna@example.org"))[0]["Subject"] == "Your address was changed"


async def test_changing_to_a_taken_address_tells_its_owner_and_nobody_else(
    open_browser: OpenBrowser, member: Browser
) -> None:
    await (await open_browser()).register("Bo")
    free = await member.post("/api/auth/email/change", {"email": "free@example.org", "password": PASSWORD})
    taken = await member.post("/api/auth/email/change", {"email": "bo@example.org", "password": PASSWORD})

    assert {**free.json(), "timestamp": ""} == {**taken.json(), "timestamp": ""}
    assert (await mails_to("bo@example.org"))[0]["Subject"] == "You already have an account"


async def test_the_old_password_changes_the_password_and_ends_other_sessions(
    open_browser: OpenBrowser, member: Browser
) -> None:
    elsewhere = await open_browser()
    await elsewhere.sign_in("Anna")

    wrong = await member.post("/api/auth/password/change", {"current": "x" * 20, "password": NEW_PASSWORD})
    right = await member.post("/api/auth/password/change", {"current": PASSWORD, "password": NEW_PASSWORD})

    assert [one["path"] for one in wrong.json()["data"]["problem"]["errors"]] == ["current"]
    assert right.status_code == 200
    assert (await member.get("/api/users/me")).status_code == 200
    assert (await elsewhere.get("/api/users/me")).status_code == 401


async def test_mails_and_their_folder_are_for_the_owner_only(member: Browser, mailbox: Path) -> None:
    await mails_to("anna@example.org")

    assert mailbox.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in mailbox.iterdir()} == {0o600}
    assert (mailbox.parent / "keys" / "sealing.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("confirming")
async def test_nobody_is_led_to_confirm_an_account_that_somebody_else_can_enter(
    open_browser: OpenBrowser, browser: Browser
) -> None:
    await browser.register("Mallory", email="victim@example.org")
    victim = await open_browser()

    answer = await victim.post("/api/auth/email/verify", {"token": await link_in_mail("victim@example.org")})

    assert (answer.status_code, code_of(answer)) == (422, "confirm-password")
    assert (
        await browser.post("/api/auth/login", {"email": "victim@example.org", "password": PASSWORD})
    ).status_code == 401
