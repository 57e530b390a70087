"""Training over REST: the whole way of a hand, other people's ids, and what no reply may hold before the answer."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.api import training as routes
from services.training.service import TrainingService
from tests.api.conftest import Browser, OpenBrowser
from tests.services.training.doubles import HashedStrategies, library

SESSIONS = "/api/training/sessions"


@pytest.fixture
def strategies(monkeypatch: pytest.MonkeyPatch) -> Iterator[HashedStrategies]:
    known = library()
    service = TrainingService(known, look_ahead=False)
    monkeypatch.setattr(routes, "get_training", lambda: service)
    return known


@pytest.fixture(autouse=True)
def _small_library(strategies: HashedStrategies) -> None:
    """Every test here plays the small library."""


def data(response: httpx.Response, status: int = 200) -> Any:
    assert response.status_code == status, response.text
    body = response.json()
    assert (body["success"], body["code"]) == (True, status)
    return body["data"]


def problem(response: httpx.Response, status: int) -> Any:
    assert response.status_code == status, response.text
    body = response.json()
    assert (body["success"], body["code"]) == (False, status)
    return body["data"]["problem"]


async def start(browser: Browser, **body: Any) -> Any:
    return data(await browser.post(SESSIONS, body), 201)


async def act(browser: Browser, table: Any, action: str = "", **options: Any) -> httpx.Response:
    body = {"decision_id": table["decision_id"], "action": action or table["actions"][0]}
    return await browser.post(f"{SESSIONS}/{table['session_id']}/decisions", body, **options)


async def advance(browser: Browser, table: Any) -> Any:
    return data(await browser.post(f"/api/training/hands/{table['hand_id']}/advance"))


async def test_a_guest_plays_a_set_from_the_start_to_its_summary(browser: Browser) -> None:
    choose = random.Random(1)
    table = await start(browser)
    while table["status"] != "set_done":
        while table["status"] == "decision":
            answer = data(await act(browser, table, choose.choice(table["actions"])))
            assert answer["grade"]["word"] in ("best", "correct", "inaccuracy", "wrong", "blunder", "uncertain")
            table = await advance(browser, table)
        if table["status"] == "ended":
            table = data(await browser.post(f"{SESSIONS}/{table['session_id']}/hands"))
    summary = data(await browser.get(f"{SESSIONS}/{table['session_id']}"))
    answers = data(await browser.get(f"{SESSIONS}/{table['session_id']}/decisions"))["items"]
    assert summary["decisions"] == len(answers) >= 20
    assert summary["interval"] is None
    assert sum(summary["counts"].values()) == summary["decisions"]
    assert summary["ev_loss_bb"] == pytest.approx(sum(one["grade"]["loss_bb"] for one in answers))
    drill = await start(browser, drill={"items": [spot["decision_id"] for spot in summary["worst"]]})
    assert drill["drill"]
    assert drill["hero_cards"] == summary["worst"][0]["hero_cards"]


async def test_no_reply_before_the_answer_holds_the_mix_the_seed_or_villains_cards(
    browser: Browser, db: AsyncSession
) -> None:
    choose = random.Random(2)
    table = await start(browser)
    for _ in range(30):
        session, hand = table["session_id"], table["hand_id"]
        replies = [
            table,
            data(await browser.get(f"{SESSIONS}/current")),
            data(await browser.get(f"/api/training/hands/{hand}")),
            data(await browser.get(f"/api/training/hands/{hand}/fairness")),
            data(await browser.get(f"{SESSIONS}/{session}")),
            data(await browser.get(SESSIONS)),
            data(await browser.get("/api/ranked/progress")),
            data(await browser.post(f"/api/training/hands/{hand}/advance")),
            data(await browser.post(f"{SESSIONS}/{session}/hands")),
        ]
        answered = {one["decision_id"] for one in table["answers"]}
        assert table["decision_id"] not in answered
        for reply in replies:
            _check_nothing_hidden_is_told(reply)
        seeds = await db.scalars(text("SELECT encode(seed, 'hex') FROM training.seed"))
        finished = await db.scalars(text("SELECT payload->>'seed' FROM infra.event WHERE type = 'HandFinished'"))
        told, hidden = json.dumps(replies), set(seeds) - set(finished)
        assert not any(seed in told for seed in hidden)
        data(await act(browser, table, choose.choice(table["actions"])))
        table = await advance(browser, table)
        if table["status"] == "ended":
            table = data(await browser.post(f"{SESSIONS}/{session}/hands"))
        if table["status"] == "set_done":
            table = await start(browser)


def _check_nothing_hidden_is_told(reply: Any) -> None:
    """No key that speaks of a solution outside the answers given, and no villain's cards or seed in an open hand."""
    if isinstance(reply, dict):
        if "hand_id" in reply and "commitment" in reply:
            assert reply.get("result") is None
            assert reply.get("seed") is None
        for key, value in reply.items():
            assert key not in ("strategy", "frequency", "frequencies", "q", "ev", "die_pick", "grid", "villain_combo")
            if key != "answers":
                _check_nothing_hidden_is_told(value)
    elif isinstance(reply, list):
        for one in reply:
            _check_nothing_hidden_is_told(one)


