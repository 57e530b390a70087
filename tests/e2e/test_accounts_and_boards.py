"""What follows a player: the hands into an account, the ranked decisions onto a board that others watch."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.pages.account_page import AccountPage
from tests.e2e.pages.board_page import BoardPage
from tests.e2e.pages.table_page import TablePage

expect.set_options(timeout=15_000)


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Callable[[], Page]]:
    """Opens pages of different visitors: each in a browser context of its own."""
    contexts: list[BrowserContext] = []

    def open_one() -> Page:
        contexts.append(browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce"))
        return contexts[-1].new_page()

    yield open_one
    for context in contexts:
        context.close()


def _answer_one(table: TablePage) -> None:
    asked = str(table.table.get_attribute("data-decision"))
    table.act()
    table.answered(asked)
    table.word.wait_for()


def test_a_guests_hand_follows_into_the_account(new_page: Callable[[], Page], origin: str) -> None:
    table = TablePage(new_page(), origin)
    account = AccountPage(table.page)
    table.open()
    table.start()
    _answer_one(table)
    cards = table.cards(table.hand)
    grade = table.word.inner_text()
    account.create(f"{uuid4().hex}@example.org", f"Anna {uuid4().hex[:6]}")
    table.table.or_(table.summary).first.wait_for()
    expect(table.word).to_have_text(grade)
    if table.table.is_visible():
        assert table.cards(table.hand) == cards


def test_signing_out_and_in_again_brings_the_hand_back(new_page: Callable[[], Page], origin: str) -> None:
    table = TablePage(new_page(), origin)
    account = AccountPage(table.page)
    email = f"{uuid4().hex}@example.org"
    table.open()
    account.create(email, f"Berta {uuid4().hex[:6]}")
    table.start()
    cards = table.cards(table.hand)
    account.sign_out()
    expect(table.play_button).to_be_visible()
    account.sign_in(email)
    table.open_actions.first.wait_for()
    assert table.cards(table.hand) == cards


def test_a_second_browser_sees_the_board_change(new_page: Callable[[], Page], origin: str) -> None:
    name = f"Clara {uuid4().hex[:6]}"
    watcher = BoardPage(new_page(), origin)
    watcher.open()
    table = TablePage(new_page(), origin)
    table.open()
    AccountPage(table.page).create(f"{uuid4().hex}@example.org", name)
    own = BoardPage(table.page, origin)
    own.open_set()
    own.start_button.click()
    for _ in range(2):
        table.open_actions.first.wait_for()
        _answer_one(table)
        if table.stop() == "paused":
            table.go_on.click()
        table.next_hand.click()
    expect(watcher.row(name)).to_be_visible(timeout=10_000)
    expect(watcher.row(name).get_by_role("cell").last).to_have_text(re.compile(r"^[2-9]$"))
