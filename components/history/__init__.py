"""The past on pages, bound to state.history."""

from components.history.dashboard import dashboard
from components.history.page import past
from components.history.replay import replay

__all__ = ["dashboard", "past", "replay"]
