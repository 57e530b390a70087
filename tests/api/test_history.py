"""Reviews, history, themes and exports over REST."""

from __future__ import annotations

import base64
import csv
import io
import json
import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from pokerkit import HandHistory

from app.api import history as history_routes
from app.api import reviews as review_routes
from app.api import training as training_routes
from services.infra import clock
from services.reviews.service import ReviewService
from services.training.service import TrainingService
from tests.api.conftest import Browser, OpenBrowser
from tests.api.test_training import SESSIONS, act, advance, data, problem, start
from tests.services.training.doubles import HashedStrategies, library

DECISIONS = "/api/training/decisions"
REVIEWS = "/api/training/reviews"


@pytest.fixture(autouse=True)
def strategies(monkeypatch: pytest.MonkeyPatch) -> Iterator[HashedStrategies]:
    known = library()
    service = TrainingService(known, look_ahead=False)
    reviews = ReviewService(service)
    for module in (training_routes, history_routes):
        monkeypatch.setattr(module, "get_training", lambda: service)
    monkeypatch.setattr(review_routes, "get_reviews", lambda: reviews)
    return known


async def play_set(browser: Browser, seed: int = 1) -> Any:
    """A set of random actions, to its end."""
    choose = random.Random(seed)
    table = await start(browser)
    while table["status"] != "set_done":
        while table["status"] == "decision":
            data(await act(browser, table, choose.choice(table["actions"])))
            table = await advance(browser, table)
        if table["status"] == "ended":
            table = data(await browser.post(f"{SESSIONS}/{table['session_id']}/hands"))
    return table


async def pages(browser: Browser, address: str, **query: Any) -> list[Any]:
    """Every item of a list."""
    items: list[Any] = []
    cursor: str | None = None
    while True:
        more = {} if cursor is None else {"cursor": cursor}
        page = data(await browser.get(address, params={**query, **more}))
        items += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return items


async def test_decisions_come_page_by_page_the_newest_or_the_costliest_first(browser: Browser) -> None:
    table = await play_set(browser)
    newest = await pages(browser, DECISIONS, limit=7)
    assert [one["answered_at"] for one in newest] == sorted((one["answered_at"] for one in newest), reverse=True)
    costly = await pages(browser, DECISIONS, limit=7, order="loss")
    assert [one["loss_bb"] for one in costly] == sorted((one["loss_bb"] for one in costly), reverse=True)
    assert {one["decision_id"] for one in newest} == {one["decision_id"] for one in costly}
    answered = data(await browser.get(f"{SESSIONS}/{table['session_id']}"))["decisions"]
    assert len(newest) == len(costly) == answered >= 20


async def test_a_cursor_is_stable_while_somebody_plays_on(browser: Browser) -> None:
    await play_set(browser)
    before = await pages(browser, DECISIONS, limit=50)
    first = data(await browser.get(DECISIONS, params={"limit": 5}))
    data(await act(browser, await start(browser)))
    second = data(await browser.get(DECISIONS, params={"limit": 5, "cursor": first["next_cursor"]}))
    assert [one["decision_id"] for one in second["items"]] == [one["decision_id"] for one in before[5:10]]


@pytest.mark.parametrize("cursor", ["x", "bm90IGpzb24", "W10", "1" * 399])
async def test_what_is_no_cursor_is_refused(browser: Browser, cursor: str) -> None:
    await start(browser)
    for address in (DECISIONS, SESSIONS, f"{REVIEWS}/cards"):
        problem(await browser.get(address, params={"cursor": cursor}), 422)


async def test_a_cursor_of_another_order_is_refused(browser: Browser) -> None:
    await play_set(browser)
    cursor = data(await browser.get(DECISIONS, params={"limit": 1}))["next_cursor"]
    problem(await browser.get(DECISIONS, params={"cursor": cursor, "order": "loss"}), 422)


