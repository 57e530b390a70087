"""Administration over REST."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.accounts import sessions
from services.accounts.principals import Role
from services.audit import service as audit
from tests.api.conftest import Browser, OpenBrowser, waiting_solve


def kind(answer: httpx.Response) -> str:
    return answer.json()["data"]["problem"]["type"].removeprefix("/problems/")


async def make_admin(browser: Browser, db: AsyncSession, *, second_factor: bool = True) -> str:
    """Register, become an administrator at the operator's shell, and set up a second factor."""
    user_id = (await browser.register("Rita")).json()["data"]["id"]
    await db.execute(text("UPDATE accounts.\"user\" SET role = 'admin' WHERE id = :id"), {"id": user_id})
    principal = await sessions.resolve(f"mixline_session={browser.http.cookies['mixline_session']}")
    assert principal is not None
    await sessions.update_all(principal.user_id, role=Role.ADMIN, second_factor=second_factor)
    return user_id


@pytest.fixture
async def admin(open_browser: OpenBrowser, db: AsyncSession) -> Browser:
    browser = await open_browser("198.51.100.1")
    await make_admin(browser, db)
    return browser


async def own_id(browser: Browser) -> str:
    return (await browser.get("/api/users/me")).json()["data"]["id"]


ROUTES = [
    ("GET", "/api/admin/users", None),
    ("GET", "/api/admin/users/01890000-0000-7000-8000-000000000001", None),
    ("PATCH", "/api/admin/users/01890000-0000-7000-8000-000000000001", {"role": "admin"}),
    ("GET", "/api/admin/jobs", None),
    ("PATCH", "/api/admin/jobs/01890000-0000-7000-8000-000000000001", {"status": "cancelled"}),
    ("GET", "/api/admin/audit", None),
    ("GET", "/api/admin/audit/check", None),
]


@pytest.mark.parametrize(("verb", "path", "body"), ROUTES)
async def test_nobody_but_an_administrator_gets_in(
    open_browser: OpenBrowser, member: Browser, verb: str, path: str, body: Any
) -> None:
    guest = await open_browser()
    await guest.token()

    assert (await guest.call(verb, path, body)).status_code == 401
    refused = await member.call(verb, path, body)
    assert (refused.status_code, kind(refused)) == (403, "role-too-low")


async def test_an_administrator_without_a_second_factor_gets_nowhere(browser: Browser, db: AsyncSession) -> None:
    await make_admin(browser, db, second_factor=False)

    refused = await browser.get("/api/admin/users")

    assert (refused.status_code, kind(refused)) == (403, "second-factor-missing")


async def test_accounts_are_found_by_name_address_id_role_and_ban(admin: Browser, member: Browser) -> None:
    anna = await own_id(member)

    async def found(**query: str) -> list[str]:
        items = (await admin.get("/api/admin/users", params=query)).json()["data"]["items"]
        return [one["name"] for one in items]

    assert await found() == ["Anna", "Rita"]
    assert await found(search="ANN") == ["Anna"]
    assert await found(search="anna@example") == ["Anna"]
    assert await found(search=anna) == ["Anna"]
    assert await found(search="%") == []
    assert await found(search="_nna") == []
    assert await found(role="admin") == ["Rita"]
    assert await found(banned="true") == []


async def test_a_list_of_accounts_goes_on_where_the_page_before_ended(admin: Browser, member: Browser) -> None:
    first = (await admin.get("/api/admin/users", params={"limit": 1})).json()["data"]
    second = (await admin.get("/api/admin/users", params={"limit": 1, "cursor": first["next_cursor"]})).json()["data"]

    assert [first["items"][0]["name"], second["items"][0]["name"]] == ["Anna", "Rita"]


async def test_a_role_that_is_given_shows_at_once_and_is_in_the_trail(
    admin: Browser, member: Browser, db: AsyncSession
) -> None:
    anna, root = await own_id(member), await own_id(admin)

    answer = await admin.call("PATCH", f"/api/admin/users/{anna}", {"role": "premium"})

    assert answer.json()["data"]["role"] == "premium"
    assert (await member.get("/api/users/me")).json()["data"]["role"] == "premium"
    entry = (await audit.newest(db, limit=1))[0]
    assert (entry.action, str(entry.actor_id), str(entry.subject_id)) == ("role_changed", root, anna)
    assert entry.details == {"role": "premium"}


async def test_a_ban_ends_every_session_and_keeps_the_account_out_until_it_is_lifted(
    admin: Browser, member: Browser
) -> None:
    anna = await own_id(member)

    banned = await admin.call("PATCH", f"/api/admin/users/{anna}", {"banned": True, "reason": "Two accounts"})

    assert banned.json()["data"]["ban_reason"] == "Two accounts"
    assert (await member.get("/api/users/me")).status_code == 401
    wrong = await member.sign_in("Anna", "not the password at all")
    assert wrong.status_code == 401
    right = await member.sign_in("Anna")
    assert (right.status_code, kind(right)) == (403, "banned")
    assert (await admin.call("PATCH", f"/api/admin/users/{anna}", {"banned": False})).status_code == 200
    assert (await member.sign_in("Anna")).status_code == 200


