"""Boards on a page, bound to state.ratings."""

from components.ratings.board import leaderboard
from components.ratings.fairness import fairness

__all__ = ["fairness", "leaderboard"]
