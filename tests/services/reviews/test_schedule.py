"""The schedule against the published vectors of the FSRS project, and cards as folds of their entries."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fsrs import Card, Rating, Scheduler
from fsrs.scheduler import DEFAULT_PARAMETERS
from hypothesis import given
from hypothesis import strategies as st

from services.reviews.schedule import (
    LONGEST_DAYS,
    Entry,
    Kind,
    Memory,
    fold,
    forecast,
    rated,
    recall,
    scheduler,
    verdict,
)

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "vectors.json").read_text(encoding="utf-8"))
DAY = date(2026, 11, 23)
MISTAKE = UUID(int=7)


def entry(position: int, kind: Kind, on: date = DAY) -> Entry:
    decision = UUID(int=position) if kind == "missed" else None
    return Entry(position, on, datetime(2026, 11, 23, tzinfo=UTC), kind, (), decision)


def test_the_library_gives_the_published_intervals():
    vector = VECTORS["intervals"]
    library = Scheduler(enable_fuzzing=False)
    card, now, days = Card(card_id=1), datetime(2022, 11, 29, 12, 30, tzinfo=UTC), []
    for rating in vector["ratings"]:
        card, _ = library.review_card(card, Rating(rating), now)
        assert card.last_review is not None
        days.append((card.due - card.last_review).days)
        now = card.due
    assert days == vector["days"]


@pytest.mark.parametrize("name", ["memory_state", "memory_state_without_same_day_terms"])
def test_the_memory_after_a_history_is_the_published_one(name: str):
    vector = VECTORS[name]
    parameters = list(DEFAULT_PARAMETERS)
    if name != "memory_state":
        parameters[17:20] = [0.0, 0.0, 0.0]
    using = Scheduler(parameters, learning_steps=(), relearning_steps=(), enable_fuzzing=False)
    memory: Memory | None = None
    on = DAY
    for rating, elapsed in zip(vector["ratings"], vector["elapsed_days"], strict=True):
        on += timedelta(days=elapsed)
        memory = rated(memory, Rating(rating), on, using)
    assert memory is not None
    assert memory.stability == pytest.approx(vector["stability"], abs=1e-4)
    assert memory.difficulty == pytest.approx(vector["difficulty"], abs=1e-4)


@pytest.mark.parametrize("rating", [1, 2, 3, 4])
def test_the_first_rating_gives_the_published_memory(rating: int):
    memory = rated(None, Rating(rating), DAY)
    assert memory.stability == pytest.approx(VECTORS["first_rating"]["stability"][rating - 1], abs=1e-4)
    assert memory.difficulty == pytest.approx(VECTORS["first_rating"]["difficulty"][rating - 1], abs=1e-4)


def test_a_mistake_makes_a_card_for_the_next_day():
    state = fold([entry(1, "missed")])
    assert state is not None
    assert (state.due_on, state.reviews, state.lapses) == (DAY + timedelta(days=1), 0, 0)


def test_nothing_but_a_mistake_makes_a_card():
    assert fold([entry(1, "passed"), entry(2, "suspended")]) is None


def test_a_further_mistake_brings_the_card_forward_and_leaves_what_is_known_of_it():
    known = [
        entry(1, "missed"),
        entry(2, "passed", DAY + timedelta(days=1)),
        entry(3, "passed", DAY + timedelta(days=3)),
    ]
    before = fold(known)
    again = fold([*known, entry(4, "missed", DAY + timedelta(days=4))])
    assert before is not None
    assert again is not None
    assert again == replace(before, due_on=DAY + timedelta(days=5), decision_id=UUID(int=4))
    assert before.due_on > again.due_on


def test_passing_lengthens_the_interval_and_failing_shortens_it():
    entries = [entry(1, "missed")]
    intervals = []
    for number in range(2, 7):
        state = fold(entries)
        assert state is not None
        entries.append(entry(number, "passed", state.due_on))
        state = fold(entries)
        assert state is not None
        intervals.append(state.memory.interval)
    assert intervals == sorted(intervals)
    assert intervals[-1] > intervals[0]
    failed = fold([*entries, entry(9, "failed", state.due_on)])
    assert failed is not None
    assert failed.memory.interval < intervals[-1]
    assert failed.lapses == 1


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("best", "best", "correct"), "passed"),
        (("best", "inaccuracy", "wrong"), "passed"),
        (("best", "wrong", "wrong"), "failed"),
        (("best", "best", "blunder"), "failed"),
        (("best", "wrong", "uncertain"), "failed"),
        (("best", "uncertain", "uncertain"), "passed"),
        (("uncertain", "uncertain", "uncertain"), "unsure"),
    ],
)
def test_a_review_is_passed_with_two_of_three_and_no_blunder(words: tuple[str, ...], expected: str):
    assert verdict(words) == expected


def test_a_card_that_travels_west_never_goes_back_in_time():
    memory = rated(rated(None, Rating.Again, DAY), Rating.Good, DAY + timedelta(days=1))
    again = rated(memory, Rating.Good, DAY)
    assert again.on == memory.on
    assert recall(again, DAY) == 1.0


KINDS: tuple[Kind, ...] = ("missed", "passed", "failed", "unsure", "suspended", "resumed")


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 60)), min_size=1, max_size=25), st.randoms())
def test_a_card_is_the_same_whatever_order_its_entries_are_read_in(
    history: list[tuple[Kind, int]], chance: random.Random
):
    entries = [entry(number, kind, DAY + timedelta(days=days)) for number, (kind, days) in enumerate(history, 1)]
    shuffled = entries.copy()
    chance.shuffle(shuffled)
    state = fold(entries)
    assert fold(shuffled) == state
    if state is not None:
        assert 1 <= state.memory.difficulty <= 10
        assert state.memory.stability > 0
        assert 1 <= state.memory.interval <= LONGEST_DAYS
        assert state.due_on > state.added_on
        assert 0 <= recall(state.memory, state.due_on) <= 1


@given(st.lists(st.integers(-40, 40)), st.integers(1, 30))
def test_the_forecast_counts_every_card_within_its_days_once(ahead: list[int], days: int):
    counts = forecast([DAY + timedelta(days=one) for one in ahead], DAY, days)
    assert len(counts) == days
    assert sum(counts) == sum(one < days for one in ahead)
    assert counts[0] == sum(one <= 0 for one in ahead)


def test_the_scheduler_has_no_fuzz_and_no_steps_within_a_day():
    assert not scheduler().enable_fuzzing
    assert scheduler().learning_steps == scheduler().relearning_steps == ()
