"""Open sets in a list: what they count, and where they go on."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest

from services.training.history import PastSet
from services.training.models import SessionRow
from state.history_views import set_line

ID = uuid.UUID(int=7)
COMMON: dict[str, Any] = {
    "id": ID, "started_at": datetime(2026, 11, 23, tzinfo=UTC), "finished_at": None, "hands": 5, "decisions": 11,
}  # fmt: skip


@pytest.mark.parametrize(
    ("mode", "size", "plan", "name", "progress", "resume"),
    [
        ("hands", 20, None, "Hands", "11 of 20 decisions", f"/?set={ID}"),
        ("ranked", 200, None, "Weekly set", "11 of 200 decisions", "/leaderboard/play"),
        ("daily", 10, None, "Daily ten", "hand 5 of 10", "/daily"),
        ("range", 12, {"name": "Whole range"}, "Whole range", "11 of 12 ranges", "/drills/range"),
        ("drill", 8, {"name": "", "unit": "hands"}, "Drill", "hand 5 of 8", f"/?set={ID}"),
        ("drill", 20, {"name": "Turn barrels"}, "Turn barrels", "11 of 20 decisions", f"/?set={ID}"),
    ],
)
def test_an_open_set_tells_how_far_it_is_and_leads_back_to_itself(
    mode: str, size: int, plan: dict[str, Any] | None, name: str, progress: str, resume: str
) -> None:
    line = set_line(PastSet(SessionRow(**COMMON, mode=mode, set_size=size, plan=plan), 0.5, ""), "UTC")
    assert (line.name, line.progress, line.resume) == (name, progress, resume)
