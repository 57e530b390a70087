"""Solved spots: stored, solved on demand, solved on request."""
