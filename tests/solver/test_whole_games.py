"""Whole games: suits renamed, and every kernel on a tree of all streets with bounds checked and nothing compiled."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import config

from solver import Spot, parse_spot, solve
from solver.isomorphism import SUIT_MAPS, SuitMap, combo_map, inverse, map_card

JIT = not getattr(config, "DISABLE_JIT", 0)
SIZES = {"oop": {"bet": "50%", "raise": "a"}, "ip": {"bet": "50%", "raise": "a"}}
TURN = {
    "board": "Kh8h3cTd",
    "ranges": {"oop": "AhQh,KsQs:0.5,Th9h,8c8d,5h5s,AdJd,QcJc", "ip": "AsKd,AcTc,JhJd,9h7h,6s6c:0.7,QhJh,4c4d"},
    "pot": 60,
    "effective_stack": 150,
    "sizes": {"turn": SIZES, "river": SIZES},
    "rake": {"rate": 0.05, "cap": 6},
}
FLOP = {
    # Three of a kind on the board leave few boards that differ by more than suits.
    "board": "KhKdKs",
    "ranges": {"oop": "AA", "ip": "QQ"},
    "pot": 60,
    "effective_stack": 60,
    "sizes": {"flop": {"ip": {"bet": "a"}}, "river": {"oop": {"bet": "a"}}},
}


def renamed(spot: Spot, suits: SuitMap) -> Spot:
    """The same game with its suits renamed."""
    source = combo_map(inverse(suits))
    return replace(
        spot,
        board=tuple(map_card(suits, card) for card in spot.board),
        oop_range=np.ascontiguousarray(spot.oop_range[source]),
        ip_range=np.ascontiguousarray(spot.ip_range[source]),
    )


@pytest.mark.usefixtures("compiled")
@settings(max_examples=8, deadline=None)
@given(suits=st.sampled_from(SUIT_MAPS))
def test_renaming_the_suits_changes_no_value(suits: SuitMap) -> None:
    spot = parse_spot(TURN)
    plain, other = (solve(one, target_pct=0.1) for one in (spot, renamed(spot, suits)))
    # Hands stand in another order, so sums are rounded in another order, and the paths part.
    slack = plain.exploitability_chips + other.exploitability_chips
    assert other.ev == pytest.approx(plain.ev, abs=slack)
    assert other.equity == pytest.approx(plain.equity, abs=1e-6)


def _figures(precision: Any) -> list[float]:
    """What an iteration of a flop gives."""
    solution = solve(parse_spot(FLOP), target_pct=0, max_iterations=1, precision=precision)
    return [*solution.ev, solution.exploitability_chips, *solution.node(()).strategy.ravel().tolist()]


@pytest.mark.parametrize("precision", ["f32", "i16"])
@pytest.mark.skipif(not JIT, reason="starts itself with JIT off")
@pytest.mark.usefixtures("compiled")
def test_a_flop_is_solved_alike_without_compilation_where_every_index_is_checked(precision: str) -> None:
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    code = f"import json, numpy; numpy.seterr(all='ignore'); from tests.solver.test_whole_games import _figures; print(json.dumps(_figures({precision!r})))"  # noqa: E501
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    np.testing.assert_allclose(json.loads(done.stdout), _figures(precision), rtol=1e-3, atol=2e-3)
