"""The boards, the ranked play behind them, and how it is kept fair."""

import reflex as rx

from app.layout import page
from components.ratings import fairness, leaderboard
from components.ratings.play import daily_ten, weekly_set
from state import routes
from state.fairness import FairnessState
from state.ratings import LeaderboardState
from state.training import TrainingState


@page(routes.LEADERBOARD, "Leaderboard", on_load=LeaderboardState.load_weekly)
def board() -> rx.Component:
    """This week's standings, live."""
    return leaderboard("weekly")


@page(routes.LEADERBOARD_DAILY, "Leaderboard of the day", on_load=LeaderboardState.load_daily)
def daily_board() -> rx.Component:
    """Today's standings, live."""
    return leaderboard("daily")


@page(
    routes.LEADERBOARD_PLAY,
    "Weekly set",
    "member",
    on_load=[TrainingState.resume_ranked, LeaderboardState.load_weekly],
)
def play() -> rx.Component:
    """The week's decisions, one after the other."""
    return weekly_set()


@page(routes.DAILY, "The daily ten", "member", on_load=[TrainingState.resume_daily, LeaderboardState.load_daily])
def daily() -> rx.Component:
    """The day's hands, one after the other."""
    return daily_ten()


@page(routes.FAIRNESS, "Fair play", on_load=FairnessState.load)
def fair() -> rx.Component:
    """What was promised beforehand, what was dealt, and whether the two agree."""
    return fairness()
