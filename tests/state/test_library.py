"""The library's page as a browser calls it, and what it says of every stage of growth."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.accounts import sessions
from services.accounts.sessions import Role
from services.infra import activity
from services.infra.clock import new_id
from services.infra.errors import Unavailable
from services.infra.settings import get_settings
from services.solutions import growth
from services.solutions.growth import FamilyGrowth, Growth, Solving
from services.solutions.starter import FAMILIES, FOUR_BET, SRP, STANDARD, Entry
from state import library
from state.guard import comes_by_itself
from state.library import LibraryState, family_lines, growth_view, later
from tests.state.conftest import ROOT, Server, Tab, add_state

LIBRARY = f"{ROOT}.state___library____library_state"
BASE = Growth((FamilyGrowth(SRP, 3, 49), FamilyGrowth(FOUR_BET, 4, 49)))
ONE = Solving(Entry(FOUR_BET, "AsKd7h"), 120, 0.81, 0.24, 0.36)

add_state(LibraryState)


@pytest.fixture
async def tab(server: Server, committed: AsyncEngine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """A guest's tab at a server with what ships."""
    del committed
    monkeypatch.setattr(growth, "grown_folder", lambda: tmp_path)
    monkeypatch.setenv("MIXLINE_LIBRARY_FLOPS", "12")
    get_settings.cache_clear()
    yield server.tab(await sessions.start(new_id(), Role.GUEST, ""))
    get_settings.cache_clear()


async def call(tab: Tab, handler: str, **payload: Any) -> dict[str, Any]:
    return await tab.send(f"{LIBRARY}.{handler}", payload)


async def test_every_family_is_shown_with_its_flops_and_its_boards_can_be_opened(tab: Tab) -> None:
    shown = await call(tab, "load")
    assert shown["status"] == "ready"
    assert [one.key for one in shown["families"]] == [key for key, one in FAMILIES.items() if one.depth == STANDARD]
    assert shown["families"][0].count.startswith("4 of ")
    assert shown["chosen"] == "BTN_vs_BB_SRP"
    assert all(one.href.startswith("/solutions/") for one in shown["boards"])
    flops = [one for one in shown["boards"] if len(one.cards) == 3]
    assert len(flops) == 4

    shown = await call(tab, "choose", key="SB_vs_BB_SRP")
    assert len(shown["boards"]) == 4
    assert shown["chosen_name"] == "SB vs BB, single-raised pot"


async def test_an_unknown_family_shows_the_first_one(tab: Tab) -> None:
    await call(tab, "load")
    shown = await call(tab, "choose", key="nonsense")
    assert shown["chosen"] == "BTN_vs_BB_SRP"


async def test_a_library_that_cannot_be_read_says_so_and_keeps_what_was_shown(
    tab: Tab, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away() -> Growth:
        raise Unavailable("the database does not answer")

    there = library.growth
    monkeypatch.setattr(library, "growth", away)
    shown = await call(tab, "load")
    assert (shown["status"], shown["error"]) == ("failed", "the database does not answer")
    monkeypatch.setattr(library, "growth", there)
    assert (await call(tab, "load"))["status"] == "ready"
    monkeypatch.setattr(library, "growth", away)
    shown = await call(tab, "refresh")
    assert shown["status"] == "ready"


async def test_a_page_that_looks_again_by_itself_is_nobody_who_plays(tab: Tab, monkeypatch: pytest.MonkeyPatch) -> None:
    await call(tab, "load")
    monkeypatch.setattr(activity, "_last", 1.0)
    await call(tab, "refresh")
    assert activity._last == 1.0
    await call(tab, "load")
    assert activity._last > 1.0


def test_an_unknown_event_is_somebody() -> None:
    assert not comes_by_itself("no such event")


def test_another_depth_is_listed_once_something_of_it_is_solved() -> None:
    deep = [family for family in FAMILIES.values() if family.depth == 200]
    begun = Growth((FamilyGrowth(SRP, 3, 49), *(FamilyGrowth(one, 0, 10) for one in deep)))
    assert [line.key for line in family_lines(begun)] == [SRP.key]
    assert later(begun) == "After them 40 flops with 200 bb."
    grown = Growth((FamilyGrowth(SRP, 3, 49), *(FamilyGrowth(one, 1, 10) for one in deep)))
    assert [line.pot for line in family_lines(grown)][1] == "single-raised pot, 200 bb"
    assert later(grown) == ""


def test_a_solve_is_shown_with_its_board_its_way_and_its_goal() -> None:
    view = growth_view(replace(BASE, solving=ONE))
    assert (view.status, view.cards, view.percent) == ("solving", ("As", "Kd", "7h"), 36)
    assert view.family == "BTN vs BB, 4-bet pot"
    assert view.detail == "0.81% of pot after 120 iterations, goal 0.24%."


def test_a_halted_solve_says_when_it_goes_on() -> None:
    view = growth_view(replace(BASE, solving=ONE, paused=True, quiet_in_s=200))
    assert (view.status, view.title) == ("paused", "Paused while somebody is here")
    assert view.detail.endswith("Goes on in 4 minutes if nobody does anything.")


@pytest.mark.parametrize(
    ("told", "status", "words"),
    [
        (replace(BASE, on=False), "off", "91 planned flops wait"),
        (replace(BASE, quiet_in_s=30), "waiting", "less than a minute"),
        (replace(BASE, refused=91), "stuck", "memory"),
        (Growth((FamilyGrowth(SRP, 49, 49),)), "done", ""),
        (replace(BASE, solving=Solving(ONE.entry)), "solving", "Not measured yet"),
    ],
)
def test_every_other_stage_has_its_words(told: Growth, status: str, words: str) -> None:
    view = growth_view(told)
    assert view.status == status
    assert words in view.detail
