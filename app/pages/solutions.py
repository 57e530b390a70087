"""The pages "New solve", "Library", and that of one solution."""

import reflex as rx

from app.layout import page
from components.solutions import library, new_solve, one_solution
from state import routes
from state.library import LibraryState
from state.own_solves import OwnSolvesState
from state.solutions import SolveState


@page(routes.SOLVE, "New solve", on_load=[SolveState.load, OwnSolvesState.load])
def solve() -> rx.Component:
    """Ask for a solve, watch it, read its strategy."""
    return new_solve()


@page(routes.SOLUTIONS, "Library", on_load=LibraryState.load)
def solutions() -> rx.Component:
    """What is solved already, and how it grows."""
    return library()


@page(routes.SOLUTION, "Solution", on_load=SolveState.look)
def solution() -> rx.Component:
    """One stored solution, from the node that the address names."""
    return one_solution()
