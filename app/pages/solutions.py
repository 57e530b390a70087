"""The page "New solve"."""

import reflex as rx

from app.layout import page
from components.solutions import new_solve
from state import routes
from state.solutions import SolveState


@page(routes.SOLVE, "New solve", on_load=SolveState.load)
def solve() -> rx.Component:
    """Ask for a solve, watch it, read its strategy."""
    return new_solve()
