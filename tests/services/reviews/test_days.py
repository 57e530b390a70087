"""The player's calendar: 04:00, daylight saving both ways, and journeys."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reviews.days import day_of, day_starts, known, zones

PLACES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "Africa/Cairo",
    "America/Santiago",
)


def local(zone: str, *moment: int, fold: int = 0) -> datetime:
    return datetime(*moment, tzinfo=ZoneInfo(zone), fold=fold)  # type: ignore[misc]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
def test_a_day_begins_at_four_in_the_morning(zone: str):
    assert day_of(local(zone, 2026, 6, 10, 3, 59, 59), zone) == date(2026, 6, 9)
    assert day_of(local(zone, 2026, 6, 10, 4), zone) == date(2026, 6, 10)


def test_in_spring_the_day_of_the_change_is_an_hour_shorter_and_still_one_day():
    night = date(2026, 3, 28)  # in Berlin clocks go from 02:00 to 03:00 on 29 March
    assert day_starts(date(2026, 3, 29), "Europe/Berlin") - day_starts(night, "Europe/Berlin") == timedelta(hours=23)
    assert day_of(local("Europe/Berlin", 2026, 3, 29, 3, 30), "Europe/Berlin") == night
    assert day_of(local("Europe/Berlin", 2026, 3, 29, 4), "Europe/Berlin") == date(2026, 3, 29)


def test_in_autumn_both_hours_between_two_and_three_belong_to_the_evening_before():
    zone, night = "America/New_York", date(2026, 10, 31)  # clocks go from 02:00 back to 01:00 on 1 November
    first, second = (local(zone, 2026, 11, 1, 1, 30, fold=fold) for fold in (0, 1))
    assert second.astimezone(UTC) - first.astimezone(UTC) == timedelta(hours=1)
    assert day_of(first, zone) == day_of(second, zone) == night
    assert day_starts(date(2026, 11, 1), zone) - day_starts(night, zone) == timedelta(hours=25)


@given(
    st.sampled_from(PLACES),
    st.integers(0, 20 * 366 * 86_400).map(lambda after: datetime(2015, 1, 1, tzinfo=UTC) + timedelta(seconds=after)),
)
def test_every_moment_lies_in_the_day_that_has_begun_and_not_ended(zone: str, moment: datetime):
    day = day_of(moment, zone)
    assert day_starts(day, zone) <= moment < day_starts(day + timedelta(days=1), zone)


def test_a_journey_changes_the_date_and_nothing_else():
    moment = datetime(2026, 11, 23, 20, tzinfo=UTC)
    assert day_of(moment, "Asia/Tokyo") == date(2026, 11, 24)
    assert day_of(moment, "America/Los_Angeles") == date(2026, 11, 23)


def test_zones_are_places_and_utc():
    assert "UTC" in zones()
    assert "Europe/Berlin" in zones()
    assert all(map(known, zones()))
    assert not known("Mars/Olympus")
    assert not known("")
