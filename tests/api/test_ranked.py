"""Ranked sets over REST: the promise, the proof, and every door of a board that is kept."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from services.infra import clock
from services.infra.settings import get_settings
from services.ratings.periods import period_of
from services.solutions import reservations
from services.solutions.catalog import SolutionInfo
from services.solutions.service import get_strategies
from services.training.service import get_training
from solver.cards import cards_to_text, parse_cards
from solver.isomorphism import map_card
from solver.spot import spot_to_json
from tests.api.conftest import Browser, OpenBrowser, code_of
from tests.api.test_personal_tokens import call as script
from tests.api.test_personal_tokens import make

WEEK, DAY = (period_of(kind, clock.now()).name for kind in ("weekly", "daily"))


@pytest.fixture
async def sets(db: AsyncSession, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """The running sets, drawn from the shipped library."""
    monkeypatch.setenv("MIXLINE_WEEKLY_ITEMS", "6")
    get_settings.cache_clear()
    await get_training().ranked.prepare()
    yield
    monkeypatch.undo()
    get_settings.cache_clear()


@pytest.fixture
async def kept(sets: None, db: AsyncSession) -> list[SolutionInfo]:
    """The entries of the library that are kept now."""
    boards = await reservations.kept(db)
    return [info for info in await get_strategies().list() if boards.holds(info.board)]


async def test_a_set_shows_its_fingerprint_at_once_and_its_seed_after_the_close(sets: None, browser: Browser) -> None:
    listed = (await browser.get("/api/ranked/sets")).json()["data"]["items"]
    assert {WEEK, DAY} <= {one["set_id"] for one in listed}
    assert all(one["seed"] is None and len(one["commitment"]) == 64 for one in listed)
    before = (await browser.get(f"/api/ranked/sets/{WEEK}")).json()["data"]
    assert (before["seed"], before["pool"], before["spots"]) == (None, [], [])
    assert (await browser.get(f"/api/ranked/sets/{WEEK}/verification")).status_code == 409
    with clock.travel(timedelta(days=8)):
        after = (await browser.get(f"/api/ranked/sets/{WEEK}")).json()["data"]
        found = (await browser.get(f"/api/ranked/sets/{WEEK}/verification")).json()["data"]
    document = {"set": WEEK, **{name: after[name] for name in ("seed", "pool", "spots")}}
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(canonical.encode()).hexdigest() == before["commitment"]
    assert len(after["spots"]) == 6
    assert (found["fingerprint"], found["drawn"], found["differences"]) == (True, True, [])


async def test_lists_go_on_at_their_cursor(sets: None, browser: Browser) -> None:
    first = (await browser.get("/api/ranked/sets?limit=1")).json()["data"]
    second = (await browser.get(f"/api/ranked/sets?limit=1&cursor={first['next_cursor']}")).json()["data"]
    assert first["items"][0]["set_id"] != second["items"][0]["set_id"]
    only = (await browser.get("/api/ranked/sets?kind=daily")).json()["data"]["items"]
    assert {one["kind"] for one in only} == {"daily"}


@pytest.mark.parametrize("path", ["/api/ranked/sets/2020-W01", "/api/ranked/sets/x/verification"])
async def test_an_unknown_set_is_not_found(browser: Browser, path: str) -> None:
    assert (await browser.get(path)).status_code == 404


@pytest.mark.parametrize("mode", ["ranked", "daily"])
async def test_guests_are_sent_to_make_an_account(sets: None, browser: Browser, mode: str) -> None:
    answer = await browser.post("/api/training/sessions", {"mode": mode})
    assert (answer.status_code, code_of(answer)) == (403, "members-only")


async def test_scripts_do_not_play_what_counts_on_a_board(
    sets: None, member: Browser, open_browser: OpenBrowser
) -> None:
    elsewhere = await open_browser()
    token = (await make(member, "read", "train"))["token"]
    table = (await member.post("/api/training/sessions", {"mode": "daily"})).json()["data"]
    own = f"/api/training/sessions/{table['session_id']}"
    answer = {"decision_id": table["decision_id"], "action": table["actions"][0]}
    for path, body in (
        ("/api/training/sessions", {"mode": "daily"}),
        ("/api/training/sessions", {"mode": "ranked"}),
        (f"{own}/decisions", answer),
        (f"{own}/hands", None),
    ):
        refused = await script(elsewhere, token, "POST", path, json=body)
        assert (refused.status_code, code_of(refused)) == (403, "not-by-token")
    assert (await script(elsewhere, token, "GET", own)).status_code == 200
    assert (await script(elsewhere, token, "POST", "/api/training/sessions", json={"mode": "hands"})).status_code == 201
    assert (await member.post(f"{own}/decisions", answer)).status_code == 200


def renamed(spot: dict[str, Any]) -> dict[str, Any]:
    """The spot with its suits renamed: clubs to diamonds, diamonds to hearts, ..."""
    board = cards_to_text([map_card((1, 2, 3, 0), card) for card in parse_cards(spot["board"])])
    return spot | {"board": board}


async def refused(browser: Browser, method: str, path: str, body: Any = None) -> bool:
    answer = await browser.call(method, path, body)
    problem = answer.json()["data"]["problem"] if answer.status_code == 403 else {}
    return problem.get("type", "").endswith("board-kept") and "kept for" in problem["detail"] and "UTC" in str(problem)


async def test_no_door_opens_a_kept_board(kept: list[SolutionInfo], member: Browser) -> None:
    listed = {one["id"] for one in (await member.get("/api/spots")).json()["data"]["items"]}
    everything = await get_strategies().list()
    assert kept
    assert listed == {str(info.id) for info in everything} - {str(info.id) for info in kept}
    for info in kept:
        spot = spot_to_json(await get_strategies().spot(info.id))
        narrower = {**spot, "ranges": {"oop": "AA,KK,QQ", "ip": "AA,KK,QQ"}, "pot": 100}
        assert await refused(member, "GET", f"/api/spots/{info.id}")
        assert await refused(member, "GET", f"/api/solutions/{info.id}")
        assert await refused(member, "GET", f"/api/solutions/{info.id}?node=")
        assert await refused(member, "GET", f"/api/solutions/{info.id}/subgame?line=check/check/deal 2c")
        assert await refused(member, "POST", "/api/training/sessions", {"drill": {"solution_id": str(info.id)}})
        for asked in (spot, renamed(spot), narrower):
            assert await refused(member, "POST", "/api/solves", {"spot": asked})


async def test_doors_of_other_boards_stay_open(kept: list[SolutionInfo], member: Browser) -> None:
    free = next(info for info in await get_strategies().list() if info not in kept and info.street == 2)
    assert (await member.get(f"/api/spots/{free.id}")).status_code == 200
    node = (await member.get(f"/api/solutions/{free.id}?node=")).json()["data"]["node"]
    assert node["hands"]


@pytest.mark.parametrize("mode", ["ranked", "daily"])
async def test_a_ranked_table_and_its_answers_give_nothing_of_the_solution(
    sets: None, member: Browser, mode: str
) -> None:
    table = (await member.post("/api/training/sessions", {"mode": mode})).json()["data"]
    assert table["solution_id"] is None
    assert table["kept_until"] is not None
    body = {"decision_id": table["decision_id"], "action": table["actions"][-1]}
    session = f"/api/training/sessions/{table['session_id']}"
    given = (await member.post(f"{session}/decisions", body)).json()["data"]
    listed = (await member.get(f"{session}/decisions")).json()["data"]["items"][0]
    advanced = (await member.post(f"/api/training/hands/{table['hand_id']}/advance")).json()["data"]["answers"][0]
    for one in (given, listed, advanced):
        assert one["grade"]["word"]
        assert (one["rows"], one["die_pick"], one["grid"]["data"]) == ([], "", "")
        assert "kept for" in one["withheld"]
    assert await refused(member, "POST", f"/api/training/decisions/{table['decision_id']}/retries", {"action": "check"})
    drill = {"drill": {"items": [table["decision_id"]]}}
    assert await refused(member, "POST", "/api/training/sessions", drill)
    fairness = (await member.get(f"/api/training/hands/{table['hand_id']}/fairness")).json()["data"]
    assert (fairness["seed"], len(fairness["commitment"])) == (None, 64)


async def test_the_copy_of_an_account_gives_nothing_of_the_solution_either(sets: None, member: Browser) -> None:
    table = (await member.post("/api/training/sessions", {"mode": "ranked"})).json()["data"]
    body = {"decision_id": table["decision_id"], "action": table["actions"][-1]}
    await member.post(f"/api/training/sessions/{table['session_id']}/decisions", body)
    answer = await member.get("/api/users/me/export")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        found = json.loads(archive.read("events.json"))
    (graded,) = [one["payload"] for one in found if one["type"] == "DecisionGraded"]
    assert graded["action"] == table["actions"][-1]
    assert (graded["rows"], graded["grid"], graded["best_action"], graded["die_pick"]) == ([], "", "", "")


async def test_the_fair_play_report_is_for_administrators(sets: None, member: Browser) -> None:
    assert (await member.get(f"/api/admin/fair-play?set_id={WEEK}")).status_code == 403


@pytest.mark.parametrize(("mode", "kind", "items"), [("ranked", "weekly", 6), ("daily", "daily", 10)])
async def test_progress_says_where_the_caller_is(sets: None, member: Browser, mode: str, kind: str, items: int) -> None:
    before = (await member.get(f"/api/ranked/progress?kind={kind}")).json()["data"]
    assert (before["set_id"], before["items"]) == ({"weekly": WEEK, "daily": DAY}[kind], items)
    assert (before["dealt"], before["answered"], before["ready"]) == (0, 0, True)
    table = (await member.post("/api/training/sessions", {"mode": mode})).json()["data"]
    assert table["deadline"] is not None
    body = {"decision_id": table["decision_id"], "action": table["actions"][0]}
    path = f"/api/training/sessions/{table['session_id']}/decisions"
    first, second = await member.post(path, body), await member.post(path, body)
    assert first.json()["data"] == second.json()["data"]
    after = (await member.get(f"/api/ranked/progress?kind={kind}")).json()["data"]
    assert (after["dealt"], after["answered"], after["finished"]) == (1, 1, False)


async def test_a_flop_that_becomes_a_kept_one_by_its_next_card_is_refused_there(
    db: AsyncSession, member: Browser
) -> None:
    info = next(one for one in await get_strategies().list() if one.street == 0)
    card = next(one for one in range(52) if one >> 2 not in {card >> 2 for card in info.board})
    now = clock.now()
    kept_flop = (info.board[0], info.board[1], card)
    await reservations.keep(db, "2020-W01", [kept_flop], "a test", now - timedelta(hours=1), now + timedelta(hours=1))
    deal, other = (f"check/check/deal {cards_to_text([one])}" for one in (card, _other(info.board, kept_flop)))
    assert await refused(member, "GET", f"/api/solutions/{info.id}?node={deal}")
    assert await refused(member, "GET", f"/api/solutions/{info.id}/subgame?line={deal}")
    assert (await member.get(f"/api/solutions/{info.id}?node={other}")).status_code == 200
    assert (await member.get(f"/api/solutions/{info.id}?node=")).status_code == 200


def _other(board: tuple[int, ...], kept_flop: tuple[int, ...]) -> int:
    """A turn that completes nothing."""
    free = (one for one in range(52) if one not in board)
    return next(one for one in free if not reservations.overlap((*board, one), kept_flop))
