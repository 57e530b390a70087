"""The player's calendar: a day begins at 04:00 where they are.

Due dates are dates of that calendar, never moments, so that an hour more or less in spring and autumn, or a journey,
moves nothing by itself: it only changes which date it is now. A card's own days never run backwards (``schedule``).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

DAY_BEGINS = time(4)
DEFAULT_ZONE = "UTC"


@lru_cache(maxsize=1)
def zones() -> tuple[str, ...]:
    """Every time zone that can be chosen, by IANA name; those of places, and UTC."""
    places = sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))
    return (*places, "UTC")


def known(zone: str) -> bool:
    """Whether this is the name of a time zone that is the same on every machine."""
    return zone in available_timezones() - {"localtime"}


def day_of(moment: datetime, zone: str) -> date:
    """The training day in which a moment falls."""
    local = moment.astimezone(ZoneInfo(zone))
    return local.date() if local.time() >= DAY_BEGINS else local.date() - timedelta(days=1)


def day_starts(day: date, zone: str) -> datetime:
    """When a training day begins, in UTC."""
    return datetime.combine(day, DAY_BEGINS, ZoneInfo(zone)).astimezone(UTC)