@pytest.mark.parametrize("change", [{"role": "free"}, {"banned": True}])
async def test_an_administrator_can_not_lock_himself_out(admin: Browser, change: dict[str, Any]) -> None:
    answer = await admin.call("PATCH", f"/api/admin/users/{await own_id(admin)}", change)

    assert (answer.status_code, kind(answer)) == (403, "own-account")


@pytest.mark.parametrize(
    ("body", "path"),
    [({}, ""), ({"role": "guest"}, "role"), ({"role": "root"}, "role"), ({"banned": "yes"}, "banned"), ({"x": 1}, "x")],
)
async def test_a_change_that_is_none_is_refused_at_its_field(
    admin: Browser, member: Browser, body: dict[str, Any], path: str
) -> None:
    answer = await admin.call("PATCH", f"/api/admin/users/{await own_id(member)}", body)

    assert answer.status_code == 422
    assert answer.json()["data"]["problem"]["errors"][0]["path"] == path


async def test_guests_and_nobody_are_not_administrated(admin: Browser, open_browser: OpenBrowser) -> None:
    guest = await open_browser()
    await guest.token()

    for one in (await own_id(guest), "01890000-0000-7000-8000-000000000001"):
        assert (await admin.get(f"/api/admin/users/{one}")).status_code == 404
        assert (await admin.call("PATCH", f"/api/admin/users/{one}", {"role": "free"})).status_code == 404


async def test_the_trail_is_shown_newest_first_with_names_and_is_whole(admin: Browser, member: Browser) -> None:
    anna = await own_id(member)
    await member.post("/api/auth/logout")
    await member.sign_in("Anna", "wrong wrong wrong wrong")

    items = (await admin.get("/api/admin/audit")).json()["data"]["items"]
    by_user = (await admin.get("/api/admin/audit", params={"user": anna})).json()["data"]["items"]
    denied = (await admin.get("/api/admin/audit", params={"action": "sign_in_denied"})).json()["data"]["items"]
    check = (await admin.get("/api/admin/audit/check")).json()["data"]

    assert [one["position"] for one in items] == sorted((one["position"] for one in items), reverse=True)
    assert [one["action"] for one in by_user] == ["sign_in_denied", "signed_out", "account_registered"]
    assert by_user[1]["actor_name"] == "Anna"
    assert (denied[0]["subject_name"], denied[0]["actor_id"]) == ("Anna", None)
    assert check["intact"]
    assert check["entries"] == len(items)


async def test_a_refusal_is_in_the_trail_once_a_minute(admin: Browser, member: Browser, db: AsyncSession) -> None:
    for _ in range(3):
        await member.get("/api/admin/users")

    found = await audit.newest(db, limit=10, action="permission_denied")

    assert len(found) == 1
    assert found[0].details == {"permission": "admin", "place": "/api/admin/users", "reason": "role-too-low"}


async def test_an_unknown_solve_can_not_be_cancelled(admin: Browser) -> None:
    path = "/api/admin/jobs/01890000-0000-7000-8000-000000000001"

    assert (await admin.call("PATCH", path, {"status": "cancelled"})).status_code == 404
    assert (await admin.call("PATCH", path, {"status": "done"})).status_code == 422


async def test_revocation_reaches_rest_within_two_seconds_from_another_process(
    admin: Browser, member: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process ends the session in Redis; this one remembers it for a second."""
    anna = await own_id(member)
    assert (await member.get("/api/users/me")).status_code == 200
    cache = dict(sessions._cache)
    await admin.call("PATCH", f"/api/admin/users/{anna}", {"banned": True})
    sessions._cache.update(cache)

    for _ in range(20):
        await asyncio.sleep(0.1)
        if (await member.get("/api/users/me")).status_code == 401:
            break
    else:
        pytest.fail("the session still lives after two seconds")


async def test_somebodys_solve_is_shown_with_its_owner_and_cancelled(
    admin: Browser, member: Browser, db: AsyncSession
) -> None:
    anna = await own_id(member)
    row = await waiting_solve(db, anna)

    queued = (await admin.get("/api/admin/jobs", params={"status": "queued"})).json()["data"]["items"]
    cancelled = (await admin.call("PATCH", f"/api/admin/jobs/{row.id}", {"status": "cancelled"})).json()["data"]

    assert [(one["name"], one["owner_name"]) for one in queued] == [("BTN vs BB", "Anna")]
    assert cancelled["status"] == "cancelled"
    assert (await admin.get("/api/admin/jobs", params={"status": "queued"})).json()["data"]["items"] == []
    entry = (await audit.newest(db, limit=1))[0]
    assert (entry.action, str(entry.subject_id), entry.details) == ("solve_cancelled", anna, {"job_id": str(row.id)})
