"""The leaderboard and the ranked play behind it."""

import reflex as rx

from app.layout import page
from components.ratings import leaderboard
from components.ratings.play import weekly_set
from state import routes
from state.ratings import LeaderboardState
from state.training import TrainingState


@page(routes.LEADERBOARD, "Leaderboard", on_load=LeaderboardState.load)
def board() -> rx.Component:
    """This week's standings, live."""
    return leaderboard()


@page(routes.LEADERBOARD_PLAY, "Weekly set", "member", on_load=[TrainingState.resume_ranked, LeaderboardState.load])
def play() -> rx.Component:
    """The week's decisions, one after the other."""
    return weekly_set()
