"""Drills over REST: plans, drills that are kept, links, sets that obey their plan, whole ranges."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from app.api import drills, training
from services.training.ranges import RangeTraining
from services.training.service import TrainingService
from tests.api.conftest import Browser, OpenBrowser
from tests.services.training.doubles import HashedStrategies, library

DRILLS = "/api/training/drills"
SESSIONS = "/api/training/sessions"
RANGES = "/api/training/ranges"


@pytest.fixture(autouse=True)
def strategies(monkeypatch: pytest.MonkeyPatch) -> HashedStrategies:
    known = library()
    service, ranges = TrainingService(known, look_ahead=False), RangeTraining(known)
    monkeypatch.setattr(training, "get_training", lambda: service)
    monkeypatch.setattr(drills, "get_range_training", lambda: ranges)
    monkeypatch.setattr(drills, "get_strategies", lambda: known)
    return known


def data(response: httpx.Response, status: int = 200) -> Any:
    assert response.status_code == status, response.text
    return response.json()["data"]


async def test_presets_can_be_started_as_they_are(browser: Browser) -> None:
    presets = data(await browser.get(f"{DRILLS}/presets"))["items"]
    assert len(presets) >= 8
    plan = next(one["plan"] for one in presets if one["key"] == "rivers")
    table = data(await browser.post(SESSIONS, {"drill": {"plan": plan}}), 201)
    assert (table["street"], table["drill"], table["plan"]["mode"]) == (2, True, "street")


async def test_what_fits_a_plan_is_counted_and_an_empty_one_explained(browser: Browser) -> None:
    found = data(await browser.post(f"{DRILLS}/matches", {"plan": {"street": 2}}))
    assert found == {"spots": 3, "boards": 3, "field": "", "problem": ""}
    nothing = data(await browser.post(f"{DRILLS}/matches", {"plan": {"suits": ["monotone"]}}))
    assert (nothing["spots"], nothing["field"]) == (0, "suits")
    assert "monotone" in nothing["problem"]
    refused = await browser.post(SESSIONS, {"drill": {"plan": {"suits": ["monotone"]}}})
    assert refused.status_code == 422
    assert refused.json()["data"]["problem"]["errors"][0]["path"] == "drill.suits"


@pytest.mark.parametrize(
    "plan",
    [
        {"villain": {"kind": "calls"}},
        {"count": 0},
        {"hands": ["AKx"]},
        {"version": 7},
        {"colour": "red"},
        {"timebank": "soon"},
        {"mode": "range", "count": 50},
    ],
)
async def test_a_wrong_plan_is_a_422_with_its_field(browser: Browser, plan: dict[str, Any]) -> None:
    refused = await browser.post(SESSIONS, {"drill": {"plan": plan}})
    assert refused.status_code == 422
    assert "plan" in refused.json()["data"]["problem"]["errors"][0]["path"]


async def test_a_drill_is_kept_changed_linked_and_forgotten(browser: Browser, open_browser: OpenBrowser) -> None:
    kept = data(await browser.post(DRILLS, {"plan": {"name": "Rivers", "mode": "spot", "street": 2}}), 201)
    assert (await browser.post(DRILLS, {"plan": {"name": "Rivers"}})).status_code == 409
    assert (await browser.post(DRILLS, {"plan": {}})).status_code == 422
    assert [one["id"] for one in data(await browser.get(DRILLS))["items"]] == [kept["id"]]
    place = f"{DRILLS}/{kept['id']}"
    changed = data(await browser.call("PUT", place, {"plan": {"name": "Turns", "street": 1}}))
    assert (changed["name"], changed["plan"]["street"]) == ("Turns", 1)
    other = await open_browser("192.0.2.9")
    shared = data(await other.get(f"{DRILLS}/links/{changed['link']}"))
    assert shared["plan"] == changed["plan"]
    assert (await other.get(place)).status_code in (401, 404)
    assert (await other.get(f"{DRILLS}/links/nonsense")).status_code == 422
    data(await browser.call("DELETE", place))
    assert (await browser.get(place)).status_code == 404


async def test_grouped_sizes_are_answered_by_the_groups_name(browser: Browser) -> None:
    plan = {"mode": "spot", "street": 2, "sizes": "action", "seat": "oop", "die": False}
    for _ in range(40):  # some decisions face an all-in and have no size to group
        table = data(await browser.post(SESSIONS, {"drill": {"plan": plan}}), 201)
        if table["actions"][-1] in ("bet", "raise"):
            break
    assert table["die"] == 0
    body = {"decision_id": table["decision_id"], "action": table["actions"][-1]}
    answers = f"{SESSIONS}/{table['session_id']}/decisions"
    answer = data(await browser.post(answers, body))
    assert answer["chose"] == table["actions"][-1]
    assert answer["action"] != answer["chose"]
    assert data(await browser.post(answers, body)) == answer
    assert (await browser.post(answers, {**body, "action": table["actions"][0]})).status_code == 409


async def test_a_range_is_painted_graded_once_and_followed_by_the_next(browser: Browser) -> None:
    table = data(await browser.post(RANGES, {"plan": {"mode": "range", "street": 2, "count": 2}}), 201)
    assert table["graded"] is None
    assert data(await browser.get(f"{RANGES}/current")) == table
    place = f"{RANGES}/{table['range_id']}/choices"
    choices = dict.fromkeys(table["weights"], table["actions"][0])
    first, *_ = choices
    unfinished = {name: action for name, action in choices.items() if name != first}
    assert (await browser.call("PUT", place, {"choices": unfinished})).status_code == 422
    graded = data(await browser.call("PUT", place, {"choices": choices}))
    assert graded["status"] == "graded"
    assert set(graded["graded"]["words"]) == set(choices)
    assert graded["graded"]["ev_loss_bb"] >= graded["graded"]["unavoidable_bb"] >= 0
    assert data(await browser.call("PUT", place, {"choices": choices})) == graded
    assert (await browser.call("PUT", place, {"choices": choices | {first: table["actions"][1]}})).status_code == 409
    second = data(await browser.post(f"{SESSIONS}/{table['session_id']}/ranges"))
    assert second["number"] == 2
    other = await browser.post(f"{SESSIONS}/{table['session_id']}/hands")
    assert (other.status_code, other.json()["data"]["problem"]["type"]) == (409, "/problems/other-mode")


async def test_a_range_is_not_played_and_a_hand_is_not_painted(browser: Browser) -> None:
    assert (await browser.post(SESSIONS, {"drill": {"plan": {"mode": "range", "count": 2}}})).status_code == 422
    assert (await browser.post(RANGES, {"plan": {"mode": "spot"}})).status_code == 422


async def test_two_tables_are_resumed_by_their_place(browser: Browser) -> None:
    plan = {"mode": "spot", "tables": 2, "count": 4}
    first = data(await browser.post(SESSIONS, {"drill": {"plan": plan}}), 201)
    second = data(await browser.get(f"{SESSIONS}/current?place=2"))
    assert first["session_id"] != second["session_id"]
    assert (first["set_size"], second["set_size"]) == (2, 2)
