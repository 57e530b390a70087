"""Reviews, history and replay in a browser: locators by role and name. Tests hold the assertions."""

from __future__ import annotations

import re

from playwright.sync_api import Page


class PastPage:
    """`/review`, `/history` and what is behind them."""

    def __init__(self, page: Page, origin: str) -> None:
        self.page = page
        self.origin = origin
        self.zone = page.get_by_label("Your day begins at 04:00 in")
        self.start_review = page.get_by_role("button", name=re.compile(r"^(Start|Continue) the review$"))
        self.badge = page.get_by_role("link", name=re.compile(r"^Review"))
        self.decisions = page.get_by_role("list", name="Decisions")
        self.sets = page.get_by_role("list", name="Sets")
        self.open_sets = page.get_by_role("list", name="Open sets")
        self.steps = page.get_by_role("group", name="Steps")
        self.line = page.get_by_role("list", name="Line")
        self.themes = page.get_by_role("table", name="Themes")

    def open(self, address: str) -> None:
        self.page.goto(self.origin + address)

    def card_history(self) -> list[str]:
        """What happened to the first card."""
        self.page.get_by_role("button", name=re.compile("^History of")).first.click()
        lines = self.page.get_by_role("list", name="What happened").get_by_role("listitem")
        lines.first.wait_for()
        return lines.all_text_contents()
