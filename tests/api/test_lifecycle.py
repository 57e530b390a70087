"""The end of an account: asked for, taken back, done in every store; and the copy one can take before."""

from __future__ import annotations

import io
import json
import time
import zipfile
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

import services.training.projections  # noqa: F401 registers them
from services.accounts import export, service, sessions, worker
from services.accounts.principals import Role
from services.infra import clock, events
from services.infra import redis as infra_redis
from services.infra.db import transaction
from services.mail import delivery
from services.training.events import SessionStarted
from tests.api.conftest import PASSWORD, Browser, OpenBrowser, code_of, mails_to

pytestmark = pytest.mark.usefixtures("mailbox")
EVERY_ROW = """
    SELECT format('SELECT %L AS place, t::text AS row FROM %I.%I t',
        schemaname || '.' || tablename, schemaname, tablename)
    FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"""


async def me(browser: Browser) -> dict[str, Any]:
    return (await browser.get("/api/users/me")).json()["data"]


async def ask(browser: Browser) -> Any:
    return await browser.call("DELETE", "/api/users/me", {"password": PASSWORD})


async def play(user_id: UUID) -> UUID:
    """A set of training under way."""
    session_id = clock.new_id()
    async with transaction() as db:
        started = SessionStarted(mode="hands", set_size=20)
        await events.append(db, session_id, "session", 0, [started], user_id)
    return session_id


async def rows_with(db: AsyncSession, *needles: str) -> list[str]:
    """Where in the whole database one of the texts is."""
    found: list[str] = []
    for query in (await db.scalars(text(EVERY_ROW))).all():
        for place, row in await db.execute(text(query.replace(":", "\\:"))):
            found += [place for needle in needles if needle.lower() in (row or "").lower()]
    return found


async def test_deleting_takes_the_password_ends_other_sessions_and_waits_thirty_days(
    open_browser: OpenBrowser, member: Browser
) -> None:
    elsewhere = await open_browser()
    await elsewhere.sign_in("Anna")

    without = await member.call("DELETE", "/api/users/me", {})
    answer = await ask(member)

    assert code_of(without) == "confirm-password"
    assert answer.status_code == 202
    assert (await elsewhere.get("/api/users/me")).status_code == 401
    assert (await me(member))["delete_at"] == answer.json()["data"]["delete_at"]
    assert (await mails_to("anna@example.org"))[0]["Subject"] == "Your account will be deleted"
    assert await worker.clean() == 0


async def test_within_the_days_of_grace_one_signs_in_and_keeps_the_account(
    open_browser: OpenBrowser, member: Browser
) -> None:
    await ask(member)
    later = await open_browser()
    await later.sign_in("Anna")

    answer = await later.post("/api/users/me/restore", {})

    assert answer.json()["data"]["delete_at"] is None
    with clock.travel(timedelta(days=31)):
        assert await worker.clean() == 0


async def test_after_them_no_store_knows_who_it_was(
    open_browser: OpenBrowser, browser: Browser, db: AsyncSession
) -> None:
    await browser.register("Zebediah", email="zebediah@example.org")
    account = await me(browser)
    await play(UUID(account["id"]))
    await browser.post("/api/auth/tokens", {"name": "zebediahs notebook", "scopes": ["read"]})
    await browser.post("/api/auth/mfa/enrol", {})
    await browser.post("/api/auth/password/forgot", {"email": "zebediah@example.org"})
    await mails_to("zebediah@example.org")
    assert "accounts.user" in await rows_with(db, "zebediah")
    await ask(browser)
    await mails_to("zebediah@example.org")

    with clock.travel(timedelta(days=31)):
        assert await worker.clean() == 1

    assert await rows_with(db, "zebediah") == []
    places = set(await rows_with(db, account["id"]))
    assert places <= {"accounts.user", "infra.event", "audit.entry"}, places
    keys = [key async for key in infra_redis.redis().scan_iter("*")]
    values = [await infra_redis.redis().get(key) for key in keys if await infra_redis.redis().type(key) == b"string"]
    assert not [value for value in [*keys, *values] if value and b"zebediah" in value.lower()]
    assert [one for one in delivery.read_mailbox() if "zebediah" in one.as_string().lower()] == []


