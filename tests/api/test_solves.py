"""Library, solutions and solves over REST."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.api.main import build_api
from services.infra.cache import Cache
from services.solutions import service
from services.solutions.manifest import Library
from services.solutions.rivers import Rivers
from services.solutions.service import StrategyService
from services.solutions.worker import Worker
from tests.services.solutions.conftest import RIVER, TURN, Shelf, shelf

__all__ = ["shelf"]

ORIGIN = "http://mixline.test"


class Guest:
    """A browser without an account: it keeps its cookies and sends the token against cross-site requests."""

    def __init__(self, client: httpx.AsyncClient, token: str) -> None:
        self._client = client
        self._headers = {"X-CSRF-Token": token, "Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}

    async def call(self, method: str, path: str, body: object = None) -> httpx.Response:
        """A request; unsafe ones carry the token."""
        return await self._client.request(method, f"/api{path}", json=body, headers=self._headers)

    async def events(self, path: str) -> list[dict[str, Any]]:
        """All server-sent events of a stream that ends."""
        response = await self.call("GET", path)
        assert response.headers["content-type"].startswith("text/event-stream")
        return [
            json.loads(line.removeprefix("data: ")) for line in response.text.splitlines() if line.startswith("data: ")
        ]


async def _guest(client: httpx.AsyncClient) -> Guest:
    response = await client.get("/api/auth/csrf")
    return Guest(client, response.json()["data"]["token"])


@pytest.fixture
async def guests(committed: AsyncEngine, redis_server: str) -> AsyncIterator[tuple[Guest, Guest]]:
    """Two browsers, a worker beside the API."""
    del committed, redis_server
    transport = httpx.ASGITransport(build_api())
    worker = asyncio.create_task(Worker(1).run())
    async with (
        httpx.AsyncClient(transport=transport, base_url=ORIGIN) as first,
        httpx.AsyncClient(transport=transport, base_url=ORIGIN) as second,
    ):
        yield await _guest(first), await _guest(second)
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)


@pytest.fixture
def small_library(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    """The API on the test library."""
    strategies = StrategyService(Library(shelf.folder), Rivers(Cache()))
    for module in ("app.api.spots", "app.api.solutions"):
        monkeypatch.setattr(f"{module}.get_strategies", lambda: strategies)
    service.get_strategies.cache_clear()
    yield shelf
    service.get_strategies.cache_clear()


def _problem(response: httpx.Response) -> dict[str, Any]:
    body = response.json()
    assert body["success"] is False
    assert body["code"] == response.status_code
    return body["data"]["problem"]


async def test_a_solve_goes_from_request_to_a_readable_strategy(guests: tuple[Guest, Guest]) -> None:
    guest, _ = guests
    started = await guest.call("POST", "/solves", {"spot": TURN, "target_pct": 0.3})
    assert started.status_code == 202
    place = started.headers["Location"].removeprefix("/api")
    seen = await guest.events(f"{place}/events")
    assert seen[-1]["status"] == "done"
    assert seen[-1]["progress"]["pct_pot"] <= 0.3
    solution = seen[-1]["solution_id"]
    shown = (await guest.call("GET", f"/solutions/{solution}?node=check/bet 60")).json()["data"]
    assert shown["node"]["actions"] == ["fold", "call", "allin 300"]
    hand = shown["node"]["hands"]["KdQd"]
    assert sum(hand["strategy"]) == pytest.approx(1, abs=1e-3)
    assert hand["ev"][0] == pytest.approx(0, abs=0.1)
    assert min(hand["ev_loss_pct"]) == 0
    listed = (await guest.call("GET", "/solutions")).json()["data"]["items"]
    assert [one["id"] for one in listed] == [solution]


async def test_a_spot_that_was_solved_is_answered_with_its_solve(guests: tuple[Guest, Guest]) -> None:
    guest, stranger = guests
    started = await guest.call("POST", "/solves", {"spot": RIVER})
    first = (await guest.events(f"/solves/{started.json()['data']['id']}/events"))[-1]

    again = await guest.call("POST", "/solves", {"spot": RIVER})
    theirs = await stranger.call("POST", "/solves", {"spot": RIVER})

    assert (again.status_code, again.json()["code"], again.json()["data"]["id"]) == (200, 200, first["id"])
    assert again.headers["Location"].endswith(first["id"])
    assert theirs.status_code == 200
    shared = theirs.json()["data"]
    assert shared["id"] != first["id"]
    assert shared["solution_id"] == first["solution_id"]
    assert len((await guest.call("GET", "/solves")).json()["data"]["items"]) == 1
    assert (await guest.call("DELETE", f"/solutions/{first['solution_id']}")).status_code == 200
    assert (await stranger.call("GET", f"/solutions/{first['solution_id']}")).status_code == 200


async def test_an_estimate_says_what_a_solve_needs(guests: tuple[Guest, Guest]) -> None:
    data = (await guests[0].call("POST", "/solves/estimate", {"spot": TURN})).json()["data"]
    assert data["allowed"] is True
    assert 0 < data["memory_bytes"] < data["limit_bytes"]
    assert data["abstract_nodes"]["decision"] > 0


async def test_a_bad_spot_is_refused_with_field_and_position(guests: tuple[Guest, Guest]) -> None:
    spot = {**TURN, "ranges": {"oop": "AA,KX", "ip": "QQ"}, "pot": -1}
    for path in ("/solves", "/solves/estimate"):
        response = await guests[0].call("POST", path, {"spot": spot})
        assert response.status_code == 422
        errors = {error["path"]: error["position"] for error in _problem(response)["errors"]}
        assert "pot" in errors
        assert errors["ranges.oop"] is not None


@pytest.mark.parametrize(
    "body", [{}, {"spot": TURN, "target_pct": 0}, {"spot": TURN, "seconds": 1}, {"spot": TURN, "max_seconds": -1}]
)
async def test_a_body_that_is_no_request_is_refused(guests: tuple[Guest, Guest], body: dict[str, Any]) -> None:
    assert (await guests[0].call("POST", "/solves", body)).status_code == 422


async def test_another_guest_can_neither_see_nor_cancel_a_solve(guests: tuple[Guest, Guest]) -> None:
    guest, stranger = guests
    started = (await guest.call("POST", "/solves", {"spot": RIVER})).json()["data"]
    done = (await guest.events(f"/solves/{started['id']}/events"))[-1]
    for method, path in (
        ("GET", f"/solves/{started['id']}"),
        ("DELETE", f"/solves/{started['id']}"),
        ("GET", f"/solves/{started['id']}/events"),
        ("GET", f"/solutions/{done['solution_id']}"),
        ("DELETE", f"/solutions/{done['solution_id']}"),
    ):
        assert (await stranger.call(method, path)).status_code == 404, path
    assert (await stranger.call("GET", "/solves")).json()["data"]["items"] == []
    assert (await stranger.call("GET", "/solutions")).json()["data"]["items"] == []


async def test_a_solution_of_ones_own_can_be_deleted(guests: tuple[Guest, Guest]) -> None:
    guest, _ = guests
    started = (await guest.call("POST", "/solves", {"spot": RIVER})).json()["data"]
    done = (await guest.events(f"/solves/{started['id']}/events"))[-1]
    place = f"/solutions/{done['solution_id']}"
    assert (await guest.call("GET", place)).status_code == 200
    assert (await guest.call("DELETE", place)).status_code == 200
    assert (await guest.call("GET", place)).status_code == 404


async def test_lists_are_continued_by_their_cursor(guests: tuple[Guest, Guest]) -> None:
    guest, _ = guests
    for pot in (100, 101, 102):
        started = (await guest.call("POST", "/solves", {"spot": {**RIVER, "pot": pot}})).json()["data"]
        await guest.events(f"/solves/{started['id']}/events")
    for path in ("/solves", "/solutions"):
        first = (await guest.call("GET", f"{path}?limit=2")).json()["data"]
        second = (await guest.call("GET", f"{path}?limit=2&cursor={first['next_cursor']}")).json()["data"]
        ids = [one["id"] for one in first["items"] + second["items"]]
        assert len(ids) == len(set(ids)) == 3
        assert ids == sorted(ids, reverse=True)
        assert second["next_cursor"] is None
        assert (await guest.call("GET", f"{path}?cursor=x")).status_code == 422


async def test_nobody_without_a_session_may_ask_for_a_solve(guests: tuple[Guest, Guest]) -> None:
    del guests
    async with httpx.AsyncClient(transport=httpx.ASGITransport(build_api()), base_url=ORIGIN) as client:
        assert (await client.get("/api/solves")).status_code == 401
        assert (await client.post("/api/solves", json={"spot": TURN})).status_code in (401, 403)


async def test_the_library_is_listed_and_filtered(guests: tuple[Guest, Guest], small_library: Shelf) -> None:
    guest, _ = guests

    async def names(query: str) -> list[str]:
        return [one["name"] for one in (await guest.call("GET", f"/spots?{query}")).json()["data"]["items"]]

    assert await names("") == ["Test turn", "Test flop", "Test river"]
    assert await names("street=flop") == ["Test flop"]
    assert await names("texture=monotone") == ["Test flop"]
    assert await names("pot_type=3BP") == []
    page = (await guest.call("GET", "/spots?limit=2")).json()["data"]
    assert await names(f"limit=2&cursor={page['next_cursor']}") == ["Test river"]
    detail = (await guest.call("GET", f"/spots/{small_library.flop.id}")).json()["data"]
    assert detail["spot"]["board"] == "Kh8h3h"


async def test_a_node_of_the_library_is_shown_to_anybody(guests: tuple[Guest, Guest], small_library: Shelf) -> None:
    path = f"/solutions/{small_library.flop.id}?node=check/check/deal 2c/check/check/deal 2d"
    node = (await guests[1].call("GET", path)).json()["data"]["node"]
    assert node["board"] == "Kh8h3h2c2d"
    assert node["player"] == "oop"
    assert node["exploitability_pct"] is not None


@pytest.mark.parametrize(
    ("node", "path"), [("check/bet 61", "line[1]"), ("check/check/deal Kh", "line[2]"), ("check", None)]
)
async def test_a_bad_node_is_refused_with_its_step(
    guests: tuple[Guest, Guest], small_library: Shelf, node: str, path: str | None
) -> None:
    line = "check/check" if path is None else node
    response = await guests[0].call("GET", f"/solutions/{small_library.flop.id}?node={line}")
    assert response.status_code == 422
    errors = _problem(response)["errors"]
    assert [error["path"] for error in errors] == ([] if path is None else [path])


async def test_an_unknown_solution_is_404(guests: tuple[Guest, Guest]) -> None:
    unknown = "00000000-0000-7000-8000-000000000000"
    for path in (f"/solutions/{unknown}", f"/solves/{unknown}", f"/spots/{unknown}"):
        assert (await guests[0].call("GET", path)).status_code == 404
