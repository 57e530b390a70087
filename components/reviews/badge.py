"""How many cards are due, behind the word in the navigation."""

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink

from state import routes
from state.reviews import ReviewState


def due_note() -> rx.Component:
    """On the start page: what waits today, and the way to it."""
    return rx.cond(
        ReviewState.due > 0,
        ReactRouterLink.create(f"{ReviewState.due} due for review", to=routes.REVIEW, class_name="due-note"),
        rx.fragment(),
    )


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
