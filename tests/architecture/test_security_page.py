"""The page about security names every row and every requirement, and nothing that is not there."""

from __future__ import annotations

import re

from app.commands.security import BAD_INPUT, FIGURES
from services.infra.settings import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text()
# Requirements of levels 1 and 2 in each chapter of ASVS 5.0.
CHAPTERS = {
    1: 27,
    2: 11,
    3: 19,
    4: 10,
    5: 9,
    6: 35,
    7: 18,
    8: 7,
    9: 7,
    10: 29,
    11: 14,
    12: 9,
    13: 13,
    14: 9,
    15: 13,
    16: 16,
    17: 7,
}


def test_every_row_of_the_figures_is_described_and_attacked():
    described = re.findall(r"^\| ([^|]+?) \| [^|]+ \| [^|]*`(?:live/)?test_", PAGE, re.MULTILINE)
    assert described == [*FIGURES, *BAD_INPUT]
    attacked = "".join(path.read_text() for path in (ROOT / "tests" / "security").rglob("test_*.py"))
    assert [row for row in FIGURES + BAD_INPUT if f'row("{row}")' not in attacked] == []


def test_every_requirement_is_met_waived_or_does_not_apply():
    rows = re.findall(r"^\| (\d+)\.(\d+)\.(\d+) \| ([12]) \| (met|waived|n/a) \| (\S.*) \|$", PAGE, re.MULTILINE)
    assert len({row[:3] for row in rows}) == len(rows)
    assert {chapter: sum(int(row[0]) == chapter for row in rows) for chapter in CHAPTERS} == CHAPTERS


def test_what_the_page_points_to_exists():
    paths = re.findall(r"`((?:app|services|state|tests|solver|docs)/[\w./]+)`", PAGE)
    assert [path for path in paths if not (ROOT / path).exists()] == []
    tests = re.findall(r"`((?:live/)?test_\w+\.py)`", PAGE)
    assert [path for path in tests if not (ROOT / "tests" / "security" / path).exists()] == []
