"""Solves on a page, bound to state.solutions."""

from components.solutions.page import new_solve, one_solution

__all__ = ["new_solve", "one_solution"]
