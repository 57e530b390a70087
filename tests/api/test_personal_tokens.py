"""Personal tokens: made in a browser, used by scripts, within their scopes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pyotp
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.api import solutions
from services.accounts import second_factor, service, sessions
from services.accounts.principals import Role
from services.infra import clock
from services.infra.errors import NotFound
from tests.api.conftest import PASSWORD, Browser, OpenBrowser, code_of, mails_to

pytestmark = pytest.mark.usefixtures("mailbox")


async def make(browser: Browser, *scopes: str, days: int = 90, **more: str) -> dict[str, Any]:
    body = {"name": "notebook", "scopes": list(scopes), "days": days, **more}
    answer = await browser.post("/api/auth/tokens", body)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


async def call(browser: Browser, token: str, method: str, path: str, **options: Any) -> httpx.Response:
    """As a script does it: no cookie, no Origin, no CSRF token."""
    browser.http.cookies.clear()
    return await browser.http.request(method, path, headers={"Authorization": f"Bearer {token}"}, **options)


async def test_a_script_reads_in_its_owners_name(open_browser: OpenBrowser, member: Browser) -> None:
    made = await make(member, "read")

    answer = await call(await open_browser(), made["token"], "GET", "/api/users/me")

    assert made["token"].startswith("mxl_")
    assert answer.json()["data"]["email"] == "anna@example.org"


async def test_the_secret_is_shown_once_and_stored_as_a_hash(member: Browser, db: AsyncSession) -> None:
    made = await make(member, "read")

    assert made["token"] not in (await member.get("/api/auth/tokens")).text
    assert made["token"] not in (await db.scalars(text("SELECT t::text FROM accounts.api_token t"))).one()
    assert (await mails_to("anna@example.org"))[0]["Subject"] == "A personal token was made"


@pytest.mark.parametrize(
    ("scope", "passes"),
    [("read", {"read"}), ("train", {"train"}), ("solve", {"solve"})],
)
async def test_a_scope_opens_its_own_routes_only(
    open_browser: OpenBrowser, member: Browser, scope: str, passes: set[str]
) -> None:
    token = (await make(member, scope))["token"]
    script = await open_browser()
    answers = {
        "read": await call(script, token, "GET", "/api/users/me"),
        "train": await call(script, token, "POST", "/api/training/sessions", json={}),
        "solve": await call(script, token, "POST", "/api/solves/estimate", json={}),
    }

    refused = {name for name, answer in answers.items() if answer.status_code == 403}
    assert refused == set(answers) - passes
    assert {code_of(answers[name]) for name in refused} == {"scope-missing"}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/auth/tokens", None),
        ("POST", "/api/auth/tokens", {"name": "more", "scopes": ["read"], "days": 1}),
        ("POST", "/api/auth/password/change", {"password": "orange kettle sings nineteen"}),
        ("POST", "/api/auth/email/change", {"email": "evil@example.org"}),
        ("POST", "/api/auth/mfa/enrol", {}),
        ("GET", "/api/users/me/export", None),
        ("GET", "/api/users/me/security", None),
        ("DELETE", "/api/users/me", {}),
        ("PATCH", "/api/users/me", {"name": "Evil"}),
    ],
)
async def test_no_scope_reaches_the_account_itself(
    open_browser: OpenBrowser, member: Browser, method: str, path: str, body: Any
) -> None:
    token = (await make(member, "read", "train", "solve"))["token"]

    answer = await call(await open_browser(), token, method, path, **({"json": body} if body is not None else {}))

    assert (answer.status_code, code_of(answer)) == (403, "not-by-token")


async def test_a_revoked_token_is_worth_nothing_at_once(open_browser: OpenBrowser, member: Browser) -> None:
    made = await make(member, "read")
    await member.call("DELETE", f"/api/auth/tokens/{made['id']}")

    answer = await call(await open_browser(), made["token"], "GET", "/api/users/me")

    assert (answer.status_code, code_of(answer)) == (401, "bad-token")


async def test_a_token_ends_on_its_day(open_browser: OpenBrowser, member: Browser) -> None:
    made = await make(member, "read", days=1)

    with clock.travel(timedelta(days=1, minutes=1)):
        assert (await call(await open_browser(), made["token"], "GET", "/api/users/me")).status_code == 401


async def test_the_owner_sees_when_a_token_was_used(open_browser: OpenBrowser, member: Browser) -> None:
    made = await make(member, "read")
    await call(await open_browser(), made["token"], "GET", "/api/users/me")

    listed = (await member.get("/api/auth/tokens")).json()["data"]

    assert made["used_at"] is None
    assert listed[0]["used_at"] is not None


@pytest.mark.parametrize(
    "header",
    ["Bearer mxl_" + "x" * 43, "Bearer", "Bearer eyJhbGciOiJub25lIn0.e30.", "Bearer mxl_x", "Bearer mxl_\xe9"],
)
async def test_any_other_bearer_is_refused_also_with_a_good_cookie(member: Browser, header: str) -> None:
    answer = await member.http.get("/api/users/me", headers={"Authorization": header.encode("latin-1")})

    assert answer.status_code == 401


async def test_others_tokens_can_be_neither_seen_nor_revoked(open_browser: OpenBrowser, member: Browser) -> None:
    made = await make(member, "read")
    bo = await open_browser()
    await bo.register("Bo")

    assert (await bo.get("/api/auth/tokens")).json()["data"] == []
    assert (await bo.call("DELETE", f"/api/auth/tokens/{made['id']}")).status_code == 404
    assert (await call(await open_browser(), made["token"], "GET", "/api/users/me")).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"name": "", "scopes": ["read"]},
        {"name": "n", "scopes": []},
        {"name": "n", "scopes": ["everything"]},
        {"name": "n", "scopes": ["read"], "days": 366},
        {"name": "n", "scopes": ["read"], "days": 0},
        {"name": "a\u202eb", "scopes": ["read"]},
    ],
)
async def test_a_bad_token_request_is_refused_at_its_field(member: Browser, body: Any) -> None:
    assert (await member.post("/api/auth/tokens", body)).status_code == 422


async def test_a_member_can_not_give_the_scope_of_administrators(member: Browser) -> None:
    answer = await member.post("/api/auth/tokens", {"name": "n", "scopes": ["admin"]})

    assert answer.status_code == 403


async def test_the_scope_of_administrators_ends_with_the_second_factor(
    open_browser: OpenBrowser, member: Browser, db: AsyncSession
) -> None:
    begun = (await member.post("/api/auth/mfa/enrol", {})).json()["data"]
    await member.post("/api/auth/mfa/confirm", {"code": pyotp.TOTP(begun["secret"]).at(clock.now())})
    account = await service.set_role(db, "anna@example.org", Role.ADMIN)
    await sessions.update_all(account.id, role=Role.ADMIN)
    token = (await make(member, "admin", password=PASSWORD))["token"]
    script = await open_browser()
    assert (await call(script, token, "GET", "/api/admin/users")).status_code == 200

    await second_factor.take_off(db, "anna@example.org")

    answer = await call(script, token, "GET", "/api/admin/users")
    assert (answer.status_code, code_of(answer)) == (403, "second-factor-missing")


async def test_a_token_without_the_scope_sees_no_solution_of_its_owners(
    open_browser: OpenBrowser, member: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    class Strategies:
        async def visible(self, _db: AsyncSession, _solution_id: object, user_id: object, _line: object) -> None:
            asked.append(user_id)
            raise NotFound("there is no such solution")

    monkeypatch.setattr(solutions, "get_strategies", Strategies)
    tokens = [(await make(member, scope))["token"] for scope in ("train", "read")]
    script = await open_browser()

    for token in tokens:
        await call(script, token, "GET", "/api/solutions/01890000-0000-7000-8000-000000000001")

    assert [user_id is None for user_id in asked] == [True, False]


async def test_a_token_that_only_reads_moves_nothing_at_the_table(open_browser: OpenBrowser, member: Browser) -> None:
    made, script = await make(member, "read"), await open_browser()

    answer = await call(script, made["token"], "GET", "/api/training/sessions/current")

    assert (answer.status_code, code_of(answer)) == (403, "scope-missing")
