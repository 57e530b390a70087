"""Spaced repetition on a page, bound to state.reviews."""

from components.reviews.badge import due_badge, due_note
from components.reviews.page import reviews
from components.reviews.zone_report import zone_report

__all__ = ["due_badge", "due_note", "reviews", "zone_report"]
