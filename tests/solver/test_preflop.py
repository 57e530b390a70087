"""The declared preflop model: its accounting, its equilibrium, and the stored ranges."""

from __future__ import annotations

import dataclasses
import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from solver.cards import COMBO_CLASS, N_CLASSES
from solver.preflop import (
    DEFENDER,
    OPENER,
    RAISE,
    STARTER_GAMES,
    PreflopSolution,
    Realisation,
    solve_preflop,
)

BUTTON, SMALL_BLIND = STARTER_GAMES
FULL_EQUITY = Realisation(1.0, 1.0, 0.0, 0.0)
STORED = Path(__file__).parents[2] / "services" / "solutions" / "library" / "ranges-v0.json"
SIZES = np.bincount(COMBO_CLASS, minlength=N_CLASSES)


@cache
def solved(game_index: int) -> PreflopSolution:
    return solve_preflop(STARTER_GAMES[game_index], iterations=600)


def percent(weights: np.ndarray) -> float:
    return float(weights @ SIZES / SIZES.sum() * 100)


@pytest.mark.parametrize("game", STARTER_GAMES, ids=lambda game: game.name)
def test_at_full_equity_the_two_share_exactly_the_dead_money(game):
    alone = dataclasses.replace(game, squeezer="")
    assert sum(solve_preflop(alone, FULL_EQUITY, iterations=20).ev_bb) == pytest.approx(game.dead, abs=1e-12)


@pytest.mark.parametrize("index", [0, 1])
def test_nobody_gains_much_by_deviating(index):
    assert 0 <= solved(index).residual_bb < 1e-3


@pytest.mark.parametrize("index", [0, 1])
def test_frequencies_add_up_and_impossible_actions_are_never_taken(index):
    strategies = solved(index).strategies
    assert all(np.allclose(strategy.sum(axis=0), 1) for strategy in strategies)
    assert not strategies[0][1].any()
    assert not strategies[-1][RAISE].any()


def test_the_button_opens_within_the_sanity_band():
    assert 38 <= percent(solved(0).strategies[0][RAISE]) <= 52


@pytest.mark.parametrize("index", [0, 1])
def test_aces_never_fold_and_always_open(index):
    strategies = solved(index).strategies
    assert strategies[0][RAISE, 0] > 0.999
    assert all(strategy[0, 0] < 1e-3 for strategy in strategies)


def test_ranges_narrow_along_the_line():
    solution = solved(0)
    for player in (OPENER, DEFENDER):
        srp, three_bet, four_bet = (percent(solution.range_at(name, player)) for name in ("SRP", "3BP", "4BP"))
        assert four_bet < three_bet
        assert three_bet < srp


def test_the_small_blind_three_bets_as_often_as_the_big_blind():
    assert 100 * solved(0).squeezed == pytest.approx(percent(solved(0).strategies[1][RAISE]), abs=1e-6)


def test_better_realisation_for_the_button_means_more_opens():
    more = solve_preflop(BUTTON, Realisation(in_position=1.2), iterations=200)
    assert percent(more.strategies[0][RAISE]) > percent(solved(0).strategies[0][RAISE])


def test_every_starter_spot_has_the_pot_and_stack_of_the_product():
    spots = {
        (s["family"], s["pot_type"]): (s["pot_bb"], s["stack_bb"]) for s in json.loads(STORED.read_text())["spots"]
    }
    assert spots == {
        ("BTN vs BB", "SRP"): (5.5, 97.5),
        ("BTN vs BB", "3BP"): (22.5, 89),
        ("BTN vs BB", "4BP"): (48.5, 76),
        ("SB vs BB", "SRP"): (6, 97),
    }
