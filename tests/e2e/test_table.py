"""The table itself: keys, zen, amounts, what a screen reader is told, the thumb's reach, and what is shown after."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.e2e.conftest import PHONE, OpenTable
from tests.e2e.pages.table_page import TablePage

expect.set_options(timeout=15_000)


def _graded(table: TablePage) -> None:
    """An answer, and whatever comes next."""
    asked = str(table.table.get_attribute("data-decision"))
    table.act()
    table.word.wait_for()
    table.answered(asked)
    table.stop()


def _setting(page: Page, name: str) -> str:
    return str(page.evaluate("(name) => document.documentElement.dataset[name]", name))


def test_every_key_is_in_the_list_and_the_list_keeps_the_focus(new_table: OpenTable, complaints: list[str]) -> None:
    table = new_table()
    table.start()
    page = table.page
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys).to_be_visible()
    for key in ("F", "C", "R", "A", "Space", "U", "E", "B", "D", "Z"):
        expect(keys.get_by_text(key, exact=True)).to_be_visible()
    for _ in range(3):
        page.keyboard.press("Tab")
        # The browser's own controls take their turn; nothing of the page behind the dialog does.
        assert page.evaluate(
            "() => document.activeElement === document.body || !!document.activeElement.closest('dialog')"
        )
    before = table.table.get_attribute("data-decision")
    page.keyboard.press("c")
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    assert table.table.get_attribute("data-decision") == before
    expect(table.word).to_have_count(0)
    assert complaints == []


def test_zen_leaves_the_table_alone_and_is_remembered(new_table: OpenTable) -> None:
    table = new_table()
    table.start()
    table.page.keyboard.press("z")
    expect(table.page.get_by_role("navigation", name="Main")).to_be_hidden()
    expect(table.actions).to_be_visible()
    table.page.reload()
    table.open_actions.first.wait_for()
    expect(table.page.get_by_role("navigation", name="Main")).to_be_hidden()
    table.page.keyboard.press("z")
    expect(table.page.get_by_role("navigation", name="Main")).to_be_visible()


def test_amounts_change_everywhere_and_are_remembered(new_table: OpenTable) -> None:
    table = new_table()
    table.start()
    _graded(table)
    if table.stop() == "summary":
        return
    felt = table.table.locator(".felt")
    expect(felt).to_contain_text(" bb")
    table.page.keyboard.press("b")
    expect(felt).to_contain_text("% pot")
    expect(table.grade).to_contain_text("EV, % pot")
    table.page.keyboard.press("b")
    expect(table.table.get_by_text(re.compile(r"^Pot [\d,]+ chips$"))).to_be_visible()
    expect(felt).not_to_contain_text(" bb")
    expect(table.grade.locator(".grade-loss")).to_contain_text("chips")
    table.page.reload()
    expect(table.table.get_by_text(re.compile(r"^Pot [\d,]+ chips$"))).to_be_visible()
    other = table.page.context.new_page()  # a tab that the server knows nothing of
    other.goto(table.origin)
    expect(other.get_by_text(re.compile(r"^Pot [\d,]+ chips$"))).to_be_visible()


def test_deck_and_colours_are_chosen_in_a_dialog_and_remembered(new_table: OpenTable) -> None:
    table = new_table()
    table.start()
    table.page.get_by_role("button", name="Display").click()
    dialog = table.page.get_by_role("dialog", name="Display")
    dialog.get_by_label("Two colours").check()
    dialog.get_by_label("For colour-blind eyes").check()
    table.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    table.page.reload()
    table.open_actions.first.wait_for()
    assert (_setting(table.page, "deck"), _setting(table.page, "colours")) == ("two", "safe")


def test_a_screen_reader_is_told_what_a_decision_needs_and_then_the_grade(new_table: OpenTable) -> None:
    table = new_table()
    table.start()
    told = table.page.locator("[aria-live=polite][aria-label=Decision]")
    card = r"(two|three|four|five|six|seven|eight|nine|ten|jack|queen|king|ace) of (clubs|diamonds|hearts|spades)"
    expect(told).to_have_text(
        re.compile(
            rf"^(Flop|Turn|River): {card}(, {card}){{2,4}}\. (.+\. )?Pot [\d.]+ bb(, [\d.]+ bb to call)?\. "
            rf"You are \w+ with {card} and {card}\.$"
        )
    )
    table.act()
    table.word.wait_for()
    announced = table.page.locator("p[aria-live=polite]").get_by_text(
        re.compile(r"(Best|Correct|Inacc|Wrong|Blunder|Uncertain)")
    )
    expect(announced.first).to_contain_text(table.word.inner_text())
    tree = table.table.aria_snapshot()
    assert "Board" in tree
    assert "Your hand" in tree


def test_after_an_answer_both_ranges_are_seen_at_every_step(new_table: OpenTable, complaints: list[str]) -> None:
    table = new_table()
    table.start()
    page = table.page
    expect(page.get_by_role("button", name="Ranges and equity")).to_have_count(0)
    _graded(table)
    page.keyboard.press("e")
    panel = page.get_by_role("region", name="Ranges and equity")
    grids = panel.get_by_role("grid")
    expect(grids).to_have_count(2)
    expect(grids.first.get_by_role("gridcell")).to_have_count(169)
    expect(panel.get_by_role("table", name="Actions of the range")).to_be_visible()
    expect(panel.get_by_role("table", name="Made hands").get_by_role("row").nth(1)).to_contain_text("%")
    expect(panel.get_by_role("img", name=re.compile("^Equity of each hand"))).to_be_visible()
    present = grids.first.locator(".strategy-cell:not(.strategy-cell--out)").last
    present.hover()
    name = present.inner_text()
    combos = panel.get_by_role("table", name=f"Combos of {name}")
    expect(combos.get_by_role("row").nth(1)).to_contain_text("%")
    steps = panel.get_by_role("list", name="Steps of the line").get_by_role("button")
    steps.first.click()
    expect(steps.first).to_have_attribute("aria-current", "step")
    panel.get_by_role("link", name="Open in the solution").click()
    expect(page.get_by_role("region", name="Solution").get_by_role("grid", name="Strategy")).to_be_visible()
    assert complaints == []


def test_an_address_without_a_solution_says_so(new_table: OpenTable) -> None:
    table = new_table()
    for path in ("/solutions/nothing", "/solutions/00000000-0000-0000-0000-000000000000"):
        table.page.goto(table.origin + path)
        expect(table.page.get_by_text("There is no such solution")).to_be_visible()


def test_a_phones_buttons_are_under_the_thumb_and_stay_there(new_table: OpenTable) -> None:
    table = new_table(PHONE)
    table.start()
    before = table.actions.bounding_box()
    assert before is not None
    assert before["y"] >= PHONE[1] * 2 / 3
    for button in table.open_actions.all():
        box = button.bounding_box()
        assert box is not None
        assert min(box["height"], box["width"]) >= 44
        assert box["y"] + box["height"] <= PHONE[1]
    for place in (table.board, table.hand, table.table.get_by_role("heading").first):
        box = place.bounding_box()
        assert box is not None
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= before["y"]
    table.act()
    table.word.wait_for()
    table.stop()
    word, bar = table.word.bounding_box(), table.page.locator(".action-bar").bounding_box()
    assert word is not None
    assert bar is not None
    assert bar["y"] >= PHONE[1] * 2 / 3
    assert word["y"] + word["height"] <= bar["y"]


def test_cards_need_no_request_of_their_own(new_table: OpenTable) -> None:
    """A face that had to be fetched would appear late on a cold cache."""
    table = new_table()
    asked: list[str] = []
    table.page.on("request", lambda request: asked.append(request.url) if request.resource_type == "image" else None)
    table.start()
    assert len(table.cards(table.hand)) == 2
    assert [url for url in asked if not url.endswith(("/logo.svg", "/favicon.svg"))] == []
