"""The weeks that boards and ranked sets run in: ISO weeks, Monday 00:00 to Monday 00:00 UTC."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_NAME = re.compile(r"(\d{4})-W(\d{2})")


@dataclass(frozen=True, slots=True, order=True)
class Week:
    """One week.

    Attributes:
        name: ISO 8601, e.g. ``2026-W48``.
        ends: The first moment of the next week.
    """

    starts: datetime
    ends: datetime
    name: str

    @property
    def before(self) -> Week:
        """The week before."""
        return week_of(self.starts - timedelta(days=1))


def week_of(moment: datetime) -> Week:
    """The week that holds ``moment`` (aware)."""
    day = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    year, week, weekday = day.isocalendar()
    starts = day - timedelta(days=weekday - 1)
    return Week(starts, starts + timedelta(days=7), f"{year}-W{week:02d}")


def week_named(name: str) -> Week:
    """The week called ``name``.

    Raises:
        ValueError: There is no such week.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        raise ValueError(f"'{name}' is no week; weeks are written like 2026-W48")
    return week_of(datetime.fromisocalendar(int(match[1]), int(match[2]), 1).replace(tzinfo=UTC))
