"""Attacks, each with the figure it shows.

A test names the row of the table in docs/security.md that it belongs to with ``@pytest.mark.row("...")`` and reports
with the fixture `figure`. `./mixline security` runs the numbers of the table; here and in CI they are smaller.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from app.commands.security import BAD_INPUT, FIGURES, FULL_VARIABLE, REPORT_VARIABLE
from tests.api.conftest import api, browser, member, open_browser  # noqa: F401 fixtures

Figure = Callable[..., None]
Scale = Callable[[int, int], int]
Within = Callable[[float, float], bool]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--row", action="append", default=[], help="only the tests of this row of the figures")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "row(name): the row of the security figures that a test belongs to")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    wanted = set(config.getoption("--row", default=[]) or [])
    if not wanted:
        return
    kept = [item for item in items if wanted & {name for mark in item.iter_markers("row") for name in mark.args}]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


@pytest.fixture
def scale() -> Scale:
    """The number for a short run, or the table's own under `./mixline security`."""
    return lambda short, full: full if os.environ.get(FULL_VARIABLE) else short


@pytest.fixture
def within(scale: Scale) -> Within:
    """Whether something took no longer than it may: judged by `./mixline security` alone, on a machine that is calm."""
    return lambda taken, limit: taken <= scale(10**9, 1) * limit


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Figure:
    """Report a figure; one that is not passed fails the test. ``passed=None``: it could not be checked here."""
    marks = [name for mark in request.node.iter_markers("row") for name in mark.args]

    def report(text: str, *, passed: bool | None, row: str | None = None) -> None:
        name = row or marks[0]
        assert name in FIGURES + BAD_INPUT, name
        if path := os.environ.get(REPORT_VARIABLE):
            with Path(path).open("a") as file:
                file.write(json.dumps({"row": name, "figure": text, "passed": passed}) + "\n")
        print(f"{name}: {text}")
        assert passed is not False, f"{name}: {text}"

    return report
