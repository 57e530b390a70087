"""Whole solves against published numbers, closed forms and the slow twin; limits, progress and cancelling."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from solver import (
    Cancelled,
    Control,
    Progress,
    Spot,
    SpotError,
    TooLarge,
    build_tree,
    estimate,
    parse_bet_sizes,
    parse_spot,
    solve,
)
from solver.cards import COMBO_CARDS, COMBO_INDEX, parse_combo
from solver.hand_rank import rank_board
from solver.solution import Solution
from solver.spot import StreetSizes

from .reference import PRODUCTION, SlowGame

pytestmark = pytest.mark.usefixtures("compiled")

Load = Callable[[str], tuple[Spot, dict[str, Any]]]
CLOSED_FORMS = json.loads((Path(__file__).parents[1] / "reference" / "river_closed_forms.json").read_text())


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("r2_toy_polar_vs_catcher", 0.05),
        ("r6_shallow_weighted", 0.02),
        ("libratus_subgame3", 0.05),
        ("libratus_subgame4", 0.02),
        ("t4_paired_3bp_rake", 0.1),
        ("t1_crate_basic_donk", 0.3),
        ("f1_4bp_monotone_lowspr", 0.3),
    ],
)
def test_range_evs_and_equities_agree_with_the_reference(name: str, target: float, reference_spot: Load) -> None:
    spot, expected = reference_spot(name)
    solution = solve(spot, target_pct=target, max_iterations=3000)
    assert solution.exploitability_pct <= target
    theirs = expected.get("exploitability_pct_pot", expected.get("ev_error_pct_pot"))
    allowed = 2 * (solution.exploitability_pct + theirs) / 100 * spot.pot
    assert solution.ev == pytest.approx((expected["ev"]["oop"], expected["ev"]["ip"]), abs=allowed)
    if "equity" in expected:
        assert solution.equity == pytest.approx((expected["equity"]["oop"], expected["equity"]["ip"]), abs=2e-6)


def closed_form_spot(case: dict[str, Any]) -> Spot:
    """A spot in the older notation of ``river_closed_forms.json``."""
    ranges = []
    for player in ("oop", "ip"):
        weights = np.zeros(1326, np.float32)
        for hand, weight in case[player].items():
            weights[parse_combo(hand)] = weight
        ranges.append(weights)
    text = ",".join("a" if size == "a" else f"{100 * size:g}%" for size in case["sizes"])
    raises = ",".join("a" if size == "a" else f"{100 * size:g}%" for size in case.get("raises", []))
    both = StreetSizes(parse_bet_sizes(text), parse_bet_sizes(raises))
    ip = both if case.get("ip_bets", True) else StreetSizes((), parse_bet_sizes(raises))
    base = parse_spot({"board": case["board"], "ranges": {"oop": "AA", "ip": "KK"}, "pot": 1, "effective_stack": 1})
    # Ten chips for one, so that half-pot sizes stay whole.
    return base.with_(
        oop_range=ranges[0], ip_range=ranges[1], pot=10 * case["pot"], effective_stack=10 * case["stack"],
        sizes=((StreetSizes(), StreetSizes()),) * 2 + ((both, ip),),
    )  # fmt: skip


@pytest.mark.parametrize("case", [pytest.param(case, id=case["id"]) for case in CLOSED_FORMS])
def test_river_values_equal_their_closed_forms(case: dict[str, Any]) -> None:
    spot = closed_form_spot(case)
    solution = solve(spot, target_pct=0.02, max_iterations=20_000)
    assert solution.ev[0] == pytest.approx(10 * case["result"]["ev_oop"], abs=1e-3 * spot.pot)
    assert solution.ev[1] == pytest.approx(10 * case["result"]["ev_ip"], abs=1e-3 * spot.pot)
    assert solution.equity[0] == pytest.approx(case["result"]["equity_oop"], abs=1e-6)


@pytest.mark.parametrize("precision", ["f32", "i16"])
def test_a_narrow_turn_follows_the_slow_twin(precision: Any) -> None:
    sizes = {"oop": {"bet": "50%", "raise": "a"}, "ip": {"bet": "50%", "raise": "a"}}
    spot = parse_spot(
        {
            "board": "Td9d6hQc", "ranges": {"oop": "TT,99:0.5,QJs,87s,A5s", "ip": "QQ,AQs,JTs:0.7,76s"},
            "pot": 100, "effective_stack": 150, "sizes": {"turn": sizes, "river": sizes},
            "rake": {"rate": 0.05, "cap": 8},
        }
    )  # fmt: skip
    twin = slow_game(spot)
    # From the third iteration on, hands that tied exactly part ways by rounding.
    for t in range(2):
        twin.iterate(t, PRODUCTION)
    solution = solve(spot, target_pct=0, max_iterations=2, precision=precision)
    tolerance = 1e-6 if precision == "f32" else 1e-3
    assert solution.exploitability_chips == pytest.approx(twin.exploitability(), rel=tolerance)
    assert solution.ev == pytest.approx((twin.ev(0) + 50, twin.ev(1) + 50), rel=tolerance)


def slow_game(spot: Spot) -> SlowGame:
    """The slow twin of a turn spot."""
    combos = [np.flatnonzero(weights) for weights in spot.ranges]

    def strength(player: int, card: int) -> np.ndarray:
        return rank_board((*spot.board, card), combos[player].astype(np.int16)).astype(np.int64)

    return SlowGame(
        build_tree(spot), spot.pot, [COMBO_CARDS[c].astype(np.int64) for c in combos],
        [weights[c].astype(np.float64) for weights, c in zip(spot.ranges, combos, strict=True)], strength,
        [card for card in range(52) if card not in spot.board], 1 / 44, (spot.rake_rate, spot.rake_cap),
    )  # fmt: skip


def test_without_bets_the_ev_is_the_equity_of_the_pot() -> None:
    spot = parse_spot({"board": "Td9d6h", "ranges": {"oop": "TT+", "ip": "AK,QJs"}, "pot": 100, "effective_stack": 50})
    solution = solve(spot, max_iterations=1)
    assert solution.exploitability_pct == pytest.approx(0, abs=1e-4)
    assert solution.ev == pytest.approx((100 * solution.equity[0], 100 * solution.equity[1]), abs=1e-3)


def test_evs_add_up_to_the_pot_and_exploitability_is_not_negative(reference_spot: Load) -> None:
    spot, _ = reference_spot("t1_crate_basic_donk")
    solution = solve(spot, target_pct=0, max_iterations=3)
    assert sum(solution.ev) == pytest.approx(spot.pot, rel=1e-5)
    assert solution.exploitability_chips > 0


def test_two_threads_find_the_same_solution_as_one(reference_spot: Load) -> None:
    spot, _ = reference_spot("t4_paired_3bp_rake")
    one, two = (solve(spot, target_pct=0, max_iterations=30, threads=threads) for threads in (1, 2))
    assert one.exploitability_chips == two.exploitability_chips
    assert one.ev == two.ev


def test_sixteen_bits_reach_the_accuracy_of_float32_on_a_flop(reference_spot: Load) -> None:
    spot, _ = reference_spot("f1_4bp_monotone_lowspr")
    wide, narrow = (solve(spot, target_pct=0, max_iterations=30, precision=precision) for precision in ("f32", "i16"))
    assert narrow.memory_bytes < 0.55 * wide.memory_bytes
    assert narrow.exploitability_pct < 1.1 * wide.exploitability_pct + 0.01


def test_the_memory_of_a_solve_with_locks_is_known_too() -> None:
    """Suits that were interchangeable are not any more, and each needs boards of its own."""
    half = {"bet": "50%", "raise": "a"}
    sizes = {street: {"oop": half, "ip": half} for street in ("turn", "river")}
    ranges = {"oop": "22+,A2s+,KTo+", "ip": "22+,A2s+,KTo+"}
    spot = parse_spot({"board": "Td9d6d2d", "ranges": ranges, "pot": 90, "effective_stack": 300, "sizes": sizes})
    even = np.full((2, 1326), 0.5, np.float32)
    expected = estimate(spot, locked=True)
    used = solve(spot, target_pct=100, max_iterations=1, locks={(): even}).memory_bytes
    assert estimate(spot).memory_bytes < 0.7 * expected.memory_bytes
    assert 0.9 < expected.memory_bytes / used < 1.1


@pytest.mark.parametrize("name", ["r6_shallow_weighted", "t1_crate_basic_donk", "f1_4bp_monotone_lowspr"])
def test_the_memory_is_known_before_anything_is_allocated(name: str, reference_spot: Load) -> None:
    spot, _ = reference_spot(name)
    expected = estimate(spot)
    used = solve(spot, target_pct=100, max_iterations=1).memory_bytes
    assert 0.9 < expected.memory_bytes / used < 1.1


def test_a_solve_above_the_memory_limit_is_refused(reference_spot: Load) -> None:
    spot, _ = reference_spot("t1_crate_basic_donk")
    with pytest.raises(TooLarge) as refused:
        solve(spot, memory_limit=1_000_000)
    assert refused.value.memory_bytes == estimate(spot).memory_bytes


def test_progress_is_told_at_every_check(reference_spot: Load) -> None:
    spot, _ = reference_spot("r6_shallow_weighted")
    told: list[Progress] = []
    solution = solve(spot, target_pct=0, max_iterations=25, on_progress=told.append)
    assert [progress.iteration for progress in told] == [10, 25]
    assert solution.trace == [(p.iteration, p.seconds, p.pct_pot) for p in told]
    assert solution.iterations == 25


def test_checks_come_closer_together_as_the_target_does(reference_spot: Load) -> None:
    spot, _ = reference_spot("r6_shallow_weighted")
    checked = [iteration for iteration, _, _ in solve(spot, target_pct=0.05, max_iterations=1000).trace]
    gaps = np.diff([0, *checked])
    assert set(gaps) <= {10, 20, 30}
    assert gaps[1] == 30
    assert gaps[-1] == 10


def test_a_cancelled_solve_stops_at_once(reference_spot: Load) -> None:
    spot, _ = reference_spot("f1_4bp_monotone_lowspr")
    control = Control()
    reached: list[int] = []

    def cancel() -> None:
        while control.iteration < 2:
            time.sleep(0.001)
        control.cancel()
        reached.append(control.iteration)

    thread = threading.Thread(target=cancel)
    thread.start()
    with pytest.raises(Cancelled):
        solve(spot, target_pct=0, max_iterations=100_000, control=control)
    thread.join()
    assert control.iteration <= reached[0] + 1


def test_a_wish_to_stop_that_comes_while_the_result_is_measured_counts_too(
    reference_spot: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    spot, _ = reference_spot("t1_crate_basic_donk")
    control, measure = Control(), Solution.measure

    def interrupted(solution: Solution) -> None:
        control.cancel()
        measure(solution)

    monkeypatch.setattr(Solution, "measure", interrupted)
    with pytest.raises(Cancelled):
        solve(spot, target_pct=100, control=control)


def test_a_wish_to_stop_is_heard_while_the_boards_are_built(reference_spot: Load) -> None:
    spot, _ = reference_spot("t1_crate_basic_donk")

    class Late(Control):
        asked = 0

        @property
        def cancelled(self) -> bool:
            self.asked += 1
            return self.asked > 20  # of 48 boards

    told: list[Progress] = []
    control = Late()
    with pytest.raises(Cancelled):
        solve(spot, control=control, on_progress=told.append)
    assert control.asked == 21
    assert control.iteration == 0
    assert told == []


def test_a_time_limit_ends_the_solve_with_what_was_reached(reference_spot: Load) -> None:
    spot, _ = reference_spot("t1_crate_basic_donk")
    solution = solve(spot, target_pct=0, max_iterations=100_000, time_limit=0.3)
    assert 1 <= solution.iterations < 100_000
    assert np.isfinite(solution.exploitability_pct)


def test_a_locked_decision_stays_and_the_rest_answers_it(reference_spot: Load) -> None:
    spot, _ = reference_spot("r2_toy_polar_vs_catcher")
    always = np.zeros((2, 1326), np.float32)
    always[1] = 1
    solution = solve(spot, target_pct=0.01, max_iterations=3000, locks={(): always})
    root = solution.node(())
    assert (root.strategy[1] == 1).all()
    assert solution.exploitability_pct <= 0.01
    # Facing an all-in of the pot from a range that is strong 6 times in 22, every catcher calls.
    assert (solution.node(("allin 100",)).strategy[1] > 0.99).all()


def test_a_lock_that_does_not_fit_is_refused(reference_spot: Load) -> None:
    spot, _ = reference_spot("r2_toy_polar_vs_catcher")
    with pytest.raises(SpotError, match="rows"):
        solve(spot, locks={(): np.ones((3, 1326), np.float32)})
    with pytest.raises(SpotError, match="add up"):
        solve(spot, locks={(): np.ones((2, 1326), np.float32)})


def test_a_hand_with_a_tiny_weight_is_trained_like_any_other(reference_spot: Load) -> None:
    spot, _ = reference_spot("r6_shallow_weighted")
    combo = int(np.flatnonzero(spot.oop_range == 1)[0])
    tiny = spot.oop_range.copy()
    tiny[combo] = 1e-7
    root = solve(spot.with_(oop_range=tiny), target_pct=0.02, max_iterations=2000).node(())
    row = int(np.flatnonzero(root.combos == combo)[0])
    loss = root.best_response[:, row].max() - (root.strategy[:, row] * root.best_response[:, row]).sum()
    assert -1e-6 * spot.pot < loss < 0.005 * spot.pot  # float32 rounds


def test_a_hand_without_weight_is_not_in_the_game() -> None:
    spot = parse_spot({"board": "Td9d6h2cQs", "ranges": {"oop": "AA:0,KK", "ip": "JJ"}, "pot": 9, "effective_stack": 9})
    combos = solve(spot, max_iterations=1).node(()).combos
    assert COMBO_INDEX[51, 50] not in combos
    assert len(combos) == 6
