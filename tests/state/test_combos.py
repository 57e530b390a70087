"""The table of combos: a row a hand, what it plays, and what each action is worth."""

from __future__ import annotations

import numpy as np

from solver.cards import HAND_CLASS_INDEX, parse_combo
from state.combos import ComboView, combo_views

COMBOS = np.array([parse_combo("8h8c"), parse_combo("AhKh")])
STRATEGY = np.array([[0.25, 1.0], [0.75, 0.0]])
Q = np.array([[20.0, np.nan], [40.0, np.nan]])


def test_a_combo_shows_its_weight_its_mix_its_ev_and_that_of_each_action() -> None:
    eights, unknown = combo_views(COMBOS, np.array([0.5, 1.0]), np.array([0.625, np.nan]), (STRATEGY, Q), 100, 10)
    assert eights == ComboView("8h8c", HAND_CLASS_INDEX["88"], "50%", "62.5%", "3.50", ("25%", "75%"), ("2.00", "4.00"))
    assert (unknown.equity, unknown.ev, unknown.evs) == ("–", "–", ("–", "–"))


def test_evs_are_in_the_players_unit() -> None:
    eights, _ = combo_views(COMBOS, np.ones(2), np.ones(2), (STRATEGY, Q), 200, 10, "pct")
    assert (eights.ev, eights.evs) == ("17.5", ("10.0", "20.0"))


def test_of_the_player_who_waits_there_is_no_mix_and_no_ev() -> None:
    (eights, _) = combo_views(COMBOS, np.ones(2), np.ones(2), None, 100, 10)
    assert (eights.ev, eights.frequencies, eights.evs) == ("", (), ())
