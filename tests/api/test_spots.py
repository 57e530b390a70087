"""How the library grows, over REST."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.infra.settings import get_settings
from services.solutions import growth
from services.solutions.starter import FAMILIES
from tests.api.conftest import Browser


async def test_a_visitor_sees_how_far_every_family_is(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growth, "grown_folder", lambda: tmp_path)
    monkeypatch.setenv("MIXLINE_LIBRARY_FLOPS", "12")
    get_settings.cache_clear()
    answer = await browser.get("/api/spots/growth")
    assert answer.status_code == 200, answer.text
    told = answer.json()["data"]
    assert [(one["family"], one["pot_type"], one["depth_bb"]) for one in told["families"]] == [
        (family.name, family.pot_type, family.depth) for family in FAMILIES.values()
    ]
    assert sum(one["solved"] for one in told["families"]) == told["solved"] > 0
    assert sum(one["planned"] for one in told["families"]) == told["planned"] > told["solved"]
    assert (told["on"], told["solving"], told["now"], told["refused"]) == (True, None, "", 0)
