"""The page "New solve" in a browser: locators by role and name, and what a player does there."""

from __future__ import annotations

from playwright.sync_api import Page


class SolvePage:
    """Solving on `/solve`."""

    def __init__(self, page: Page, origin: str) -> None:
        self.page = page
        self.origin = origin
        self.form = page.get_by_role("form", name="New solve")
        self.board = self.form.get_by_label("Board")
        self.target = self.form.get_by_label("Target, % of pot")
        self.estimate = page.get_by_role("status", name="Estimate")
        self.solve = self.form.get_by_role("button", name="Solve", exact=True)
        self.progress = page.get_by_role("progressbar", name="Solving")
        self.cancel = page.get_by_role("button", name="Cancel")
        self.solution = page.get_by_role("region", name="Solution")
        self.grid = self.solution.get_by_role("grid", name="Strategy")
        self.own = page.get_by_role("region", name="Your solves")
        self.play = self.solution.get_by_role("button", name="Play this spot")

    def open(self) -> None:
        """Load the page and wait until the server has checked the form."""
        self.page.goto(f"{self.origin}/solve")
        self.estimate.get_by_text("Needs about").wait_for()
