"""Ranked play: the week's decisions on the training table, with the rules before the first one."""

import reflex as rx

from components.training import training_table
from components.ui import button, error_text, link_button
from state import routes
from state.ratings import LeaderboardState
from state.session import SessionState
from state.training import TrainingState


def _rules() -> rx.Component:
    return rx.el.div(
        rx.el.h1("The weekly set"),
        rx.el.p(
            "The same decisions for everybody, dealt and graded by the server. Each is shown once, in order, and each "
            "one counts: what you leave unanswered is checked or folded when its time is up.",
        ),
        rx.el.p(LeaderboardState.head.invitation),
        rx.cond(
            LeaderboardState.head.finished,
            link_button("See the board", href=routes.LEADERBOARD, tone="primary", large=True),
            button("Start", tone="primary", large=True, on_click=TrainingState.start_ranked),
        ),
        error_text(TrainingState.error),
        rx.el.p("Solvers outside of this page exist. Nobody can rule them out.", class_name="start-note"),
        class_name="start",
    )


def _members_only() -> rx.Component:
    return rx.el.div(
        rx.el.h1("The weekly set"),
        rx.el.p("Ranked play is for accounts, so that one player has one row on the board."),
        link_button("Sign in to be ranked", href=routes.SIGN_IN, tone="primary", large=True),
        link_button("Create account", href=routes.CREATE_ACCOUNT),
        class_name="start",
    )


def weekly_set() -> rx.Component:
    """The rules until a decision is open, then the table."""
    return rx.cond(
        SessionState.signed_in,
        rx.cond(TrainingState.phase == "idle", _rules(), training_table()),
        _members_only(),
    )
