"""What waits, and what costs most: themes with their loss and interval, each one click from a drill."""

from typing import Any

import reflex as rx

from components.history.sets import open_sets
from components.reviews import zone_report
from components.ui import button, empty_state, error_text, link_button, spinner, table
from state import routes
from state.history import DashboardState
from state.reviews import ReviewState


def _theme(theme: Any) -> rx.Component:
    return rx.el.tr(
        rx.el.th(theme.name, rx.el.span(theme.errors, class_name="theme-errors"), scope="row", class_name="theme-name"),
        rx.el.td(theme.loss, class_name="number theme-loss"),
        rx.el.td(
            rx.el.span(
                rx.cond(
                    theme.measured,
                    rx.el.span(class_name="whisker-line", style={"left": f"{theme.low}%", "width": f"{theme.width}%"}),
                    rx.fragment(),
                ),
                rx.el.span(class_name="whisker-dot", style={"left": f"{theme.at}%"}),
                class_name="whisker",
                aria_hidden="true",
            ),
            rx.el.span(theme.interval),
            class_name="theme-interval",
        ),
        rx.el.td(theme.score, class_name="number theme-score"),
        rx.el.td(theme.decisions, class_name="number theme-count"),
        rx.el.td(
            button("Drill", aria_label="Drill: " + theme.name, on_click=DashboardState.drill(theme.node)),
            class_name="theme-do",
        ),
        key=theme.node,
    )


def _due() -> rx.Component:
    return rx.cond(
        ReviewState.due > 0,
        rx.el.div(
            rx.el.p(rx.el.strong(ReviewState.due, " due"), " for review today"),
            link_button("Review", href=routes.REVIEW, tone="primary"),
            class_name="dash-due",
        ),
        rx.fragment(),
    )


def _themes() -> rx.Component:
    return rx.cond(
        DashboardState.themes.length() > 0,
        rx.el.section(
            rx.el.h2("Themes"),
            table(
                "Themes",
                [
                    "Kind of decision",
                    ("EV loss per 100, bb", "number"),
                    "95% interval",
                    ("EV score", "number theme-score"),
                    ("Decisions", "number"),
                    "",
                ],
                rx.foreach(DashboardState.themes, _theme),
                class_name="theme-table",
            ),
            rx.el.p(
                "The costliest first, over everything you played. Below 100 decisions no interval is honest; "
                "EV score: 100 is perfect, 50 a plausible player on the same spots.",
                class_name="board-note",
            ),
        ),
        empty_state(
            "Nothing to show yet",
            "Play some hands: here you will see which kinds of decisions cost you most.",
            link_button("Play a hand", href=routes.HOME, tone="primary"),
        ),
    )


def dashboard() -> rx.Component:
    """The whole page's content."""
    return rx.el.div(
        zone_report(),
        rx.el.div(rx.el.h1("Dashboard"), class_name="page-head"),
        error_text(DashboardState.error),
        rx.match(
            DashboardState.status,
            ("loading", rx.el.div(spinner(), "Adding it up", role="status", class_name="board-loading")),
            (
                "failed",
                empty_state("It can't be read now", "", button("Try again", on_click=DashboardState.load)),
            ),
            rx.fragment(_due(), open_sets(DashboardState.open_sets), _themes()),
        ),
        class_name="dashboard",
    )