async def test_an_erased_account_can_not_be_entered_and_its_address_is_free_again(
    open_browser: OpenBrowser, member: Browser
) -> None:
    old = (await me(member))["id"]
    await ask(member)
    with clock.travel(timedelta(days=31)):
        await worker.clean()
    sessions._cache.clear()

    visitor = await open_browser()
    assert (await visitor.sign_in("Anna")).status_code == 401
    assert (await member.get("/api/users/me")).status_code == 401
    assert (await visitor.register("Anna")).status_code == 201
    assert (await me(visitor))["id"] != old


async def test_erasing_again_from_the_events_gives_the_same_tables(member: Browser, db: AsyncSession) -> None:
    user_id = UUID((await me(member))["id"])
    await play(user_id)
    await ask(member)
    with clock.travel(timedelta(days=31)):
        await worker.clean()
    count = text("SELECT count(*) FROM training.session")
    assert await db.scalar(count) == 0

    await events.rebuild(db, events.projectors("training."))

    assert await db.scalar(count) == 0


async def test_the_last_administrator_stays(member: Browser, db: AsyncSession) -> None:
    account = await service.set_role(db, "anna@example.org", Role.ADMIN)
    await sessions.update_all(account.id, role=Role.ADMIN)

    assert code_of(await ask(member)) == "last-administrator"


async def test_the_copy_holds_the_account_and_its_events_and_no_secret(member: Browser) -> None:
    user_id = UUID((await me(member))["id"])
    await play(user_id)
    token = (await member.post("/api/auth/tokens", {"name": "n", "scopes": ["read"]})).json()["data"]["token"]

    answer = await member.get("/api/users/me/export")

    assert answer.headers["content-type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    account = json.loads(archive.read("account.json"))
    stored = json.loads(archive.read("events.json"))
    assert account["email"] == "anna@example.org"
    assert [one["type"] for one in stored] == ["AccountRegistered", "SessionStarted", "ApiTokenCreated"]
    everything = b"".join(archive.read(name) for name in archive.namelist()).decode()
    assert token not in everything
    assert "argon2" not in everything


async def test_nobody_elses_events_are_in_the_copy(open_browser: OpenBrowser, member: Browser) -> None:
    bo = await open_browser()
    await bo.register("Bo")
    await play(UUID((await me(bo))["id"]))

    archive = zipfile.ZipFile(io.BytesIO((await member.get("/api/users/me/export")).content))

    assert (await me(bo))["id"] not in archive.read("events.json").decode()


async def test_a_guest_has_nothing_to_copy_or_delete(browser: Browser) -> None:
    assert (await browser.get("/api/users/me/export")).status_code == 401
    assert (await browser.call("DELETE", "/api/users/me", {})).status_code in (401, 403)


async def test_a_hundred_thousand_events_are_copied_within_a_minute(
    open_browser: OpenBrowser, committed: AsyncEngine
) -> None:
    browser = await open_browser()
    await browser.register("Anna")
    user_id = (await me(browser))["id"]
    for _ in range(20):
        async with transaction() as db:
            await db.execute(
                text("""
                INSERT INTO infra.event (id, stream_id, stream_type, version, type, payload_version, payload, meta,
                    recorded_at)
                SELECT gen_random_uuid(), gen_random_uuid(), 'hand', 1, 'DecisionGraded', 1,
                    jsonb_build_object('rows', repeat('{"action": "bet 33", "ev": 1.234}', 30)),
                    jsonb_build_object('user_id', CAST(:user_id AS text)), now()
                FROM generate_series(1, 5000)"""),
                {"user_id": user_id},
            )

    started = time.monotonic()
    with await export.write_export(UUID(user_id)) as file:
        seconds = time.monotonic() - started
        size = file.seek(0, 2)

    print(f"100,000 events, {size / 1e6:.1f} MB in {seconds:.1f} s")
    assert seconds < 60
