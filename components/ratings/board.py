"""The weekly board: week and invitation above, the table, the own row apart where it is not in sight."""

from typing import Any

import reflex as rx

from components.ratings.board_events import board_events
from components.ui import button, empty_state, error_text, link_button, spinner, table
from state import routes
from state.ratings import LeaderboardState
from state.session import SessionState

_head: Any = LeaderboardState.head
_rows: Any = LeaderboardState.rows
_EVENTS = "/api/leaderboards/weekly/events"


def _whisker(row: Any) -> rx.Component:
    """The interval on the scale of the whole board, so that one sees who can't be told apart."""
    return rx.el.span(
        rx.el.span(class_name="whisker-line", style={"left": f"{row.low}%", "width": f"{row.width}%"}),
        rx.el.span(class_name="whisker-dot", style={"left": f"{row.at}%"}),
        class_name="whisker",
        aria_hidden="true",
    )


def _row(row: Any) -> rx.Component:
    return rx.el.tr(
        rx.el.td(row.rank, class_name="number board-rank"),
        rx.el.th(
            row.name,
            rx.cond(row.own, rx.el.span("you", class_name="tag"), rx.fragment()),
            scope="row",
            class_name="board-name",
        ),
        rx.cond(
            row.interval == "",
            rx.el.td(row.score, col_span=2, class_name="board-provisional"),
            rx.fragment(
                rx.el.td(row.score, class_name="number board-score"),
                rx.el.td(_whisker(row), rx.el.span(row.interval), class_name="board-interval"),
            ),
        ),
        rx.el.td(row.decisions, class_name="number"),
        key=row.key,
        class_name=rx.cond(row.own, "is-own", ""),
    )


def _nobody() -> rx.Component:
    return rx.el.tr(rx.el.td("Nobody is ranked yet this week.", col_span=5, class_name="board-nobody"))


def _invitation() -> rx.Component:
    """The way into ranked play: for members the set, for guests the reason why not."""
    return rx.cond(
        SessionState.signed_in,
        rx.fragment(
            rx.el.p(_head.invitation),
            rx.cond(
                _head.finished,
                rx.el.p("That was this week's set."),
                link_button("Play the weekly set", href=routes.LEADERBOARD_PLAY, tone="primary"),
            ),
        ),
        link_button("Sign in to be ranked", href=routes.SIGN_IN, tone="primary"),
    )


def _standings() -> rx.Component:
    return rx.fragment(
        table(
            "Leaderboard",
            [("Rank", "number board-rank"), "Player", ("Score", "number"), "95% interval", ("Decisions", "number")],
            rx.fragment(
                rx.cond(_rows.length() > 0, rx.foreach(_rows, _row), _nobody()),
                rx.cond(LeaderboardState.apart.key != "", _row(LeaderboardState.apart), rx.fragment()),
            ),
            class_name="board-table",
        ),
        rx.cond(
            LeaderboardState.more,
            button("Show more", tone="quiet", on_click=LeaderboardState.show_more),
            rx.fragment(),
        ),
        rx.el.p(
            "Score: how much less EV you lose than the other players on the same decisions, in % of the pot per "
            "decision, held back while you have answered few.",
            class_name="board-note",
        ),
    )


def leaderboard() -> rx.Component:
    """The whole page's content."""
    return rx.el.div(
        board_events(url=_EVENTS, on_change=LeaderboardState.load),
        rx.el.div(
            rx.el.div(
                rx.el.h1("Leaderboard"),
                rx.el.p(
                    rx.cond(
                        _head.week != "",
                        rx.fragment(rx.el.span(_head.week), " · ", rx.el.span(_head.closes)),
                        "This week",
                    ),
                    class_name="board-week",
                ),
                rx.el.p(_head.rule),
                class_name="page-head",
            ),
            rx.el.div(_invitation(), class_name="board-invitation"),
            class_name="board-head",
        ),
        error_text(LeaderboardState.error),
        rx.match(
            LeaderboardState.status,
            ("loading", rx.el.div(spinner(), "Reading the board", role="status", class_name="board-loading")),
            (
                "failed",
                empty_state("The board can't be read now", "", button("Try again", on_click=LeaderboardState.load)),
            ),
            _standings(),
        ),
        class_name="leaderboard",
    )
