"""Drills on a page, bound to state.drills and state.ranges."""

from components.drills.page import drills_page
from components.drills.ranges import range_page

__all__ = ["drills_page", "range_page"]
