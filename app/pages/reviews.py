"""Spaced repetition over one's own mistakes."""

import reflex as rx

from app.layout import page
from components.reviews import reviews
from state import routes
from state.reviews import ReviewState


@page(routes.REVIEW, "Review", on_load=ReviewState.load)
def review() -> rx.Component:
    """What is due, the coming days and the cards."""
    return reviews()
