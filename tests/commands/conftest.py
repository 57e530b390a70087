"""Commands run in this process."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def as_before(logs_as_before: None) -> None:
    """Commands log to the streams of their run, which are closed after it."""