async def test_every_filter_keeps_what_fits_and_nothing_else(browser: Browser) -> None:
    await play_set(browser)
    every = await pages(browser, DECISIONS, limit=100)
    one = every[len(every) // 2]
    fits = {
        "street": lambda row: row["street"] == one["street"],
        "family": lambda row: row["family"] == one["family"],
        "pot_type": lambda row: row["pot_type"] == one["pot_type"],
        "texture": lambda row: row["texture"] == one["texture"],
        "situation": lambda row: row["situation"] == one["situation"],
        "hand_class": lambda row: row["hand_class"] == one["hand_class"],
        "session_id": lambda row: row["session_id"] == one["session_id"],
        "mode": lambda row: row["mode"] == one["mode"],
    }
    for name, keeps in fits.items():
        found = await pages(browser, DECISIONS, limit=100, **{name: one[name]})
        assert [row["decision_id"] for row in found] == [row["decision_id"] for row in every if keeps(row)], name
    found = await pages(browser, DECISIONS, limit=100, grade=["wrong", "blunder"], min_loss_bb=0.3)
    expected = [row for row in every if row["word"] in ("wrong", "blunder") and row["loss_bb"] >= 0.3]
    assert [row["decision_id"] for row in found] == [row["decision_id"] for row in expected]
    found = await pages(browser, DECISIONS, limit=100, since=one["answered_at"])
    assert one["decision_id"] in [row["decision_id"] for row in found]
    found = await pages(browser, DECISIONS, limit=100, until=one["answered_at"])
    assert one["decision_id"] not in [row["decision_id"] for row in found]
    problem(await browser.get(DECISIONS, params={"min_loss_bb": 2, "max_loss_bb": 1}), 422)
    problem(await browser.get(DECISIONS, params={"texture": "wet"}), 422)


async def test_open_sets_are_listed_apart_from_finished_ones(browser: Browser) -> None:
    finished = await play_set(browser)
    table = await start(browser)
    opened = await pages(browser, SESSIONS, status="open")
    assert [one["id"] for one in opened] == [table["session_id"]]
    ended = await pages(browser, SESSIONS, status="finished")
    assert [one["id"] for one in ended] == [finished["session_id"]]
    assert ended[0]["loss_bb"] > 0


async def test_a_set_is_exported_as_csv_json_and_phh(browser: Browser) -> None:
    table = await play_set(browser)
    address = f"{SESSIONS}/{table['session_id']}/export"
    summary = data(await browser.get(f"{SESSIONS}/{table['session_id']}"))

    answer = await browser.get(address, params={"format": "csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == summary["decisions"]
    assert sum(float(row["loss_bb"]) for row in rows) == pytest.approx(summary["ev_loss_bb"])

    whole = json.loads((await browser.get(address, params={"format": "json"})).text)
    assert whole["summary"]["session_id"] == table["session_id"]
    assert sum(len(hand["answers"]) for hand in whole["hands"]) == summary["decisions"]

    parsed = list(HandHistory.loads_all((await browser.get(address, params={"format": "phh"})).text))
    assert len(parsed) == len(whole["hands"])
    for history, hand in zip(parsed, whole["hands"], strict=True):
        *_, state = history
        board = "".join(repr(card) for cards in state.board_cards for card in cards)
        assert board == hand["board"] or hand["result"]["kind"] == "fold"
        won = state.stacks[hand["hero"]] - history.starting_stacks[hand["hero"]]
        # the ante stands for chips that were in the pot before hero's first decision: they are no loss of the hand
        assert float(won) + hand_ante(history) == pytest.approx(hand["result"]["net"], abs=1)


def hand_ante(history: HandHistory) -> float:
    return float(history.antes[0])


async def test_nobody_exports_the_hands_of_others(browser: Browser, open_browser: OpenBrowser) -> None:
    table = await start(browser)
    other = await open_browser()
    await start(other)
    problem(await other.get(f"{SESSIONS}/{table['session_id']}/export"), 404)
    problem(await other.get(f"/api/training/hands/{table['hand_id']}/export"), 404)


async def test_an_open_hands_export_says_nothing_of_villains_cards(browser: Browser) -> None:
    table = await start(browser)
    answer = await browser.get(f"/api/training/hands/{table['hand_id']}/export")
    assert f"d dh p{2 - table['hero']} ????" in answer.text
    assert len(list(HandHistory.loads(answer.text))) > 1


async def test_themes_say_what_each_node_type_costs_and_can_be_drilled(browser: Browser) -> None:
    await play_set(browser)
    themes = data(await browser.get("/api/training/themes"))["items"]
    every = await pages(browser, DECISIONS, limit=100)
    assert sum(theme["decisions"] for theme in themes) == len(every)
    assert [one["loss_per_100_bb"] for one in themes] == sorted(
        (one["loss_per_100_bb"] for one in themes), reverse=True
    )
    assert all(theme["interval"] is None for theme in themes if theme["decisions"] < 100)
    table = data(await browser.post(f"/api/training/themes/{themes[0]['node']}/sessions"), 201)
    data(await act(browser, table))
    newest = data(await browser.get(DECISIONS, params={"limit": 1}))["items"][0]
    assert f"{('flop', 'turn', 'river')[newest['street']]}.{newest['situation']}" == themes[0]["node"]
    problem(await browser.post("/api/training/themes/preflop.first/sessions"), 404)


async def test_a_mistake_is_due_on_the_next_day_and_its_review_moves_it_on(
    browser: Browser, strategies: HashedStrategies
) -> None:
    await play_set(browser)
    assert data(await browser.get(REVIEWS))["due"] == 0
    problem(await browser.post(REVIEWS), 409)
    with clock.travel(timedelta(days=1)):
        data(await browser.post("/api/auth/refresh"))
        waiting = data(await browser.get(REVIEWS, params={"limit": 2}))
        assert waiting["due"] > 2
        assert len(waiting["items"]) == 2
        assert waiting["forecast"][0] == waiting["due"]
        table = data(await browser.post(REVIEWS), 201)
        assert data(await browser.get(REVIEWS))["session_id"] == table["session_id"]
        for _ in range(3):
            data(await act(browser, table))
            table = await advance(browser, table)
            table = data(await browser.post(f"{SESSIONS}/{table['session_id']}/hands"))
        family = waiting["items"][0]["family"]
        card = data(await browser.get(f"{REVIEWS}/cards/{family}"))
        assert card["history"][0]["kind"] in ("passed", "failed", "unsure")
        assert card["history"][-1]["kind"] == "missed"
        assert card["due_on"] > waiting["today"]


async def test_a_card_is_suspended_and_resumed(browser: Browser) -> None:
    cards: list[Any] = []
    while len(cards) <= 3:  # how many mistakes a set has is chance
        await play_set(browser)
        cards = await pages(browser, f"{REVIEWS}/cards", limit=3)
    assert len({card["family"] for card in cards}) == len(cards)
    address = f"{REVIEWS}/cards/{cards[0]['family']}"
    assert data(await browser.call("PATCH", address, {"suspended": True}))["suspended"] is True
    with clock.travel(timedelta(days=1)):
        data(await browser.post("/api/auth/refresh"))
        assert data(await browser.get(REVIEWS))["due"] == len(cards) - 1
    assert data(await browser.call("PATCH", address, {"suspended": False}))["suspended"] is False
    problem(await browser.call("PATCH", f"{REVIEWS}/cards/no.such.family", {"suspended": True}), 404)


async def test_the_time_zone_is_the_players_own_choice(browser: Browser) -> None:
    await start(browser)
    data(await browser.call("PUT", "/api/training/time-zone", {"zone": "Pacific/Auckland"}))
    assert data(await browser.get(REVIEWS))["time_zone"] == "Pacific/Auckland"
    problem(await browser.call("PUT", "/api/training/time-zone", {"zone": "Nowhere/Land"}), 422)


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "12", "-7.3e-169"])
async def test_moments_at_the_ends_of_the_calendar_are_refused(browser: Browser, moment: str) -> None:
    await start(browser)
    for address, query in ((DECISIONS, "since"), (DECISIONS, "until"), ("/api/training/themes", "since")):
        problem(await browser.get(address, params={query: moment}), 422)
    key = json.dumps(["newest", moment, "00000000-0000-0000-0000-000000000000"])
    cursor = base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")
    problem(await browser.get(DECISIONS, params={"cursor": cursor}), 422)
