"""What is said about a loss per decision."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.training.statistics import HandLoss, interval, most_errors_pct


def some(seed: int, count: int) -> list[HandLoss]:
    """Hands with the heavy tail of real losses."""
    rng = np.random.default_rng(seed)
    return [HandLoss(int(rng.integers(1, 7)), float(rng.pareto(1.5) * (rng.random() < 0.3))) for _ in range(count)]


@given(st.integers(0, 2**32), st.integers(100, 400), st.integers(0, 400))
@settings(max_examples=15)
def test_an_interval_has_its_ends_in_order_within_what_was_seen_and_is_the_same_again(
    seed: int, count: int, others: int
):
    hands, population = some(seed, count), some(seed + 1, others)
    found = interval(hands, population)
    assert found is not None
    low, high = found
    rates = [100 * hand.loss_bb / hand.decisions for hand in (*hands, *population)]
    assert min(rates) - 1e-9 <= low <= high <= max(rates) + 1e-9
    assert interval(hands, population) == found


def test_below_a_hundred_decisions_there_is_no_interval():
    hands = [HandLoss(3, 0.1)] * 33
    assert interval(hands, hands) is None
    assert interval([*hands, HandLoss(1, 0.1)], hands) is not None


def test_a_player_without_a_loss_gets_an_upper_end_from_the_population():
    found = interval([HandLoss(1, 0.0)] * 100, [HandLoss(1, 1.0)] * 100)
    assert found is not None
    assert found[1] > 0


def test_more_hands_give_a_narrower_interval():
    rng = np.random.default_rng(1)
    hands = [HandLoss(1, float(loss)) for loss in rng.exponential(0.2, size=2000)]
    few, many = interval(hands[:100], hands), interval(hands, hands)
    assert few is not None
    assert many is not None
    assert many[1] - many[0] < few[1] - few[0]


@pytest.mark.parametrize(
    ("errors", "decisions", "expected"), [(0, 20, 15.0), (0, 2, 100.0), (0, 0, None), (1, 20, None)]
)
def test_without_an_error_their_share_is_at_most_three_in_n(errors: int, decisions: int, expected: float | None):
    assert most_errors_pct(errors, decisions) == expected
