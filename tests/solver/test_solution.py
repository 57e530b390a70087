"""Nodes of a solution: isomorphic cards, values, reaches and what is measured at them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any

import numpy as np
import pytest

from solver import Solution, Spot, SpotError, parse_spot, solve
from solver.boards import find_deals
from solver.cards import COMBO_CARDS
from solver.isomorphism import SUIT_MAPS, combo_map, compose, deals, inverse, map_card, symmetries

Load = Callable[[str], tuple[Spot, dict[str, Any]]]

SIZES = {"oop": {"bet": "50%", "raise": "a"}, "ip": {"bet": "50%", "raise": "a"}}
FLOP = {
    "board": "Kh8h3h", "ranges": {"oop": "KK,88:0.5,AKs,AhQh,QJs,76s", "ip": "QQ,KQs,AJs,T9s,A8s"},
    "pot": 100, "effective_stack": 200, "sizes": {"flop": SIZES, "turn": SIZES, "river": SIZES},
}  # fmt: skip


@pytest.fixture(scope="module")
def flop(compiled: None) -> Solution:
    """A monotone flop: three suits can be renamed."""
    return solve(parse_spot(FLOP), target_pct=1, max_iterations=60, precision="f32")


def test_permutations_undo_and_follow_one_another() -> None:
    for suits in SUIT_MAPS:
        assert compose(suits, inverse(suits)) == (0, 1, 2, 3)
        cards = np.array([map_card(suits, card) for card in range(52)])
        mapped = np.sort(cards[COMBO_CARDS], axis=1)
        np.testing.assert_array_equal(np.sort(COMBO_CARDS[combo_map(suits)], axis=1), mapped)


def test_interchangeable_suits_are_found_from_board_and_ranges() -> None:
    spot = parse_spot(FLOP)
    assert len(symmetries(spot.board, spot.ranges)) == 6
    assert len(symmetries(spot.board, (spot.oop_range, spot.oop_range * _only("AsKs")))) == 2
    rainbow = parse_spot({**FLOP, "board": "Kh8d3c"})
    assert len(symmetries(rainbow.board, rainbow.ranges)) == 1


def _only(combo: str) -> np.ndarray:
    spot = parse_spot({**FLOP, "ranges": {"oop": combo, "ip": "QQ"}, "board": "2h3h4h"})
    return spot.oop_range


def test_every_card_belongs_to_one_orbit() -> None:
    spot = parse_spot(FLOP)
    dealt = find_deals(spot)
    assert sorted(card for turn in dealt.turns for card, _ in turn.images) == [
        card for card in range(52) if card not in spot.board
    ]
    assert len(deals([(0, 1, 2, 3)], spot.board)) == 49


def test_a_solution_is_as_good_in_the_game_without_symmetry(compiled: None) -> None:
    spot = parse_spot({**FLOP, "board": "Kh8h3h2h"})
    symmetric = solve(spot, target_pct=0.3, max_iterations=300)
    # A weight that differs by a hair makes the suits differ.
    weights = spot.oop_range.copy()
    weights[np.flatnonzero(weights == 1)[0]] = 0.9999999
    plain = solve(spot.with_(oop_range=weights), target_pct=100, max_iterations=1)
    dealt = [len(solution.game.boards.deals.rivers[0]) for solution in (symmetric, plain)]
    assert dealt == [22, 35]
    plain.replace_strategies(lambda line, _: symmetric.node(line).strategy, streets=(1, 2))
    assert plain.exploitability_chips == pytest.approx(symmetric.exploitability_chips, abs=1e-3 * spot.pot / 100)
    assert plain.ev == pytest.approx(symmetric.ev, abs=1e-3)


def test_a_node_on_an_image_card_is_the_solved_one_with_its_suits_renamed(flop: Solution) -> None:
    swap = (0, 3, 2, 1)  # diamonds and spades
    first = flop.node(("check", "check", "deal 7d", "check", "bet 50"))
    second = flop.node(("check", "check", "deal 7s", "check", "bet 50"))
    order = np.argsort(combo_map(swap)[first.combos])
    np.testing.assert_array_equal(combo_map(swap)[first.combos][order], second.combos)
    np.testing.assert_allclose(first.strategy[:, order], second.strategy, atol=1e-6)
    np.testing.assert_allclose(first.best_response[:, order], second.best_response, atol=1e-3)
    # On the flop a hand and its image are trained apart, to a step of their 16 bits.
    np.testing.assert_allclose(first.reach[:, combo_map(swap)], second.reach, atol=2 / 65535)


@pytest.mark.parametrize("street", [0, 1, 2])
def test_strategies_add_up_and_best_responses_are_not_below_the_profile(flop: Solution, street: int) -> None:
    for line in islice(flop.decision_lines((street,)), 0, 2000, 97):
        node = flop.node(line)
        np.testing.assert_allclose(node.strategy.sum(axis=0), 1, atol=1e-6)
        np.testing.assert_array_equal(node.best_response[0] == 0, node.action_ev[0] == 0)
        ev = (node.strategy * node.action_ev).sum(axis=0)
        known = np.isfinite(ev)
        assert (node.best_response.max(axis=0)[known] >= ev[known] - 1e-3 * flop.spot.pot).all()
        assert (node.combos[:-1] < node.combos[1:]).all()
        assert not np.isin(COMBO_CARDS[node.combos], np.array(node.position.board)).any()


def test_the_root_node_gives_the_evs_of_the_solution(flop: Solution) -> None:
    root = flop.node(())
    other = np.array(
        [flop.spot.ip_range[np.isin(COMBO_CARDS, hand, invert=True).all(axis=1)].sum() for hand in COMBO_CARDS]
    )
    weight = root.reach[0, root.combos] * other[root.combos]
    ev = (root.strategy * root.action_ev).sum(axis=0)
    assert (ev * weight).sum() / weight.sum() == pytest.approx(flop.ev[0], abs=0.01)
    assert (root.equity * weight).sum() / weight.sum() == pytest.approx(flop.equity[0], abs=1e-5)
    assert root.local_exploitability_pct == pytest.approx(flop.exploitability_pct, abs=1e-3)


def test_reaches_are_weights_times_the_players_own_strategy(flop: Solution) -> None:
    root = flop.node(())
    after = flop.node(("bet 50",))
    index = root.position.actions.index("bet 50")
    expected = root.reach[0, root.combos] * root.strategy[index]
    np.testing.assert_allclose(after.reach[0, root.combos], expected, atol=1e-6)
    np.testing.assert_array_equal(after.reach[1], flop.spot.ip_range)


def test_a_child_is_worth_what_its_parent_says(flop: Solution) -> None:
    line = ("check", "bet 50", "call", "deal 2c", "check")
    parent, child = flop.node(line), flop.node((*line, "bet 100"))
    assert parent.position.player == 1
    # IP's bet, seen by IP: what OOP's answers leave. Averaged over both players' hands, chips are conserved.
    index = parent.position.actions.index("bet 100")
    ip = _mean(parent, parent.action_ev[index], child.reach[1], 1)
    oop = _mean(child, (child.strategy * child.action_ev).sum(axis=0), child.reach[0], 0)
    assert ip + oop == pytest.approx(parent.position.pot + 0, abs=0.02 * flop.spot.pot)


def _mean(node: Any, values: np.ndarray, own: np.ndarray, player: int) -> float:
    met = np.array(
        [node.reach[1 - player][np.isin(COMBO_CARDS, hand, invert=True).all(axis=1)].sum() for hand in COMBO_CARDS]
    )
    weight = own[node.combos] * met[node.combos]
    known = weight > 0
    return float((values * weight)[known].sum() / weight[known].sum())


def test_all_cards_are_listed_or_one_of_each_orbit(flop: Solution) -> None:
    one = list(flop.decision_lines((1,)))
    every = list(flop.decision_lines((1,), canonical=False))
    assert len(set(every)) == len(every) > 2 * len(one)
    assert set(one) < set(every)
    for line in every[::101]:
        assert flop.position(line).kind == "decision"


def test_replaced_strategies_are_served_and_measured() -> None:
    solution = solve(parse_spot(FLOP), target_pct=100, max_iterations=20)
    before = solution.exploitability_pct

    def pure(line: tuple[str, ...], strategy: np.ndarray) -> np.ndarray:
        return (strategy == strategy.max(axis=0)).astype(np.float32)

    solution.replace_strategies(pure)
    root = solution.node(())
    assert set(np.unique(np.round(root.strategy, 3))) <= {0.0, 0.333, 0.5, 1.0}
    assert solution.exploitability_pct != before


def test_after_a_tremble_lines_that_are_never_taken_have_values(reference_spot: Load) -> None:
    spot, _ = reference_spot("t4_paired_3bp_rake")
    solution = solve(spot, target_pct=0.2, max_iterations=300, tremble=0.0005)
    node = solution.node(("allin 670",))
    assert np.isfinite(node.best_response).all()
    assert node.reach[0].max() > 0


def test_only_decisions_have_a_strategy(flop: Solution) -> None:
    with pytest.raises(SpotError, match="not at a decision"):
        flop.node(("check", "check"))
