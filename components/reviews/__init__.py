"""Spaced repetition on a page, bound to state.reviews."""

from components.reviews.badge import due_badge
from components.reviews.page import reviews
from components.reviews.zone_report import zone_report

__all__ = ["due_badge", "reviews", "zone_report"]
