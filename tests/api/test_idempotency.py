"""Calls whose reply was lost: the same key, the same call, done once."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.api import idempotency
from app.api.main import ROUTERS
from services.infra.redis import redis
from tests.api.conftest import ORIGIN, PASSWORD, Browser, OpenBrowser, code_of, mails_to
from tests.api.test_second_factor import Authenticator

pytestmark = pytest.mark.usefixtures("mailbox")

ANNA = {"email": "anna@example.org", "password": PASSWORD, "name": "Anna"}


class Lossy:
    """A browser whose next replies get lost on the way: it keeps the cookies and the token that it had."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.key = str(uuid4())

    async def twice(self, path: str, body: Any) -> tuple[httpx.Response, httpx.Response]:
        """The call, whose reply is lost, and the same again."""
        token = await self.browser.token()
        held = list(self.browser.http.cookies.jar)
        headers = {"X-CSRF-Token": token, "Origin": ORIGIN, idempotency.HEADER: self.key}
        first = await self.browser.http.post(path, json=body, headers=headers)
        self.browser.http.cookies.jar.clear()
        for one in held:
            self.browser.http.cookies.jar.set_cookie(one)
        return first, await self.browser.http.post(path, json=body, headers=headers)


@pytest.fixture
def lossy(browser: Browser) -> Lossy:
    return Lossy(browser)


async def test_an_account_is_made_once_and_its_session_comes_with_the_second_reply(lossy: Lossy) -> None:
    first, again = await lossy.twice("/api/auth/register", ANNA)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers.get_list("set-cookie") == first.headers.get_list("set-cookie")
    assert again.headers["idempotency-replayed"] == "true"
    assert (await lossy.browser.get("/api/users/me")).json()["data"]["name"] == "Anna"


async def test_a_personal_token_is_made_once(member: Browser) -> None:
    wanted = {"name": "script", "scopes": ["read"], "days": 7}

    first, again = await Lossy(member).twice("/api/auth/tokens", wanted)

    assert again.json()["data"]["token"] == first.json()["data"]["token"]
    assert len((await member.get("/api/auth/tokens")).json()["data"]) == 1


async def test_recovery_codes_and_the_new_session_are_not_lost_with_the_reply(member: Browser) -> None:
    begun = (await member.post("/api/auth/mfa/enrol", {})).json()["data"]

    first, again = await Lossy(member).twice("/api/auth/mfa/confirm", {"code": Authenticator(begun["secret"]).code()})

    assert again.json()["data"]["recovery_codes"] == first.json()["data"]["recovery_codes"]
    assert (await member.get("/api/auth/mfa")).json()["data"]["enabled"]


async def test_signing_in_with_a_code_that_counts_once_can_be_repeated(
    open_browser: OpenBrowser, member: Browser
) -> None:
    begun = (await member.post("/api/auth/mfa/enrol", {})).json()["data"]
    app = Authenticator(begun["secret"])
    await member.post("/api/auth/mfa/confirm", {"code": app.code(-1)})
    visitor = await open_browser()

    first, again = await Lossy(visitor).twice(
        "/api/auth/login", {"email": ANNA["email"], "password": PASSWORD, "code": app.code()}
    )

    assert (first.status_code, again.status_code) == (200, 200)
    assert (await visitor.get("/api/users/me")).json()["data"]["name"] == "Anna"


async def test_a_changed_password_is_changed_once(member: Browser, db: AsyncSession) -> None:
    body = {"current": PASSWORD, "password": "another wagon eats eighteen"}

    first, again = await Lossy(member).twice("/api/auth/password/change", body)

    assert (first.status_code, again.status_code) == (200, 200)
    changed = await db.scalar(text("SELECT count(*) FROM audit.entry WHERE action = 'password_changed'"))
    assert changed == 1


async def test_one_mail_is_sent_and_its_link_stays_good(member: Browser) -> None:
    before = len(await mails_to("anna@example.org"))

    await Lossy(member).twice("/api/auth/email/resend", None)

    assert len(await mails_to("anna@example.org")) == before + 1


