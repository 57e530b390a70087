"""Ranked play: the week's decisions or the day's hands on the training table, with the rules before the first one."""

from typing import Any

import reflex as rx

from components.ratings.board_events import board_events
from components.training import training_table
from components.ui import button, error_text, link, link_button
from state import routes
from state.ratings import LeaderboardState
from state.session import SessionState
from state.training import TrainingState

_head: Any = LeaderboardState.head

_KEPT = (
    "Word and EV loss come at once; the solver's mix is shown when the set is closed, because everybody gets the same "
    "spots. Its boards are kept out of the library until then."
)


def _start(title: str, words: str, kind: str, board: str, start: Any) -> rx.Component:
    """The rules and the button; a set that was played leads to its board."""
    return rx.el.div(
        rx.el.h1(title),
        rx.el.p(rx.el.span(_head.period), " · ", rx.el.span(_head.closes), class_name="board-week"),
        rx.el.p(words),
        rx.el.p(_KEPT),
        rx.cond(_head.invitation != "", rx.el.p(_head.invitation), rx.fragment()),
        rx.cond(_head.streak != "", rx.el.p(_head.streak), rx.fragment()),
        rx.cond(
            _head.finished,
            link_button("See the board", href=board, tone="primary", large=True),
            rx.cond(
                _head.ready,
                button(rx.cond(_head.started, "Continue", "Start"), tone="primary", large=True, on_click=start),
                rx.fragment(
                    board_events(url=f"/api/leaderboards/{kind}/events", on_change=LeaderboardState.load),
                    rx.el.p("The set is being drawn. It opens here by itself.", role="status"),
                ),
            ),
        ),
        error_text(TrainingState.error),
        rx.el.p(
            "Solvers outside of this page exist. Nobody can rule them out. ",
            link("How it is kept fair", href=routes.FAIRNESS),
            class_name="start-note",
        ),
        class_name="start",
    )


def _members_only(title: str) -> rx.Component:
    return rx.el.div(
        rx.el.h1(title),
        rx.el.p("Ranked play is for accounts, so that one player has one row on the board."),
        link_button("Sign in to be ranked", href=routes.SIGN_IN, tone="primary", large=True),
        link_button("Create account", href=routes.CREATE_ACCOUNT),
        class_name="start",
    )


def _for_members(title: str, rules: rx.Component) -> rx.Component:
    """The rules until a decision is open, then the table."""
    return rx.cond(
        SessionState.signed_in,
        rx.cond(TrainingState.phase == "idle", rules, training_table()),
        _members_only(title),
    )


def weekly_set() -> rx.Component:
    """The page of the week's decisions."""
    title = "The weekly set"
    words = (
        "The same decisions for everybody, dealt and graded by the server. Each is shown once, in order, and each one "
        "counts: what you leave unanswered is checked or folded when its time is up."
    )
    return _for_members(title, _start(title, words, "weekly", routes.LEADERBOARD, TrainingState.start_ranked))


def daily_ten() -> rx.Component:
    """The page of the day's hands."""
    title = "The daily ten"
    words = (
        "Ten hands, the same for everybody, until midnight UTC. You play each to its end, once; what you leave "
        "unanswered is checked or folded when its time is up."
    )
    return _for_members(title, _start(title, words, "daily", routes.LEADERBOARD_DAILY, TrainingState.start_daily))
