"""A spot of one's own in a browser: asked for, watched, cancelled, read and played."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.pages.solve_page import SolvePage
from tests.e2e.pages.table_page import TablePage

expect.set_options(timeout=15_000)


@pytest.fixture
def solve_page(browser: Browser, origin: str) -> Iterator[SolvePage]:
    """The page as a guest sees it."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    page = SolvePage(context.new_page(), origin)
    page.open()
    yield page
    context.close()


def test_a_spot_of_ones_own_is_solved_and_played(solve_page: SolvePage, origin: str) -> None:
    solve_page.solve.click()
    expect(solve_page.solution).to_contain_text(re.compile(r"Solved to 0\.\d+% of pot"), timeout=60_000)
    expect(solve_page.grid).to_be_visible()
    solve_page.grid.get_by_role("gridcell", name=re.compile("^AKs: (?!not in)")).focus()
    combos = solve_page.solution.get_by_role("table", name="Combos of AKs")
    expect(combos.get_by_role("columnheader", name=re.compile(r"^EV ?bb$"))).to_be_visible()
    expect(combos.get_by_role("row").nth(1)).to_contain_text("%")
    solve_page.play.click()
    table = TablePage(solve_page.page, origin)
    table.open_actions.first.wait_for()
    assert [name.replace(" ", "") for name in table.cards(table.board)][:1]
    expect(table.table).to_contain_text("Your own spot")
    table.act()
    expect(table.word).to_be_visible()


def test_what_was_solved_is_found_again_and_deleted(solve_page: SolvePage, complaints: list[str]) -> None:
    solve_page.page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    solve_page.solve.click()
    solve_page.grid.wait_for(timeout=60_000)
    solve_page.open()
    expect(solve_page.own.get_by_role("link")).to_have_count(1)
    solve_page.own.get_by_role("link").click()
    expect(solve_page.page.get_by_role("grid", name="Strategy")).to_be_visible()
    solve_page.open()
    solve_page.own.get_by_role("button", name="Delete").click()
    solve_page.own.get_by_role("button", name="for good").click()
    expect(solve_page.own.get_by_role("status")).to_contain_text("is deleted")
    expect(solve_page.own.get_by_role("link")).to_have_count(0)
    assert complaints == []


def test_a_long_solve_shows_its_progress_and_can_be_cancelled(solve_page: SolvePage) -> None:
    solve_page.target.fill("0.01")
    solve_page.board.fill("Js 7d 2c")  # no board of the library: a ranked set may keep those
    solve_page.estimate.get_by_text("Needs about").wait_for()
    solve_page.solve.click()
    expect(solve_page.progress).to_be_visible()
    solve_page.cancel.click()
    expect(solve_page.page.get_by_text("Cancelled.")).to_be_visible()
    expect(solve_page.solve).to_be_enabled()
