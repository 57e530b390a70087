"""The weekly board over REST."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.infra.clock import now
from services.ratings import service
from services.ratings.periods import period_of
from services.ratings.service import get_leaderboards
from tests.api.conftest import Browser
from tests.services.ratings.conftest import add_player, graded, minimum, record

__all__ = ["minimum"]

SetMinimum = Callable[[int], None]


@pytest.fixture(autouse=True)
def fresh_boards() -> None:
    """No standings of another test."""
    service.get_leaderboards.cache_clear()
    get_leaderboards()


async def test_a_board_is_a_page_of_players_with_its_week(
    browser: Browser, db: AsyncSession, minimum: SetMinimum
) -> None:
    minimum(1)
    for name, loss in (("Ann", 1.0), ("Bob", 2.0), ("Cid", 3.0)):
        await record(db, await add_player(db, name), graded(loss, number=1))
    answer = await browser.get("/api/leaderboards/weekly?limit=2")
    assert answer.status_code == 200
    body = answer.json()
    data = body["data"]
    assert (body["success"], body["code"]) == (True, 200)
    assert (data["board"], data["period"], data["set_id"], data["total"]) == (
        "weekly",
        "week",
        period_of("weekly", now()).name,
        3,
    )
    assert [item["name"] for item in data["items"]] == ["Ann", "Bob"]
    assert {"player_id", "rank", "score_pct", "interval_pct", "decisions"} <= data["items"][0].keys()
    following = await browser.get(f"/api/leaderboards/weekly?limit=2&cursor={data['next_cursor']}")
    assert [item["name"] for item in following.json()["data"]["items"]] == ["Cid"]
    assert following.json()["data"]["next_cursor"] is None


async def test_an_empty_week_is_an_empty_page(browser: Browser) -> None:
    data = (await browser.get("/api/leaderboards/weekly")).json()["data"]
    assert (data["items"], data["next_cursor"], data["viewer"]) == ([], None, None)


async def test_a_member_sees_his_own_entry_as_provisional_and_nobody_else_does(
    member: Browser, db: AsyncSession, minimum: SetMinimum
) -> None:
    minimum(2)
    anna = (await db.execute(text("SELECT id FROM accounts.user WHERE name = 'Anna'"))).scalar_one()
    await record(db, anna, graded(1.0, number=1))
    data = (await member.get("/api/leaderboards/weekly")).json()["data"]
    assert data["items"] == []
    assert (data["viewer"]["name"], data["viewer"]["provisional"], data["viewer"]["decisions"]) == ("Anna", True, 1)
    member.http.cookies.clear()
    assert (await member.get("/api/leaderboards/weekly")).json()["data"]["viewer"] is None


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("limit=0", "query.limit"),
        ("limit=201", "query.limit"),
        ("cursor=x", "cursor"),
        ("set_id=2026-11-23", "set_id"),
    ],
)
async def test_a_bad_query_is_refused_with_its_field(browser: Browser, query: str, path: str) -> None:
    answer = await browser.get(f"/api/leaderboards/weekly?{query}")
    assert answer.status_code == 422
    assert answer.json()["data"]["problem"]["errors"][0]["path"] == path


@pytest.mark.parametrize("board", ["rating", "x"])
@pytest.mark.parametrize("suffix", ["", "/events"])
async def test_a_board_that_is_not_there_is_not_found(browser: Browser, board: str, suffix: str) -> None:
    answer: httpx.Response = await browser.get(f"/api/leaderboards/{board}{suffix}")
    assert answer.status_code == 404
    assert answer.json()["success"] is False


async def test_the_document_describes_the_stream(browser: Browser) -> None:
    document = (await browser.get("/api/openapi.json")).json()
    answer = document["paths"]["/leaderboards/{board}/events"]["get"]["responses"]["200"]
    assert "text/event-stream" in answer["content"]
