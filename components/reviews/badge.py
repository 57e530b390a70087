"""How many cards are due, behind the word in the navigation."""

import reflex as rx

from state.reviews import ReviewState


def due_badge() -> rx.Component:
    """The word, and the number where there is one."""
    return rx.fragment(
        "Review",
        rx.cond(
            ReviewState.due > 0,
            rx.el.span(
                rx.el.span(ReviewState.due), rx.el.span(" due", class_name="visually-hidden"), class_name="nav-badge"
            ),
            rx.fragment(),
        ),
    )
