"""Passwords, guessing them, and finding out who has an account."""

from __future__ import annotations

import asyncio
import random
import resource
import time

import pytest
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from services.accounts import names, passwords, throttle
from services.accounts.models import User
from services.infra import rate_limits
from services.infra.clock import new_id, now
from services.infra.redis import redis
from tests.api.conftest import PASSWORD, Browser, OpenBrowser
from tests.security.conftest import Figure, Scale, Within
from tests.security.timing import shift

LOGIN = "/api/auth/login"


async def try_password(browser: Browser, email: str, password: str = "wrong wagon eats seventeen") -> int:
    return (await browser.post(LOGIN, {"email": email, "password": password})).status_code


@pytest.mark.row("passwords")
async def test_passwords_are_hashed_slowly_and_judged_by_length_and_blocklist(figure: Figure) -> None:
    hashed = await passwords.hash_password(PASSWORD)
    _, kind, _, parameters, *_ = hashed.split("$")
    cost = dict(part.split("=") for part in parameters.split(","))
    refused = [
        one
        for one in (
            "fourteen chars",
            "passwordpassword",
            "aaaaaaaaaaaaaaaaaaaa",
            "qwertyuiopasdfghjkl",
            "123456789012345678",
        )
        if passwords.problem(one)
    ]
    accepted = [
        one
        for one in ("purple wagon eats seventeen", "ünïcode lächelt täglich", "k" * 3 + "jfowpqmzbx ruw")
        if not passwords.problem(one)
    ]
    figure(
        f"{kind}, {int(cost['m']) // 1024} MiB, t={cost['t']}; {len(refused)} of 5 weak ones refused, "
        f"{len(accepted)} of 3 good ones accepted, no composition rules",
        passed=kind == "argon2id"
        and int(cost["m"]) >= 19 * 1024
        and int(cost["t"]) >= 2
        and (len(refused), len(accepted)) == (5, 3),
    )


@pytest.mark.row("passwords")
async def test_forty_sign_ins_at_once_stay_within_bounds(
    open_browser: OpenBrowser, committed: AsyncEngine, figure: Figure
) -> None:
    owners = ("Anna", "Berta")
    for owner in owners:
        assert (await (await open_browser()).register(owner)).status_code == 201
    browsers = [await open_browser(f"192.0.2.{number}") for number in range(40)]
    await asyncio.gather(*(browser.token() for browser in browsers))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    came_back = 0

    async def sign_in(browser: Browser, owner: str) -> int:
        """A machine that does other things as well may say "later": then again, as its answer says."""
        nonlocal came_back
        for _ in range(60):
            answer = await browser.sign_in(owner)
            if answer.status_code != 503:
                return answer.status_code
            came_back += 1
            await asyncio.sleep(0.5)
        return 503

    codes = await asyncio.gather(*(sign_in(browser, owners[number % 2]) for number, browser in enumerate(browsers)))
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    good = codes.count(200)
    figure(
        f"{good} of 40 sign-ins at once succeeded, {came_back} of them later, peak memory grew by {grown:.0f} MiB",
        passed=good == 40 and grown < 200,
    )


@pytest.mark.row("throttling")
async def test_an_account_has_twenty_tries_and_its_owner_still_gets_in(
    open_browser: OpenBrowser, member: Browser, figure: Figure
) -> None:
    assert (await member.sign_in("Anna")).status_code == 200  # the owner's browser is known from here on
    attackers = [await open_browser(f"198.51.100.{number}") for number in range(1, 6)]
    codes = [await try_password(attackers[number % 5], "anna@example.org") for number in range(30)]
    owner = (await member.sign_in("Anna")).status_code
    figure(
        f"{codes.count(401)} tries in 15 minutes, then 429 ({codes.count(429)} of 30); the owner: {owner}",
        passed=codes == [401] * 20 + [429] * 10 and owner == 200,
    )


@pytest.mark.row("throttling")
async def test_an_address_has_three_hundred_tries(
    open_browser: OpenBrowser, db: AsyncSession, monkeypatch: pytest.MonkeyPatch, figure: Figure, scale: Scale
) -> None:
    limit = throttle.SIGN_IN_ADDRESS
    assert (limit.count, limit.window_s) == (300, 600)
    tries = scale(30, 300)
    if tries != limit.count:
        monkeypatch.setattr(throttle, "SIGN_IN_ADDRESS", throttle.Limit("sign-in-address", tries, 600))
    browser = await open_browser()
    headers = {"X-CSRF-Token": await browser.token(), "Origin": "http://mixline.test", "Sec-Fetch-Site": "same-origin"}
    codes: list[int] = []
    for number in range(tries + 5):
        body = {"email": f"nobody{number}@example.org", "password": "wrong wagon eats seventeen"}
        codes.append((await browser.http.post(LOGIN, json=body, headers=headers)).status_code)
    elsewhere = await try_password(await open_browser("192.0.2.77"), "nobody@example.org")
    figure(
        f"{codes.count(401)} tries from one address over as many accounts, then 429; from another address: {elsewhere}",
        passed=codes == [401] * tries + [429] * 5 and elsewhere == 401,
    )


@pytest.mark.row("enumeration")
@pytest.mark.timeout(1200)
async def test_a_known_and_an_unknown_address_can_not_be_told_apart(
    open_browser: OpenBrowser, db: AsyncSession, figure: Figure, scale: Scale, within: Within
) -> None:
    pairs = scale(20, 500)
    hashed = await passwords.hash_password(PASSWORD)
    people = [
        {
            "id": new_id(), "role": "free", "name": f"Known {n}", "name_key": names.name_key(f"Known {n}"),
            "email": f"known{n}@example.org", "password_hash": hashed, "created_at": now(), "updated_at": now(),
        }
        for n in range(pairs)
    ]  # fmt: skip
    await db.execute(insert(User), people)
    browser = await open_browser()
    headers = {"X-CSRF-Token": await browser.token(), "Origin": "http://mixline.test", "Sec-Fetch-Site": "same-origin"}
    seconds: dict[str, list[float]] = {"known": [], "unknown": []}
    answers: dict[str, set[str]] = {"known": set(), "unknown": set()}
    order = [(kind, n) for n in range(pairs) for kind in random.sample(("known", "unknown"), 2)]
    for kind, number in order:
        rate_limits.forget()
        await redis().delete(*[key async for key in redis().scan_iter("mixline:tries*")] or ["none"])
        body = {"email": f"{kind}{number}@example.org", "password": "wrong wagon eats seventeen"}
        started = time.perf_counter()
        answer = await browser.http.post(LOGIN, json=body, headers=headers)
        seconds[kind].append(time.perf_counter() - started)
        told = {name: value for name, value in answer.headers.items() if not name.startswith(("ratelimit", "date"))}
        content = answer.json() | {"timestamp": ""}
        answers[kind].add(f"{answer.status_code} {sorted(told.items())} {content}")
    apart = shift(seconds["known"], seconds["unknown"])
    same = answers["known"] == answers["unknown"] and len(answers["known"]) == 1
    figure(
        f"signing in, {pairs} known against {pairs} unknown: bodies {'identical' if same else 'differ'}, "
        f"known ones take {apart}",
        passed=same and within(abs(apart.median), 5),
    )


async def test_a_text_that_no_database_stores_is_refused(open_browser: OpenBrowser, database: AsyncEngine) -> None:
    assert await try_password(await open_browser(), "\0") == 422
