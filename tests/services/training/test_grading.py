"""Grades: the boundaries of the table, the die, difficulty and score."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.training.grading import (
    WORDS,
    Cutoffs,
    die_intervals,
    die_pick,
    difficulty,
    ev_score,
    grade,
    largest_remainder,
    losses,
)
from services.training.views import Grade

CUTOFFS = Cutoffs()


def graded(
    loss_pct: float,
    *,
    pot_bb: float = 10,
    tolerance_pct: float = 0.0,
    frequency: float = 0.0,
    pick: int | None = 0,
    cutoffs: Cutoffs = CUTOFFS,
) -> Grade:
    """Grade the second of two actions, which loses ``loss_pct`` of the pot, at 1,000 chips per bb."""
    pot = round(pot_bb * 1000)
    return grade([0, -loss_pct / 100 * pot], [1 - frequency, frequency], 1, pot, 1000, tolerance_pct, pick, cutoffs)


def test_the_loss_is_the_distance_to_the_best_action_in_chips_bb_and_percent_of_the_pot() -> None:
    result = grade([0, 12.5, 30], [0, 0, 1], 1, 250, 10, 0.1, 2, CUTOFFS)
    assert (result.loss, result.loss_bb, result.loss_pct) == (17.5, 1.75, 7.0)


@pytest.mark.parametrize(
    ("loss_pct", "pot_bb", "word"),
    [
        (1.5, 10, "inaccuracy"),  # up to 1.5% of the pot
        (1.51, 10, "wrong"),
        (4.0, 1.2, "inaccuracy"),  # 0.048 bb: under 0.05 bb
        (4.0, 1.25, "wrong"),  # exactly 0.05 bb
        (5.0, 10, "wrong"),  # not over 5%
        (5.01, 10, "blunder"),
        (10.0, 2.4, "wrong"),  # 0.24 bb: under 0.25 bb
        (10.0, 2.5, "blunder"),  # exactly 0.25 bb
        (0.99, 100, "inaccuracy"),  # 0.99 bb
        (1.0, 100, "wrong"),  # 1 bb is wrong in a pot of any size
        (1.49, 201, "wrong"),  # 2.995 bb
        (1.5, 200, "blunder"),  # 3 bb is a blunder in a pot of any size
    ],
)
def test_the_boundaries_of_the_grades_are_those_of_the_table(loss_pct: float, pot_bb: float, word: str) -> None:
    result = graded(loss_pct, pot_bb=pot_bb)
    assert (result.word, result.borderline) == (word, False)


def test_a_loss_within_the_tolerance_is_best_when_the_solver_takes_the_action_often_enough() -> None:
    assert graded(0.3, tolerance_pct=0.3, frequency=0.10).word == "best"
    assert graded(0.3, tolerance_pct=0.3, frequency=0.099).word == "correct"


def test_the_pick_of_the_die_is_best_however_rare_it_is() -> None:
    assert graded(0.0, frequency=0.01, pick=1).word == "best"
    assert graded(0.0, frequency=0.01, pick=0).word == "correct"
    assert graded(0.0, frequency=0.01, pick=None).word == "correct"


def test_an_interval_across_two_grades_gives_the_milder_one_and_says_borderline() -> None:
    result = graded(1.6, tolerance_pct=0.3)  # 1.3% to 1.9%
    assert (result.word, result.borderline) == ("inaccuracy", True)
    result = graded(5.2, tolerance_pct=0.3)
    assert (result.word, result.borderline) == ("wrong", True)


def test_an_interval_within_one_grade_is_not_borderline() -> None:
    result = graded(2.5, tolerance_pct=0.3)
    assert (result.word, result.borderline) == ("wrong", False)


def test_a_loss_beyond_the_tolerance_is_never_best_even_when_the_die_named_it() -> None:
    assert graded(0.31, tolerance_pct=0.3, frequency=0.9, pick=1).word == "inaccuracy"


def test_above_a_tolerance_of_one_and_a_half_percent_nothing_is_graded() -> None:
    sure = graded(40, tolerance_pct=1.5)
    unsure = graded(40, tolerance_pct=1.51)
    assert (sure.word, sure.scored) == ("blunder", True)
    assert (unsure.word, unsure.scored, unsure.uncertain) == ("uncertain", False, True)
    assert unsure.loss_bb == pytest.approx(4)


def test_a_hand_against_which_villain_cannot_be_here_is_uncertain() -> None:
    result = grade([math.nan, 1.0], [0.5, 0.5], 0, 100, 10, 0.1, 0, CUTOFFS)
    assert (result.word, result.loss, result.difficulty) == ("uncertain", 0.0, 0.0)


def test_the_cutoffs_are_settings() -> None:
    assert graded(2.0, cutoffs=Cutoffs(inaccuracy_pct=2.5)).word == "inaccuracy"
    assert graded(2.0, cutoffs=Cutoffs(blunder_pct=1.9, blunder_bb=0.1)).word == "blunder"


rows = st.integers(2, 6).flatmap(
    lambda n: st.tuples(
        st.lists(st.floats(-500, 500), min_size=n, max_size=n),
        st.lists(st.floats(0, 1), min_size=n, max_size=n).filter(lambda f: sum(f) > 0.01),
        st.integers(0, n - 1),
    )
)


@given(rows, st.integers(10, 5000), st.floats(0, 2))
def test_every_grade_has_a_word_and_no_negative_figure(
    row: tuple[list[float], list[float], int], pot: int, tolerance_pct: float
) -> None:
    q, frequencies, chosen = row
    result = grade(q, frequencies, chosen, pot, 10, tolerance_pct, None, CUTOFFS)
    assert result.word in WORDS
    assert result.loss >= 0
    assert result.loss_pct >= 0
    assert result.difficulty >= 0
    assert result.scored is (result.word != "uncertain")


@given(rows, st.integers(10, 5000), st.floats(0, 1.5))
def test_a_larger_loss_never_gets_a_milder_grade(
    row: tuple[list[float], list[float], int], pot: int, tolerance_pct: float
) -> None:
    q, _, _ = row
    severity = [
        WORDS.index(grade(q, [0.0] * len(q), action, pot, 10, tolerance_pct, None, CUTOFFS).word)
        for action in np.argsort(losses(q), kind="stable")
    ]
    assert severity == sorted(severity)


@given(rows, st.integers(10, 5000), st.floats(0, 1.5))
def test_the_die_covers_1_to_100_and_never_names_an_action_beyond_the_tolerance(
    row: tuple[list[float], list[float], int], pot: int, tolerance_pct: float
) -> None:
    q, frequencies, _ = row
    widths = die_intervals(frequencies, q, pot, tolerance_pct)
    assert sum(widths) == 100
    loss_pct = 100 * losses(q) / pot
    for die in range(1, 101):
        assert loss_pct[die_pick(die, widths)] <= tolerance_pct + 1e-6


def test_the_die_gives_its_lowest_numbers_to_the_first_action() -> None:
    widths = die_intervals([0.25, 0.0, 0.75], [0, 0, 0], 100, 0.1)
    assert widths == (25, 0, 75)
    assert [die_pick(die, widths) for die in (1, 25, 26, 100)] == [0, 0, 2, 2]


def test_the_die_rounds_by_the_largest_remainder() -> None:
    assert largest_remainder([1 / 3, 1 / 3, 1 / 3], 100) == (34, 33, 33)
    assert largest_remainder([0.005, 0.995], 100) == (1, 99)
    assert largest_remainder([0.125, 0.125, 0.75], 100) == (13, 12, 75)


def test_a_mix_of_nothing_but_mistakes_leaves_the_die_the_least_bad_action() -> None:
    assert die_intervals([1.0, 0.0, 0.0], [-50, 0, -1], 100, 0.1) == (0, 100, 0)


def test_difficulty_is_what_a_plausible_player_loses() -> None:
    # two actions, 3% of the pot apart: the worse is chosen with probability 1 / (1 + e)
    assert difficulty([0, -3], 100) == pytest.approx(3 / (1 + math.e))
    assert difficulty([0, 0, 0], 100) == 0
    assert difficulty([0, -1000], 100) < 1e-9


def test_the_score_is_100_for_no_loss_and_50_for_the_plausible_player() -> None:
    assert ev_score(0, 2.5) == 100
    assert ev_score(2.5, 2.5) == 50
    assert ev_score(5, 2.5) == 25


def test_there_is_no_score_where_nothing_was_at_stake() -> None:
    assert ev_score(0, 0) is None
