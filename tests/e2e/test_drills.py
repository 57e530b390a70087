"""Drills in a browser, one journey for each way to play, against the production build and real servers."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.pages.drills_page import DrillsPage
from tests.e2e.pages.table_page import TablePage

expect.set_options(timeout=20_000)
pytestmark = pytest.mark.timeout(240)


FITS = re.compile(r"[1-9]\d* spots? on [1-9]\d* flops? fits?\.")
"""How many there are depends on the boards that are kept just now."""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A guest's page; nothing on it may complain."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    complaints: list[str] = []
    opened = context.new_page()
    opened.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()
    assert complaints == []


@pytest.fixture
def drills(page: Page, origin: str) -> DrillsPage:
    at = DrillsPage(page, origin)
    at.open()
    return at


@pytest.fixture
def table(page: Page, origin: str) -> TablePage:
    return TablePage(page, origin)


def test_single_decisions_end_after_each_and_the_set_with_its_summary(drills: DrillsPage, table: TablePage) -> None:
    drills.choose("Begins on", "Flop")
    drills.form.get_by_label("How many").fill("2")
    drills.form.get_by_label("How many").blur()
    expect(drills.fits).to_have_text(FITS)
    drills.start_button.click()
    expect(table.table).to_contain_text("Decision 1 of 2")
    assert table.play_to_summary() == 2
    expect(table.summary).to_contain_text("2 decisions in 2 hands")


def test_full_hands_from_a_preset_survive_a_reload(drills: DrillsPage, table: TablePage, page: Page) -> None:
    drills.start("3-bet pots")
    table.open_actions.first.wait_for()
    expect(table.table).to_contain_text("3-bet pot")
    before = table.action_names()
    page.reload()
    table.open_actions.first.wait_for()
    assert table.action_names() == before


def test_one_street_against_a_departing_villain_is_graded_against_him(drills: DrillsPage, table: TablePage) -> None:
    drills.start("The calling station")
    table.open_actions.first.wait_for()
    expect(table.table).to_contain_text("Villain calls too much (60%)")
    assert len(table.cards(table.board)) == 5
    table.act()
    expect(table.grade).to_contain_text("Exact against this villain")


def test_sizes_in_groups_and_a_clock_that_answers_by_itself(drills: DrillsPage, table: TablePage) -> None:
    drills.choose("Bet sizes", "Action only")
    drills.choose("Timebank", "7 s")
    drills.choose("Begins on", "Flop")
    die = drills.form.get_by_label("A die for mixed strategies")
    die.click()  # the server has the state: it changes a moment later
    expect(die).not_to_be_checked()
    expect(drills.fits).to_be_visible()
    drills.start_button.click()
    table.open_actions.first.wait_for()
    names = table.action_names()
    assert not any(re.search(r"%|Raise to", name) for name in names), names
    expect(table.die).to_have_count(0)
    expect(table.table.get_by_role("timer", name="Time left")).to_be_visible()
    expect(table.grade).to_contain_text("Time ran out")


def test_an_empty_combination_is_refused_in_a_clear_word(drills: DrillsPage) -> None:
    drills.chip("Suits", "Monotone").click()
    expect(drills.fits).to_have_text(FITS)
    drills.chip("Pairs", "Paired").click()
    expect(drills.problem).to_contain_text("No spot fits all of this")
    expect(drills.start_button).to_be_disabled()
    drills.chip("Pairs", "Paired").click()
    expect(drills.start_button).to_be_enabled()


def test_hand_classes_are_painted_and_hero_is_dealt_them_only(drills: DrillsPage, table: TablePage, page: Page) -> None:
    drills.hand("QQ").click()
    drills.hand("QQ").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press(" ")
    expect(drills.form.get_by_role("status", name="Hand classes")).to_have_text("2 of 169 hand classes")
    drills.start_button.click()
    table.open_actions.first.wait_for()
    ranks = {name.split(" ")[0] for name in table.cards(table.hand)}
    assert len(ranks) == 1, ranks


def test_a_drill_is_saved_shared_by_its_link_and_deleted(drills: DrillsPage, browser: Browser, origin: str) -> None:
    drills.choose("Decisions", "Costly only")
    drills.name.fill("Hard ones")
    drills.name.blur()
    drills.save_button.click()
    expect(drills.kept).to_contain_text("Hard ones")
    link = str(drills.link.get_attribute("href"))
    other = browser.new_context().new_page()
    shared = DrillsPage(other, origin)
    other.goto(link)
    expect(shared.form.get_by_label("Decisions", exact=True)).to_have_value("costly")
    expect(shared.form).to_contain_text("Shared with you: Hard ones")
    other.context.close()
    drills.page.get_by_role("button", name="Delete Hard ones").click()
    expect(drills.kept).to_have_count(0)


def test_a_whole_range_is_painted_and_graded(drills: DrillsPage, page: Page) -> None:
    drills.start("Whole range")
    drills.range.wait_for()
    expect(drills.grade_button).to_be_disabled()
    drills.brushes.get_by_role("radio").last.click()
    held = page.locator("[role=gridcell]:not(.paint-cell--out)")
    first, last = held.nth(0).bounding_box(), held.nth(3).bounding_box()
    assert first is not None
    assert last is not None
    page.mouse.move(first["x"] + 4, first["y"] + 4)
    page.mouse.down()
    page.mouse.move(last["x"] + 4, last["y"] + 4, steps=12)
    page.mouse.up()
    drills.brushes.get_by_role("radio").first.click()
    drills.fill.click()
    drills.grade_button.click()
    expect(drills.grade).to_contain_text("EV lost per hand of the range")
    expect(drills.grade.get_by_role("grid", name="Strategy")).to_be_visible()
    page.reload()
    expect(drills.grade).to_contain_text("EV lost per hand of the range")
    page.get_by_role("button", name="Next range").click()
    expect(page.get_by_text("Range 2 of 3")).to_be_visible()


def test_two_tables_are_played_side_by_side_and_keys_follow_the_one_that_waits(drills: DrillsPage, page: Page) -> None:
    drills.choose("Tables", "Two side by side")
    drills.choose("Pause", "End of hand")
    drills.form.get_by_label("How many").fill("4")
    drills.form.get_by_label("How many").blur()
    drills.start_button.click()
    first, second = (page.get_by_role("region", name=f"Table {place}", exact=True) for place in (1, 2))
    expect(first).to_be_visible()
    expect(second).to_be_visible()
    active = page.locator("[data-table-active=true]")
    expect(active).to_have_attribute("data-place", "1")
    page.keyboard.press("t")
    expect(active).to_have_attribute("data-place", "2")
    asked = {place: at.get_attribute("data-decision") for place, at in (("1", first), ("2", second))}
    key = second.get_by_role("group", name="Actions").get_by_role("button").first.get_attribute("aria-keyshortcuts")
    assert key
    page.keyboard.press(key)
    expect(page.get_by_role("region", name="Grade, table 2")).to_contain_text("EV loss")
    expect(first).to_have_attribute("data-decision", str(asked["1"]))
    page.set_viewport_size({"width": 390, "height": 844})
    expect(first.or_(second).filter(visible=True)).to_have_count(1)
    page.get_by_role("group", name="Tables").get_by_role("button", name="Table 1").click()
    expect(first).to_be_visible()
    expect(second).to_be_hidden()
    page.set_viewport_size({"width": 1440, "height": 900})
    for _ in range(60):
        if page.get_by_role("region", name="Summary").count() == 2:
            break
        place = active.get_by_role("button", name=re.compile("Continue|Next hand|See the summary")).or_(
            active.get_by_role("group", name="Actions").get_by_role("button", disabled=False)
        )
        if place.count():
            place.first.click()
        page.wait_for_timeout(200)
    expect(page.get_by_role("region", name="Summary")).to_have_count(2)
