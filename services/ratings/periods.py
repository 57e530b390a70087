"""The periods that boards and ranked sets run in, UTC: ISO weeks from Monday 00:00, and days."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

Kind = Literal["weekly", "daily"]
KINDS: tuple[Kind, ...] = ("weekly", "daily")

_WEEK = re.compile(r"(\d{4})-W(\d{2})")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """One week or one day.

    Attributes:
        ends: The first moment of the next one.
        name: ISO 8601: ``2026-W48`` or ``2026-11-23``. It is also the id of the period's ranked set.
    """

    starts: datetime
    ends: datetime
    name: str
    kind: Kind

    @property
    def before(self) -> Period:
        """The one before."""
        return period_of(self.kind, self.starts - timedelta(hours=1))

    @property
    def following(self) -> Period:
        """The one after."""
        return period_of(self.kind, self.ends)


def period_of(kind: Kind, moment: datetime) -> Period:
    """The period that holds ``moment`` (aware)."""
    day = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if kind == "daily":
        return Period(day, day + timedelta(days=1), day.date().isoformat(), kind)
    year, week, weekday = day.isocalendar()
    starts = day - timedelta(days=weekday - 1)
    return Period(starts, starts + timedelta(days=7), f"{year}-W{week:02d}", kind)


def period_named(name: str) -> Period:
    """The period called ``name``.

    Raises:
        ValueError: There is none of that name.
    """
    week = _WEEK.fullmatch(name)
    if week is not None:
        day = datetime.fromisocalendar(int(week[1]), int(week[2]), 1)
        return period_of("weekly", day.replace(tzinfo=UTC))
    if _DAY.fullmatch(name) is None:
        raise ValueError(f"'{name}' is neither a week (2026-W48) nor a day (2026-11-23)")
    return period_of("daily", datetime.fromisoformat(name).replace(tzinfo=UTC))
