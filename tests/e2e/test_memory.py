"""What stays of a set: its mistakes come back as cards, its hands can be replayed, exported and gone on with."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.pages.past_page import PastPage
from tests.e2e.pages.table_page import TablePage

pytestmark = pytest.mark.timeout(300)

WEST, EAST = "Pacific/Pago_Pago", "Pacific/Kiritimati"
"""25 hours apart: whoever travels from one to the other is in the next day at once."""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, timezone_id=WEST)
    page = context.new_page()
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    yield page
    context.close()
    assert not failures


@pytest.fixture
def table(page: Page, origin: str) -> TablePage:
    return TablePage(page, origin)


@pytest.fixture
def past(page: Page, origin: str) -> PastPage:
    return PastPage(page, origin)


def play_until_a_card(table: TablePage, past: PastPage) -> None:
    """Sets played with the largest size everywhere, until something was wrong or a blunder."""
    for _ in range(8):
        table.open()
        table.play_button.first.click()
        table.open_actions.first.wait_for()  # the summary of the set before is gone
        table.play_to_summary(choose=9)
        past.open("/review")
        past.page.get_by_role("heading", level=1, name=re.compile("due")).wait_for()
        if past.zone.is_visible():
            return
    message = "no mistake in eight sets of the largest sizes"
    raise AssertionError(message)


def test_a_missed_spot_comes_back_on_the_next_day_and_its_review_is_in_the_history(
    table: TablePage, past: PastPage
) -> None:
    play_until_a_card(table, past)
    expect(past.page.get_by_role("heading", level=1)).to_have_text("Nothing due")
    expect(past.zone).to_have_value(WEST)
    past.zone.select_option(EAST)
    expect(past.page.get_by_role("heading", level=1)).to_have_text(re.compile(r"^\d+ due$"))
    expect(past.badge).to_have_text(re.compile(r"Review\d+ due"))

    past.start_review.click()
    table.open_actions.first.wait_for()
    assert table.play_to_summary() == 4  # the missed spot, two siblings and a new spot
    expect(table.summary.get_by_role("heading", level=1)).to_have_text("Review finished")

    past.open("/review")
    past.zone.wait_for()
    told = past.page.get_by_text(re.compile(r"^\d of 1 passed$"))
    expect(told.first).to_be_visible()

    past.open("/history?view=sets")
    expect(past.sets.get_by_role("listitem").first).to_contain_text("Review")
    past.open("/history")
    past.decisions.wait_for()
    assert past.decisions.get_by_role("link").count() >= 7


def test_a_hand_is_replayed_by_keys_and_after_a_reload(table: TablePage, past: PastPage) -> None:
    table.open()
    table.start()
    table.play_to_summary()
    past.open("/history")
    past.decisions.get_by_role("link").first.click()
    past.steps.wait_for()
    expect(past.page.get_by_role("region", name="Grade").get_by_role("strong")).to_have_text(
        re.compile(r"^(Best|Correct|Inaccuracy|Wrong|Blunder|Uncertain)$")
    )
    past.page.keyboard.press("ArrowLeft")
    before = past.line.locator("[aria-current=step]").inner_text()
    past.page.keyboard.press("ArrowRight")
    expect(past.line.locator("[aria-current=step]")).not_to_have_text(before)
    past.page.reload()
    past.steps.wait_for()
    past.page.get_by_role("button", name="First").click()
    expect(past.page.get_by_role("button", name="Back")).to_be_disabled()


def test_a_set_left_open_is_listed_and_goes_on_where_it_was(table: TablePage, past: PastPage) -> None:
    table.open()
    table.start()
    asked = table.table.get_attribute("data-decision")
    past.open("/history?view=sets")
    past.open_sets.get_by_role("link", name=re.compile("^Continue")).click()
    table.open_actions.first.wait_for()
    assert table.table.get_attribute("data-decision") == asked


def test_a_theme_becomes_a_drill_with_one_click(table: TablePage, past: PastPage) -> None:
    table.open()
    table.start()
    table.play_to_summary()
    past.open("/dashboard")
    past.themes.get_by_role("button", name=re.compile("^Drill")).first.click()
    table.open_actions.first.wait_for()
    expect(table.table).to_contain_text("Decision 1 of 20")


def test_the_mistakes_of_a_set_can_be_drilled_and_its_hands_downloaded(table: TablePage, past: PastPage) -> None:
    play_until_a_card(table, past)
    past.open("/history?order=loss")
    past.page.get_by_label("Grade").select_option("wrong")
    # the set's other decisions leave the list
    expect(past.decisions.get_by_text(re.compile("^(Best|Correct|Inaccuracy|Uncertain)$"))).to_have_count(0)
    expect(past.decisions.get_by_role("link").first).to_contain_text("was better")
    count = past.decisions.get_by_role("link").count()
    past.page.get_by_role("button", name="Drill these").click()
    table.open_actions.first.wait_for()
    expect(table.table).to_contain_text(f"Decision 1 of {count}")
    past.open("/history?view=sets")
    with past.page.expect_download() as download:
        past.sets.get_by_role("link", name="Export as PHH").last.click()
    assert 'variant = "NT"' in download.value.path().read_text()
