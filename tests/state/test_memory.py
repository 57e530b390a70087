"""Handlers of review, history, replay and dashboard as a browser calls them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.accounts import sessions
from services.accounts.sessions import Role
from services.infra.clock import new_id
from services.reviews.service import Due, ReviewService
from services.training.history import ThemeView
from services.training.service import TrainingService
from state import history, reviews, training
from state.families import family_words, node_words
from state.history import DashboardState, HistoryState, ReplayState, Wanted, filter_of
from state.history_views import theme_lines
from state.reviews import ReviewState, day_words, forecast_view, waiting_view
from state.training import TrainingState
from tests.services.training.doubles import library
from tests.state.conftest import ROOT, Server, Tab, add_state

for one in (TrainingState, ReviewState, HistoryState, ReplayState, DashboardState):
    add_state(one)

TABLE = f"{ROOT}.state___training____training_state"
REVIEW = f"{ROOT}.state___reviews____review_state"
PAST = f"{ROOT}.state___history____history_state"
DASHBOARD = f"{ROOT}.state___history____dashboard_state"


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> TrainingService:
    made = TrainingService(library(), look_ahead=False)
    own = ReviewService(made)
    for module in (training, history):
        monkeypatch.setattr(module, "get_training", lambda: made)
    for module in (reviews, history):
        monkeypatch.setattr(module, "get_reviews", lambda: own)
    return made


@pytest.fixture
def open_tab(server: Server, committed: AsyncEngine, service: TrainingService) -> Callable[[], Any]:
    async def opened() -> Tab:
        return server.tab(await sessions.start(new_id(), Role.GUEST, ""))

    return opened


async def play(tab: Tab, answers: int) -> None:
    shown = await tab.send(f"{TABLE}.play", {})
    for _ in range(answers):
        while shown["phase"] != "decision":
            handler = "advance" if shown["phase"] == "paused" else "next_hand"
            shown |= await tab.send(f"{TABLE}.{handler}", {})
        asked = shown["table"]
        payload = {"decision_id": asked.decision_id, "action": asked.actions[-1].action}
        shown |= await tab.send(f"{TABLE}.act", payload)


async def test_the_history_shows_what_was_played_and_filters_it(open_tab: Callable[[], Any]) -> None:
    tab = await open_tab()
    await play(tab, 4)
    shown = await tab.send(f"{PAST}.load", {})
    assert shown["status"] == "ready"
    assert len(shown["decisions"]) == 4
    assert len(shown["open_sets"]) == 1
    streets = {line.title.split(",")[0] for line in shown["decisions"]}
    name = streets.pop()
    chosen = str(("Flop", "Turn", "River").index(name))
    shown |= await tab.send(f"{PAST}.choose", {"name": "street", "value": chosen})
    assert {line.title.split(",")[0] for line in shown["decisions"]} == {name}


async def test_a_list_of_the_past_does_not_grow_without_end(
    open_tab: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It lies with the tab and is sent whole with each change, and anybody may ask for more as often as they like."""
    tab = await open_tab()
    await play(tab, 4)
    shown = await tab.send(f"{PAST}.load", {})
    for _ in range(3):
        shown |= await tab.send(f"{PAST}.show_more", {})
    assert len({line.id for line in shown["decisions"]}) == len(shown["decisions"]) == 4
    monkeypatch.setattr(history, "PAGE", 1)
    monkeypatch.setattr(history, "MOST_SHOWN", 2)
    shown |= await tab.send(f"{PAST}.load", {})
    for _ in range(3):
        shown |= await tab.send(f"{PAST}.show_more", {})
    assert len(shown["decisions"]) == 2
    assert not shown["more"]


