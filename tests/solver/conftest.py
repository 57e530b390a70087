"""Kernels are compiled before any test that solves, so that no test's time limit pays for it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from solver import Spot, parse_spot, warm_up

REFERENCE = Path(__file__).parents[1] / "reference"


@pytest.fixture(scope="session")
def compiled() -> None:
    """Both precisions are ready."""
    warm_up()


@pytest.fixture(scope="session")
def reference_spot() -> Callable[[str], tuple[Spot, dict[str, Any]]]:
    """(spot, what the reference solver found) by file name."""

    def load(name: str) -> tuple[Spot, dict[str, Any]]:
        data = json.loads((REFERENCE / "spots" / f"{name}.json").read_text())
        return parse_spot(data["spot"]), data["expected"]

    return load