async def test_cards_are_text_and_amounts_chips_with_the_big_blind(browser: Browser) -> None:
    table = await start(browser)
    assert len(table["hero_cards"]) == 4
    assert len(table["board"]) in (6, 8, 10)
    assert table["big_blind"] == 10
    assert isinstance(table["pot"], int)


async def test_other_peoples_sets_hands_and_decisions_are_not_found(
    browser: Browser, open_browser: OpenBrowser
) -> None:
    table = await start(browser)
    other = await open_browser()
    await start(other)
    session, hand, decision = table["session_id"], table["hand_id"], table["decision_id"]
    replies = [
        await other.get(f"{SESSIONS}/{session}"),
        await other.get(f"{SESSIONS}/{session}/decisions"),
        await other.get(f"/api/training/hands/{hand}"),
        await other.get(f"/api/training/hands/{hand}/fairness"),
        await other.post(f"{SESSIONS}/{session}/hands"),
        await other.call("PATCH", f"{SESSIONS}/{session}", {"status": "finished"}),
        await other.post(f"/api/training/hands/{hand}/advance"),
        await other.post(f"/api/training/decisions/{decision}/retries", {"action": table["actions"][0]}),
        await other.post(SESSIONS, {"drill": {"items": [decision]}}),
        await act(other, table),
    ]
    for reply in replies:
        problem(reply, 404)
    assert decision not in (await other.get(SESSIONS)).text
    assert data(await browser.get(f"/api/training/hands/{hand}")) == table


async def test_the_same_answer_again_is_the_same_and_another_is_a_conflict(browser: Browser) -> None:
    table = await start(browser)
    key = {"headers": {"Idempotency-Key": table["decision_id"]}}
    first = data(await act(browser, table, table["actions"][0], **key))
    assert data(await act(browser, table, table["actions"][0], **key)) == first
    assert problem(await act(browser, table, table["actions"][1], **key), 409)["type"] == "/problems/decision-answered"


async def test_a_key_that_is_not_the_decisions_is_refused(browser: Browser) -> None:
    table = await start(browser)
    refused = problem(await act(browser, table, headers={"Idempotency-Key": str(uuid4())}), 422)
    assert refused["errors"][0]["path"] == "Idempotency-Key"


async def test_an_unknown_action_is_refused_with_its_field(browser: Browser) -> None:
    table = await start(browser)
    refused = problem(await act(browser, table, "bet 1000000"), 422)
    assert refused["errors"][0]["path"] == "action"


async def test_a_decision_is_answered_in_its_own_set(browser: Browser) -> None:
    table = await start(browser)
    problem(await act(browser, table | {"session_id": str(uuid4())}), 404)


@pytest.mark.parametrize(
    "body",
    [
        {"mode": "poker"},
        {"mode": "ranked", "drill": {"items": [str(uuid4())]}},
        {"drill": {"items": []}},
        {"drill": {"items": ["x"]}},
        {"drill": {}},
        {"set_size": 3},
        [],
    ],
)
async def test_a_set_that_makes_no_sense_is_refused(member: Browser, body: Any) -> None:
    assert problem(await member.post(SESSIONS, body), 422)["errors"]


async def test_guests_are_told_that_ranked_sets_are_for_members(browser: Browser) -> None:
    assert problem(await browser.post(SESSIONS, {"mode": "ranked"}), 403)["type"] == "/problems/members-only"


async def test_trying_again_is_graded_and_not_counted(browser: Browser) -> None:
    table = await start(browser)
    given = data(await act(browser, table))
    path = f"/api/training/decisions/{table['decision_id']}/retries"
    again = data(await browser.post(path, {"action": table["actions"][1]}))
    assert again["action"] == table["actions"][1]
    assert data(await browser.get(f"{SESSIONS}/{table['session_id']}/decisions"))["items"] == [given]


async def test_a_guest_who_registers_keeps_the_hand(browser: Browser) -> None:
    table = await start(browser)
    assert (await browser.register("Bea")).status_code == 201
    assert data(await browser.get(f"{SESSIONS}/current")) == table


async def test_a_guest_who_signs_in_takes_the_hand_along(browser: Browser, open_browser: OpenBrowser) -> None:
    home = await open_browser()
    assert (await home.register("Cleo")).status_code == 201
    table = await start(browser)
    assert (await browser.sign_in("Cleo")).status_code == 200
    assert data(await home.get(f"{SESSIONS}/current")) == table


async def test_sets_are_listed_newest_first_page_by_page(browser: Browser) -> None:
    for _ in range(3):
        table = await start(browser)
        await browser.call("PATCH", f"{SESSIONS}/{table['session_id']}", {"status": "finished"})
    first = data(await browser.get(f"{SESSIONS}?limit=2"))
    second = data(await browser.get(f"{SESSIONS}?limit=2&cursor={first['next_cursor']}"))
    started = [one["started_at"] for one in first["items"] + second["items"]]
    assert (len(started), second["next_cursor"]) == (3, None)
    assert started == sorted(started, reverse=True)


async def test_without_a_session_nothing_is_dealt(open_browser: OpenBrowser) -> None:
    stranger = await open_browser()
    assert (await stranger.http.get(SESSIONS)).status_code == 401