async def test_fifty_at_once_make_one(member: Browser) -> None:
    token = await member.token()
    headers = {"X-CSRF-Token": token, "Origin": ORIGIN, idempotency.HEADER: str(uuid4())}
    body = {"name": "script", "scopes": ["read"], "days": 7}
    calls = [member.http.post("/api/auth/tokens", json=body, headers=headers) for _ in range(50)]

    answers = await asyncio.gather(*calls)

    assert {one.status_code for one in answers} <= {201, 409}
    assert all(code_of(one) == "call-under-way" for one in answers if one.status_code == 409)
    assert len({one.json()["data"]["token"] for one in answers if one.status_code == 201}) == 1
    assert len((await member.get("/api/auth/tokens")).json()["data"]) == 1


async def test_a_key_belongs_to_one_body_one_caller_and_one_address(open_browser: OpenBrowser, member: Browser) -> None:
    key = {idempotency.HEADER: str(uuid4())}
    wanted = {"name": "script", "scopes": ["read"], "days": 7}
    mine = (await member.post("/api/auth/tokens", wanted, headers=key)).json()["data"]
    bo = await open_browser()
    await bo.register("Bo")

    other_body = await member.post("/api/auth/tokens", wanted | {"days": 8}, headers=key)
    theirs = await bo.post("/api/auth/tokens", wanted, headers=key)
    elsewhere = await member.post("/api/auth/mfa/enrol", {}, headers=key)

    assert (other_body.status_code, code_of(other_body)) == (422, "idempotency-key-reused")
    assert theirs.json()["data"]["token"] != mine["token"]
    assert "secret" in elsewhere.json()["data"]


async def test_a_refused_call_may_be_made_again_with_its_key(member: Browser) -> None:
    key = {idempotency.HEADER: str(uuid4())}
    begun = (await member.post("/api/auth/mfa/enrol", {})).json()["data"]

    refused = await member.post("/api/auth/mfa/confirm", {"code": "000000"}, headers=key)
    right = await member.post("/api/auth/mfa/confirm", {"code": Authenticator(begun["secret"]).code()}, headers=key)

    assert (refused.status_code, right.status_code) == (422, 200)


async def test_a_key_that_is_no_uuid_is_refused(member: Browser) -> None:
    answer = await member.post("/api/auth/mfa/enrol", {}, headers={idempotency.HEADER: "1"})

    assert answer.status_code == 422
    assert answer.json()["data"]["problem"]["errors"][0]["path"] == "header.Idempotency-Key"


async def test_a_copy_of_redis_opens_no_reply(member: Browser) -> None:
    answer = await member.post(
        "/api/auth/tokens",
        {"name": "script", "scopes": ["read"], "days": 7},
        headers={idempotency.HEADER: str(uuid4())},
    )

    names = [name async for name in redis().scan_iter("mixline:idempotency:*")]

    kept = await redis().get(names[0])
    assert len(names) == 1
    assert answer.json()["data"]["token"].encode() not in kept
    assert 0 < await redis().ttl(names[0]) <= idempotency.KEPT_S


def test_every_identity_route_that_a_repeat_would_hurt_takes_a_key() -> None:
    taken = {
        route.path
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, idempotency.IdempotentRoute) and "POST" in route.methods
    }

    assert taken >= {
        "/auth/register",
        "/auth/login",
        "/auth/password/forgot",
        "/auth/password/reset",
        "/auth/password/change",
        "/auth/email/change",
        "/auth/email/resend",
        "/auth/email/verify",
        "/auth/mfa/enrol",
        "/auth/mfa/confirm",
        "/auth/mfa/disable",
        "/auth/mfa/recovery-codes",
        "/auth/mfa/verify",
        "/auth/tokens",
        "/auth/oauth/{key}/link",
        "/users/me/restore",
    }
    assert not json.dumps(sorted(taken)).count("refresh")
