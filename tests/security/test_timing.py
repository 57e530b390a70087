"""The statistic of the timing figures, on samples whose answer is known."""

from __future__ import annotations

import random

import pytest

from tests.security.timing import shift


@pytest.mark.parametrize(("delay_s", "told"), [(0.0, False), (0.002, False), (0.02, True)])
def test_a_difference_is_found_under_a_load_that_comes_and_goes(delay_s: float, told: bool) -> None:
    source = random.Random(7)
    load = [source.choice([0.0, 0.0, 0.3, 2.0]) * source.random() for _ in range(500)]
    first = [0.04 + delay_s + busy + source.gauss(0, 0.002) for busy in load]
    second = [0.04 + busy + source.gauss(0, 0.002) for busy in load]

    found = shift(first, second)

    assert found.low <= 1000 * delay_s <= found.high
    assert (abs(found.median) > 5) is told


def test_samples_of_one_distribution_have_a_large_p_and_shifted_ones_a_small() -> None:
    source = random.Random(3)
    first, second = ([source.gauss(1, 0.1) for _ in range(300)] for _ in range(2))

    assert shift(first, second).p > 0.05
    assert shift([one + 0.1 for one in first], second).p < 1e-6
