"""The daily ten in a browser."""

from __future__ import annotations

from playwright.sync_api import Page


class DailyPage:
    """The rules, the button and what stands above the table."""

    def __init__(self, page: Page, origin: str) -> None:
        self.page = page
        self.origin = origin
        self.start_button = page.get_by_role("button", name="Start")
        self.progress = page.get_by_role("region", name="Table").get_by_text("of 10")
        self.to_board = page.get_by_role("link", name="See the board")

    def open(self) -> None:
        self.page.goto(f"{self.origin}/daily")
