"""Solves on a page, bound to state.solutions."""

from components.solutions.page import new_solve

__all__ = ["new_solve"]
