"""Tokens in mails, who has an account as seen from registering and forgetting, and the trail of it all."""

from __future__ import annotations

import random
import re
import time
from datetime import timedelta

import pytest
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.accounts import names, passwords, sessions
from services.accounts.models import User
from services.audit import service as audit
from services.infra import clock, rate_limits
from services.infra.clock import new_id, now
from services.infra.redis import redis
from services.infra.settings import get_settings
from tests.api.conftest import PASSWORD, Browser, OpenBrowser, link_in_mail, mailbox  # noqa: F401 a fixture
from tests.api.test_tokens import copy
from tests.security.conftest import Figure, Scale, Within
from tests.security.timing import shift

pytestmark = pytest.mark.usefixtures("mailbox")


async def reset(browser: Browser, token: str) -> int:
    answer = await browser.post(
        "/api/auth/password/reset", {"token": token, "password": "orange kettle sings nineteen"}
    )
    return answer.status_code


@pytest.mark.row("mail and reset tokens")
async def test_a_mailed_token_is_long_hashed_single_use_and_short_lived(
    open_browser: OpenBrowser, member: Browser, db: AsyncSession, figure: Figure
) -> None:
    visitor = await open_browser()
    await visitor.post("/api/auth/password/forgot", {"email": "anna@example.org"})
    token = await link_in_mail("anna@example.org")
    stored = await db.scalars(
        text("SELECT t::text FROM accounts.mail_token t UNION ALL SELECT o::text FROM mail.outbox o")
    )
    kept = sum(token in row for row in stored)
    with clock.travel(timedelta(minutes=61)):
        late = await reset(visitor, token)
    await visitor.post("/api/auth/password/forgot", {"email": "anna@example.org"})
    token = await link_in_mail("anna@example.org")
    once, twice = await reset(visitor, token), await reset(visitor, token)
    figure(
        f"{6 * len(token)} bit, in clear in {kept} rows, after an hour: {late}, used once: {once}, twice: {twice}",
        passed=6 * len(token) >= 128 and kept == 0 and late >= 400 and once == 200 and twice >= 400,
    )


@pytest.mark.row("enumeration")
@pytest.mark.timeout(1700)
@pytest.mark.parametrize("way", ["password/forgot", "register"])
async def test_forgetting_and_registering_do_not_tell_who_has_an_account(
    way: str,
    open_browser: OpenBrowser,
    db: AsyncSession,
    monkeypatch: pytest.MonkeyPatch,
    figure: Figure,
    scale: Scale,
    within: Within,
) -> None:
    """Registering with confirmed addresses, as it is wherever mail is set up."""
    monkeypatch.setenv("MIXLINE_CONFIRM_REGISTRATION", "true")
    get_settings.cache_clear()
    pairs = scale(12, 500)
    hashed = await passwords.hash_password(PASSWORD)
    moment = now()
    await db.execute(
        insert(User),
        [
            {
                "id": new_id(), "role": "free", "name": f"Known {n}", "name_key": names.name_key(f"Known {n}"),
                "email": f"known{n}@example.org", "password_hash": hashed, "created_at": moment, "updated_at": moment,
            }
            for n in range(pairs)
        ],
    )  # fmt: skip
    browser = await open_browser()
    headers = {"X-CSRF-Token": await browser.token(), "Origin": "http://mixline.test", "Sec-Fetch-Site": "same-origin"}
    seconds: dict[str, list[float]] = {"known": [], "unknown": []}
    answers: dict[str, set[str]] = {"known": set(), "unknown": set()}
    for number in range(pairs):
        for kind in random.sample(("known", "unknown"), 2):
            rate_limits.forget()
            await redis().delete(*[key async for key in redis().scan_iter("mixline:tries*")] or ["none"])
            body = {"email": f"{kind}{number}@example.org"}
            if way == "register":
                body |= {"password": PASSWORD, "name": f"New {kind} {number}"}
            started = time.perf_counter()
            answer = await browser.http.post(f"/api/auth/{way}", json=body, headers=headers)
            seconds[kind].append(time.perf_counter() - started)
            answers[kind].add(f"{answer.status_code} {answer.json() | {'timestamp': ''}}")
    apart = shift(seconds["known"], seconds["unknown"])
    same = answers["known"] == answers["unknown"] and len(answers["known"]) == 1
    figure(
        f"{way}, {pairs} known against {pairs} unknown: bodies {'identical' if same else 'differ'}, "
        f"known ones take {apart}",
        passed=same and within(abs(apart.median), 5),
    )


@pytest.mark.row("audit")
async def test_what_counts_is_in_the_trail_and_an_edited_row_is_found(
    open_browser: OpenBrowser, member: Browser, db: AsyncSession, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    monkeypatch.setattr(type(get_settings()), "refresh_grace_s", 0.0, raising=False)
    monkeypatch.setitem(get_settings().__dict__, "refresh_grace_s", 0.0)
    stolen = copy(member, await open_browser("192.0.2.66"))
    await member.post("/api/auth/refresh")
    await stolen.post("/api/auth/refresh")
    sessions._cache.clear()
    other = await open_browser("192.0.2.2")
    await other.sign_in("Anna", "wrong wagon eats seventeen")
    await other.sign_in("Anna")
    await other.get("/api/admin/users")
    await other.get("/api/users/me/export")
    await other.call("DELETE", "/api/users/me", {"password": PASSWORD})
    await other.post("/api/auth/logout")
    wanted = {
        "login": r"signed_in", "failed login": r"sign_in_denied", "logout": r"signed_out", "reuse": r"reused",
        "denial": r"denied$|refused", "export": r"export", "delete": r"deletion_requested|delet",
    }  # fmt: skip
    actions = list(await audit.actions(db))
    missing = [name for name, pattern in wanted.items() if not any(re.search(pattern, action) for action in actions)]
    whole = await audit.verify(db)
    broken = 0
    edits = (
        "UPDATE audit.entry SET details = '{\"x\": 1}' WHERE position = (SELECT min(position) + 1 FROM audit.entry)",
        "DELETE FROM audit.entry WHERE position = (SELECT min(position) + 1 FROM audit.entry)",
        "UPDATE audit.entry SET action = 'signed_in' WHERE position = (SELECT max(position) FROM audit.entry)",
    )
    for edit in edits:
        async with db.begin_nested() as attempt:
            await db.execute(text("SET LOCAL session_replication_role = replica"))
            await db.execute(text(edit))
            broken += bool((await audit.verify(db)).fault)
            await attempt.rollback()
    figure(
        f"{whole.entries} entries, unbroken: {not whole.fault}; missing of {len(wanted)} kinds: {missing or 'none'}; "
        f"{broken} of {len(edits)} edits found",
        passed=not missing and not whole.fault and broken == len(edits),
    )
