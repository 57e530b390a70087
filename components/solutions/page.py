"""The whole of "New solve": the form, and beside it what became of it."""

import reflex as rx

from components.solutions.form import solve_form
from components.solutions.own import own_solves
from components.solutions.strategy import solving, strategy
from components.ui import empty_state, error_text
from state.solutions import SolveState


def new_solve() -> rx.Component:
    """The page's content."""
    return rx.el.div(
        rx.el.div(
            rx.el.h1("New solve"),
            rx.el.p("Your own board, ranges, stacks and sizes, solved on this machine."),
            class_name="page-head",
        ),
        rx.el.div(
            solve_form(),
            rx.el.div(
                rx.match(
                    SolveState.phase,
                    ("waiting", solving()),
                    ("solving", solving()),
                    ("done", strategy()),
                    rx.fragment(
                        error_text(SolveState.notice, role="status"),
                        empty_state("The strategy appears here", "Press Solve: the example takes about a second."),
                    ),
                ),
                class_name="solve-side",
            ),
            class_name="solve",
        ),
        own_solves(),
    )


def one_solution() -> rx.Component:
    """The content of a solution's own page."""
    return rx.el.div(
        rx.el.div(
            rx.el.h1(SolveState.library_name),
            rx.el.p("Follow the actions and cards; every figure is of the node you are at."),
            class_name="page-head",
        ),
        rx.match(
            SolveState.phase,
            ("done", strategy()),
            ("opening", rx.el.p("Opening", role="status")),
            error_text(SolveState.notice, role="status"),
        ),
        class_name="solution",
    )
