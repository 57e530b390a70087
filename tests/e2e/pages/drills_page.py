"""The drills page and the page of whole ranges: locators by role and name, and what a player does there."""

from __future__ import annotations

from playwright.sync_api import Locator, Page


class DrillsPage:
    """`/drills` and `/drills/range`."""

    def __init__(self, page: Page, origin: str) -> None:
        self.page = page
        self.origin = origin
        self.form = page.get_by_role("form", name="Build your own")
        self.fits = self.form.get_by_role("status", name="What fits")
        self.problem = self.form.get_by_role("alert")
        self.start_button = self.form.get_by_role("button", name="Start drill")
        self.save_button = self.form.get_by_role("button", name="Save", exact=True)
        self.name = self.form.get_by_label("Name")
        self.link = self.form.get_by_role("link", name="Link to share")
        self.hands = self.form.get_by_role("grid", name="Hand classes")
        self.kept = page.get_by_role("region", name="Your drills")
        self.range = page.get_by_role("grid", name="Your range")
        self.brushes = page.get_by_role("radiogroup", name="Brush")
        self.grade_button = page.get_by_role("button", name="Grade", exact=True)
        self.fill = page.get_by_role("button", name="Fill the rest")
        self.grade = page.get_by_role("region", name="Grade")

    def open(self, path: str = "/drills") -> None:
        """Go there and wait until the page answers."""
        self.page.goto(self.origin + path)
        self.page.locator("[data-ready=true]").wait_for()

    def start(self, name: str) -> None:
        """Start a preset or a drill that is kept."""
        self.page.get_by_role("button", name=f"Start {name}", exact=True).click()

    def chip(self, group: str, text: str) -> Locator:
        """A choice of a filter."""
        return self.form.get_by_role("group", name=group).get_by_role("button", name=text, exact=True)

    def choose(self, label: str, text: str) -> None:
        """Pick from a list of the form."""
        self.form.get_by_label(label, exact=True).select_option(label=text)

    def hand(self, name: str) -> Locator:
        """A cell of the grid of hand classes."""
        return self.hands.get_by_role("gridcell", name=f"{name}:")
