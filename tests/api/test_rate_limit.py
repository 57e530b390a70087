"""The limit on calls of the API."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from app.api.rate_limit import RateLimit
from services.infra import rate_limits
from services.infra.settings import get_settings
from tests.api.conftest import OpenBrowser


@pytest.fixture(autouse=True)
def small_limits(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("MIXLINE_API_CALLS_PER_CALLER", "10")
    monkeypatch.setenv("MIXLINE_API_CALLS_PER_ADDRESS", "25")
    get_settings.cache_clear()
    rate_limits.forget()
    yield
    monkeypatch.undo()
    get_settings.cache_clear()


async def test_a_caller_has_exactly_his_calls_and_hears_when_the_next_one_passes(
    open_browser: OpenBrowser, db: AsyncSession
) -> None:
    anna = await open_browser()
    await anna.token()
    rate_limits.forget()

    answers = await asyncio.gather(*(anna.get("/api/users/me") for _ in range(24)))

    passed = [answer for answer in answers if answer.status_code == 200]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert (len(passed), len(refused)) == (10, 14)
    assert all(answer.headers["ratelimit-policy"] == '"caller";q=10;w=60' for answer in answers)
    assert all(0 <= int(answer.headers["ratelimit"].split("r=")[1].split(";")[0]) < 10 for answer in passed)
    assert all(1 <= int(answer.headers["retry-after"]) <= 60 for answer in refused)
    assert refused[0].json()["data"]["problem"]["type"] == "/problems/too-many"


async def test_made_up_sessions_share_the_limit_of_their_address(open_browser: OpenBrowser, db: AsyncSession) -> None:
    anna, elsewhere = await open_browser(), await open_browser("192.0.2.9")

    answers = [
        await anna.get("/api/users/me", headers={"Cookie": f"mixline_session={number:043d}"}) for number in range(30)
    ]

    assert [answer.status_code for answer in answers] == [401] * 25 + [429] * 5
    assert (await elsewhere.get("/api/users/me")).status_code == 401


async def test_a_call_that_is_refused_for_something_else_says_what_is_left(
    open_browser: OpenBrowser, db: AsyncSession
) -> None:
    answer = await (await open_browser()).get("/api/nothing")
    assert (answer.status_code, answer.headers["ratelimit-policy"]) == (404, '"address";q=25;w=60')


async def test_an_address_holds_so_many_live_feeds(redis_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIXLINE_STREAMS_PER_ADDRESS", "2")
    get_settings.cache_clear()
    ended = asyncio.Event()

    async def feed(scope: Scope, receive: Receive, send: Send) -> None:
        await ended.wait()
        await PlainTextResponse("")(scope, receive, send)

    limited = RateLimit(feed)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(limited), base_url="http://test") as client:
        open_feeds = [asyncio.create_task(client.get("/leaderboards/weekly/events")) for _ in range(2)]
        await asyncio.sleep(0.2)
        third = await client.get("/leaderboards/weekly/events")
        ended.set()
        assert [(await one).status_code for one in open_feeds] == [200, 200]
        later = await client.get("/leaderboards/weekly/events")
    assert (third.status_code, third.headers["retry-after"], later.status_code) == (429, "5", 200)
    assert not limited._streams
