"""Boards on a page, bound to state.ratings."""

from components.ratings.board import leaderboard

__all__ = ["leaderboard"]
