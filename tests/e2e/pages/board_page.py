"""The leaderboard in a browser."""

from __future__ import annotations

from playwright.sync_api import Locator, Page


class BoardPage:
    """The weekly board and the way into its set."""

    def __init__(self, page: Page, origin: str) -> None:
        self.page = page
        self.origin = origin
        self.table = page.get_by_role("table", name="Leaderboard")
        self.start_button = page.get_by_role("button", name="Start")

    def open(self) -> None:
        self.page.goto(f"{self.origin}/leaderboard")

    def open_set(self) -> None:
        self.page.goto(f"{self.origin}/leaderboard/play")

    def row(self, name: str) -> Locator:
        return self.table.get_by_role("row").filter(has_text=name)
