"""Solves on a page, bound to state.solutions."""

from components.solutions.library import library
from components.solutions.page import new_solve, one_solution

__all__ = ["library", "new_solve", "one_solution"]
