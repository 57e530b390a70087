"""Ranked play in a browser: the daily ten to its end, the week's set over a reload and in two tabs."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.e2e.pages.account_page import AccountPage
from tests.e2e.pages.board_page import BoardPage
from tests.e2e.pages.daily_page import DailyPage
from tests.e2e.pages.table_page import TablePage

expect.set_options(timeout=15_000)


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """One visitor's browser."""
    opened = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    yield opened
    opened.close()


def member(context: BrowserContext, origin: str) -> tuple[TablePage, str]:
    """A page of somebody with a new account."""
    table, name = TablePage(context.new_page(), origin), f"Dora {uuid4().hex[:6]}"
    table.open()
    AccountPage(table.page).create(f"{uuid4().hex}@example.org", name)
    return table, name


def answered(table: TablePage, kind: str) -> int:
    """Decisions that the server has of this account in the running set."""
    found = table.page.request.get(f"{table.origin}/api/ranked/progress?kind={kind}")
    return int(found.json()["data"]["answered"])


def test_the_daily_ten_from_the_rules_to_the_row_on_the_board(context: BrowserContext, origin: str) -> None:
    table, name = member(context, origin)
    daily = DailyPage(table.page, origin)
    daily.open()
    daily.start_button.click()
    table.open_actions.first.wait_for()
    expect(daily.progress).to_have_text("Hand 1 of 10")
    decision = str(table.table.get_attribute("data-decision"))
    table.act()
    table.answered(decision)
    table.word.wait_for()
    expect(table.grade.get_by_text("kept for today's ten hands until")).to_be_visible()
    expect(table.rows).to_have_count(0)
    expect(table.grid).to_have_count(0)
    given = 1 + table.play_to_summary()
    assert given >= 10
    assert answered(table, "daily") == given
    expect(table.summary.get_by_role("heading", name="Today's ten hands are played")).to_be_visible()
    expect(table.summary.get_by_role("button", name="Drill these")).to_have_count(0)
    table.page.reload()
    expect(table.summary).to_be_visible()
    daily.to_board.click()
    expect(BoardPage(table.page, origin).row(name)).to_be_visible()


def test_the_weekly_set_stands_still_over_a_reload_and_counts_once_in_two_tabs(
    context: BrowserContext, origin: str
) -> None:
    table, _ = member(context, origin)
    board = BoardPage(table.page, origin)
    board.open_set()
    board.start_button.click()
    table.open_actions.first.wait_for()
    decision, cards = table.table.get_attribute("data-decision"), table.cards(table.hand)
    table.page.reload()
    table.open_actions.first.wait_for()
    assert (table.table.get_attribute("data-decision"), table.cards(table.hand)) == (decision, cards)

    other = TablePage(context.new_page(), origin)
    BoardPage(other.page, origin).open_set()
    other.open_actions.first.wait_for()
    assert other.table.get_attribute("data-decision") == decision
    table.act()
    table.answered(str(decision))
    table.word.wait_for()
    other.act(other.open_actions.count() - 1)
    other.answered(str(decision))
    expect(other.word).to_have_text(table.word.inner_text())
    assert answered(table, "weekly") == 1
    table.next_hand.click()
    table.open_actions.first.wait_for()
    assert table.table.get_attribute("data-decision") != decision
    assert answered(table, "weekly") == 1
