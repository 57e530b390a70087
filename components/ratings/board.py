"""A board: period and invitation above, the table, the own row apart where it is not in sight."""

from typing import Any

import reflex as rx

from components.ratings.board_events import board_events
from components.ui import button, empty_state, error_text, link, link_button, nav_link, spinner, table
from state import routes
from state.ratings import LeaderboardState
from state.session import SessionState

_head: Any = LeaderboardState.head
_rows: Any = LeaderboardState.rows


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
        rx.el.td(
            rx.cond(
                row.marked != "",
                rx.el.span(
                    row.marked,
                    class_name="tag tag--quiet",
                    title="On boards whose solution this player opened in the week before. They count like the others.",
                ),
                rx.fragment(),
            ),
            row.decisions,
            class_name="number",
        ),
        key=row.key,
        class_name=rx.cond(row.own, "is-own", ""),
    )


def _nobody() -> rx.Component:
    words = rx.cond(LeaderboardState.kind == "weekly", "Nobody is ranked yet this week.", "Nobody is ranked yet today.")
    return rx.el.tr(rx.el.td(words, col_span=5, class_name="board-nobody"))


def _invitation() -> rx.Component:
    """The way into ranked play: for members the set, for guests the reason why not."""
    return rx.cond(
        SessionState.signed_in,
        rx.fragment(
            rx.el.p(_head.invitation),
            rx.cond(
                LeaderboardState.kind == "weekly",
                rx.cond(
                    _head.finished,
                    rx.el.p("That was this week's set."),
                    link_button("Play the weekly set", href=routes.LEADERBOARD_PLAY, tone="primary"),
                ),
                rx.cond(
                    _head.finished,
                    rx.el.p("Those were today's hands."),
                    link_button("Play the daily ten", href=routes.DAILY, tone="primary"),
                ),
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
            "Score: how much less EV you lose than the other players on the same spots, in % of the pot per "
            "decision, held back while you have answered few. ",
            link("How it is kept fair", href=routes.FAIRNESS),
            class_name="board-note",
        ),
    )


def _switch(kind: str) -> rx.Component:
    """From one board to the other."""
    boards = (("weekly", "This week", routes.LEADERBOARD), ("daily", "Today", routes.LEADERBOARD_DAILY))
    links = [nav_link(text, href, current=kind == name) for name, text, href in boards]
    return rx.el.nav(*links, aria_label="Boards", class_name="admin-tabs")


def leaderboard(kind: str) -> rx.Component:
    """The whole page's content for a kind of board."""
    return rx.el.div(
        board_events(url=f"/api/leaderboards/{kind}/events", on_change=LeaderboardState.load),
        _switch(kind),
        rx.el.div(
            rx.el.div(
                rx.el.h1("Leaderboard"),
                rx.el.p(
                    rx.cond(
                        _head.period != "",
                        rx.fragment(rx.el.span(_head.period), " · ", rx.el.span(_head.closes)),
                        "This week" if kind == "weekly" else "Today",
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
