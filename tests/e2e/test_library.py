"""The library's page in a browser: families, boards, how it grows, on both kinds of screen."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import DESKTOP, PHONE
from tests.e2e.pages.table_page import TablePage

expect.set_options(timeout=20_000)
pytestmark = pytest.mark.timeout(240)


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_every_family_says_how_far_it_is_and_a_board_can_be_opened(
    new_table: Callable[..., TablePage], complaints: list[str], size: tuple[int, int], theme: str
) -> None:
    page = new_table(size, theme).page
    page.goto(page.url.rstrip("/") + "/solutions")
    growth = page.get_by_role("status", name="Growth of the library")
    expect(growth).to_contain_text(re.compile(r"\d+ of \d+ planned flops"))
    families = page.get_by_role("list", name="Families").get_by_role("button")
    expect(families).to_have_count(4)
    expect(families.first).to_have_accessible_name(re.compile(r"BTN vs BB SRP: \d+ of \d+ flops"))
    families.nth(1).click()
    expect(families.nth(1)).to_have_attribute("aria-pressed", "true")
    boards = page.get_by_role("list", name="Boards").get_by_role("link")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    boards.first.click()
    expect(page.get_by_role("grid", name="Strategy")).to_be_visible()
    assert complaints == []
