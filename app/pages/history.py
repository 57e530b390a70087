"""What was played before: lists, a hand step by step, and what costs most."""

import reflex as rx

from app.layout import page
from components.history import dashboard, past, replay
from state import routes
from state.history import DashboardState, HistoryState, ReplayState


@page(routes.HISTORY, "History", on_load=HistoryState.load)
def history() -> rx.Component:
    """Decisions and sets, with filters."""
    return past()


@page(routes.HISTORY_HAND, "Hand", on_load=ReplayState.load)
def hand() -> rx.Component:
    """A hand, step by step."""
    return replay()


@page(routes.DASHBOARD, "Dashboard", on_load=DashboardState.load)
def start() -> rx.Component:
    """What waits, and the themes."""
    return dashboard()