async def test_the_history_is_worded_in_the_unit_that_the_browser_remembers(open_tab: Callable[[], Any]) -> None:
    tab = await open_tab()
    await play(tab, 3)
    before = (await tab.send(f"{PAST}.load", {}))["decisions"]
    assert all("chips" not in line.loss for line in before)
    shown = await tab.send(f"{PAST}.choose_unit", {"unit": "chips"})
    assert shown["unit"] == "chips"
    assert [line.id for line in shown["decisions"]] == [line.id for line in before]
    assert all(" chips (" in line.loss for line in shown["decisions"])
    again = await tab.send(f"{PAST}.load", {})
    assert again["decisions"] == shown["decisions"]
    assert "unit" not in await tab.send(f"{PAST}.choose_unit", {"unit": "euros"})


async def test_another_players_history_is_empty(open_tab: Callable[[], Any]) -> None:
    await play(await open_tab(), 2)
    shown = await (await open_tab()).send(f"{PAST}.load", {})
    assert shown.get("decisions", ()) == ()


async def test_a_review_of_nothing_says_so(open_tab: Callable[[], Any]) -> None:
    tab = await open_tab()
    shown = await tab.send(f"{REVIEW}.load", {})
    assert shown["waiting"].title == "Nothing due"
    shown = await tab.send(f"{REVIEW}.begin", {})
    assert shown["error"] == "nothing is due today"


async def test_the_dashboard_counts_every_decision_once(open_tab: Callable[[], Any]) -> None:
    tab = await open_tab()
    await play(tab, 5)
    shown = await tab.send(f"{DASHBOARD}.load", {})
    assert shown["decisions"] == 5
    assert sum(int(theme.decisions) for theme in shown["themes"]) == 5


def test_what_is_no_choice_of_the_form_filters_nothing() -> None:
    wanted = filter_of(Wanted(grade="x", street="9", texture="wet", since="then", loss="much"), "")
    assert (wanted.grades, wanted.street, wanted.texture, wanted.since) == ((), None, None, None)
    assert filter_of(Wanted(family="BTN vs BB SRP"), "").family == "BTN vs BB"
    assert filter_of(Wanted(family="BTN vs BB SRP"), "").pot_type == "SRP"


def due(*, now: int, coming: tuple[int, ...] = (), cards: int = 0) -> Due:
    forecast = (now, *coming, *[0] * (13 - len(coming)))
    today, morning = date(2026, 11, 23), datetime(2026, 11, 24, 4, tzinfo=UTC)
    return Due(today, "UTC", False, now, cards, 0, forecast, None, morning)


def test_the_head_of_the_page_says_what_waits() -> None:
    assert waiting_view(due(now=12, cards=12)).title == "12 due"
    assert waiting_view(due(now=12, cards=12)).begin == "Start the review"
    assert waiting_view(due(now=0, coming=(0, 3), cards=3)).words == "3 come back in 2 days."
    assert waiting_view(due(now=0, coming=(1,), cards=1)).words == "1 comes back tomorrow."
    assert "become cards" in waiting_view(due(now=0)).words


def test_days_are_said_as_people_say_them() -> None:
    today = date(2026, 11, 23)
    days = [date(2026, 11, day) for day in (20, 22, 23, 24, 26)]
    assert [day_words(day, today) for day in days] == ["3 days late", "1 day late", "today", "tomorrow", "in 3 days"]


def test_the_forecast_is_on_the_scale_of_its_fullest_day() -> None:
    bars = forecast_view(due(now=2, coming=(4,), cards=6))
    assert [bar.height for bar in bars[:3]] == [50.0, 100.0, 0.0]
    assert bars[0].name == "Monday 23 November"


def test_families_are_said_in_words() -> None:
    assert node_words("turn.facing-bet") == "Turn, facing a bet"
    assert family_words("river.first.paired.air") == ("River, first to act", "paired flop, nothing yet")
    assert family_words("nonsense") == ("nonsense", "")


def test_a_theme_without_a_mistake_says_at_most_how_many_there_are() -> None:
    theme = ThemeView("flop.first", 0, "first", 60, 60, 0, 1.25, None, 91.0, 5.0)
    (line,) = theme_lines([theme])
    assert line.errors == "nothing wrong so far: at most 5%"
    assert (line.loss, line.interval, line.measured) == ("1.3", "from 100 decisions on", False)
