"""Push or fold against the exact linear programme."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from solver.cards import HAND_CLASSES
from solver.errors import SpotError
from solver.pushfold import MAX_STACK, solve_push_fold

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "pushfold_heads_up.json").read_text())
STACKS = list(enumerate(REFERENCE["stacks"]))


@pytest.mark.parametrize(("column", "stack"), STACKS)
def test_the_value_is_that_of_the_linear_programme(column, stack):
    assert solve_push_fold(stack).value_sb == pytest.approx(REFERENCE["value_sb"][column], abs=6e-9)


@pytest.mark.parametrize(("column", "stack"), STACKS)
def test_the_gains_over_folding_are_those_of_the_linear_programme(column, stack):
    solved = solve_push_fold(stack)
    for gains, name in ((solved.push_gain, "dEV_push"), (solved.call_gain, "dEV_call")):
        expected = [REFERENCE[name][hand][column] for hand in HAND_CLASSES]
        assert gains == pytest.approx(np.array(expected), abs=6e-7)


@pytest.mark.parametrize(("column", "stack"), STACKS)
def test_pure_hands_play_as_in_the_linear_programme(column, stack):
    solved = solve_push_fold(stack)
    for played, name, gains in ((solved.push, "push", "dEV_push"), (solved.call, "call", "dEV_call")):
        for index, hand in enumerate(HAND_CLASSES):
            if abs(REFERENCE[gains][hand][column]) > 1e-6:
                assert played[index] == REFERENCE[name][hand][column]


@pytest.mark.parametrize("stack", [1, 1.5, 2, 4, 8.5, 20, 40, 100, MAX_STACK])
def test_nobody_gains_by_deviating(stack):
    assert solve_push_fold(stack).exploitability < 1e-6


def test_with_one_big_blind_the_big_blind_calls_with_everything():
    assert (solve_push_fold(1).call == 1).all()


@pytest.mark.parametrize("stack", [0.99, 0, -5, 251, float("nan"), float("inf")])
def test_a_stack_outside_its_domain_is_refused(stack):
    with pytest.raises(SpotError, match="from 1 to 250"):
        solve_push_fold(stack)
