"""Each kernel against a slow twin; ``test_kernels_without_compilation`` runs this file once more with JIT off."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import config

from solver import kernels
from solver.boards import build_boards, find_deals
from solver.cards import COMBO_CARDS
from solver.cfr import from_blocks, to_blocks
from solver.kernels import N_PARAMETERS, NEGATIVE, POSITIVE, ROUNDING, SHARE
from solver.solve import warm_up
from solver.spot import parse_spot

from .reference import normalised

JIT = not getattr(config, "DISABLE_JIT", 0)
WIDTH = 24
SEEDS = st.integers(0, 2**32 - 1)


def no_warning() -> np.errstate:
    """Without compilation NumPy would warn of the divisions that the kernels select away."""
    return np.errstate(divide="ignore", invalid="ignore", over="ignore")


@pytest.fixture(scope="module", autouse=True)
def _compiled() -> None:
    if JIT:
        warm_up()


def stored(values: np.ndarray, kind: str) -> np.ndarray:
    """The array as a store of that precision holds it."""
    if kind == "half":
        return values.astype(np.float16).view(np.int16).copy()
    if kind == "share":
        return np.rint(values * 65535).astype(np.uint16)
    return values.astype(np.float32)


def read(array: np.ndarray) -> np.ndarray:
    """Numbers of a store."""
    if array.dtype == np.int16:
        return array.view(np.float16).astype(np.float64)
    return array / 65535 if array.dtype == np.uint16 else array.astype(np.float64)


@pytest.mark.parametrize("half", [False, True], ids=["f32", "i16"])
@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, actions=st.integers(1, 6), share=st.sampled_from([0.0, 0.25]))
def test_learning_updates_value_regrets_and_average(half: bool, seed: int, actions: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    regret = stored(np.round(rng.normal(size=actions * WIDTH) * rng.integers(0, 2), 2), "half" if half else "")
    average = stored(rng.random(actions * WIDTH), "share" if half else "")
    value = rng.normal(size=(actions + 1) * WIDTH).astype(np.float32)
    parameters = np.zeros(N_PARAMETERS, np.float32)
    parameters[[POSITIVE, NEGATIVE, SHARE, ROUNDING]] = 0.9, 0.5, share, 0.5
    before, shares = from_blocks(read(regret), actions), from_blocks(read(average), actions)
    rows = np.arange(1, actions + 1, dtype=np.int32)
    with no_warning():
        kernels.learn(regret, average, 0, value, WIDTH, 0, rows, 0, actions, parameters)
    strategy, values = normalised(before), value.reshape(-1, WIDTH)[1:].astype(np.float64)
    result = (strategy * values).sum(axis=0)
    tolerance = 4e-3 if half else 1e-5
    np.testing.assert_allclose(value[:WIDTH], result, atol=1e-5)
    np.testing.assert_allclose(
        from_blocks(read(regret), actions), before * np.where(before > 0, 0.9, 0.5) + values - result, atol=tolerance
    )
    np.testing.assert_allclose(
        from_blocks(read(average), actions), (1 - share) * shares + share * strategy, atol=2e-5 if half else 1e-6
    )


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, actions=st.integers(1, 6), tremble=st.sampled_from([0.0, 0.1]))
def test_reach_spreads_over_the_actions_of_the_strategy(seed: int, actions: int, tremble: float) -> None:
    rng = np.random.default_rng(seed)
    regret = (rng.normal(size=(actions, WIDTH)) * rng.integers(0, 2, WIDTH)).astype(np.float32)
    reach = np.zeros((actions + 1, WIDTH), np.float32)
    reach[0] = rng.random(WIDTH)
    strategy = (1 - tremble) * normalised(regret.astype(np.float64)) + tremble / actions
    reach[0, 8:16] = 0
    reach[1:, 8:16] = 1  # what an earlier section left
    arguments = (to_blocks(regret), 0, WIDTH, actions)
    flat, marks = reach.ravel(), np.zeros(1 + WIDTH // 8, np.uint8)
    kernels.mark_reach(marks[1:], flat, WIDTH, 1)
    with no_warning():
        kernels.spread(*arguments, flat, 0, 1, np.float32(1 - tremble), np.float32(tremble), marks, 1, 0)
    np.testing.assert_allclose(flat.reshape(-1, WIDTH)[1:], strategy * reach[0], rtol=1e-4, atol=1e-6)
    value = rng.normal(size=(actions + 1, WIDTH)).astype(np.float32)
    flat = value.ravel().copy()
    rows = np.arange(1, actions + 1, dtype=np.int32)
    with no_warning():
        kernels.mix_rows(*arguments[:2], flat, WIDTH, 0, rows, 0, actions, np.float32(1 - tremble), np.float32(tremble))
    np.testing.assert_allclose(flat[:WIDTH], (strategy * value[1:]).sum(axis=0), rtol=1e-4, atol=1e-5)


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS)
def test_rows_are_added_and_the_best_is_taken(seed: int) -> None:
    value = np.random.default_rng(seed).normal(size=(4, WIDTH)).astype(np.float32)
    rows = np.array([1, 2, 3], np.int32)
    flat = value.ravel().copy()
    kernels.add_rows(flat, WIDTH, 0, rows, 0, 3, -1, np.float32(0))
    np.testing.assert_allclose(flat[:WIDTH], value[1:].sum(axis=0), atol=1e-5)
    kernels.best_rows(flat, WIDTH, 0, rows, 0, 3)
    np.testing.assert_array_equal(flat[:WIDTH], value[1:].max(axis=0))


@settings(max_examples=6 if JIT else 2, deadline=None)
@given(seed=SEEDS)
def test_eight_showdowns_and_folds_equal_the_rules(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ranges = {"oop": "QQ+,AKs,T9s,65s,22", "ip": "JJ+,AQs+,98s,22"}
    boards = build_boards(
        spot := parse_spot({"board": "Td9d6h2cQs", "ranges": ranges, "pot": 10, "effective_stack": 10}),
        find_deals(spot),
    )
    cards = boards.cards
    n_own, n_opp = (int(n) for n in cards.n_hands[:, 1])
    at_own, at_opp = (int(at) for at in cards.hand_at[:, 1])
    first, last = (int(group) for group in cards.group_at[1])
    own_end, opp_end = cards.group_end[0, first:last], cards.group_end[1, first:last]
    reach = rng.random((n_opp, 8)) * (rng.random((n_opp, 1)) < 0.7)
    width_own, width_opp = (int(width) for width in cards.width[:, 1])
    lanes = np.zeros((width_opp, 8), np.float32)
    lanes[:n_opp] = reach
    marks, listed = np.zeros(width_opp // 8, np.uint8), np.zeros(width_opp // 8, np.int32)
    kernels.mark_reach(marks, np.ascontiguousarray(lanes[:, 0]), width_opp, 1)
    live, live_end = np.zeros(width_opp + 8, np.int32), np.zeros(len(opp_end), np.int32)
    n_live = kernels.list_marked(marks, n_opp, opp_end, len(opp_end), listed, live, live_end)
    alive = np.flatnonzero(reach[:, 0] > 0)
    np.testing.assert_array_equal(live[:n_live], alive)
    np.testing.assert_array_equal(live_end, np.searchsorted(alive, opp_end))
    # Whatever an earlier showdown left behind does not count.
    weaker, value = rng.random((2, 2 * width_own * 8)).astype(np.float32)
    scale = rng.random(24).astype(np.float32)
    own1, own2 = cards.place1[at_own : at_own + width_own], cards.place2[at_own : at_own + width_own]
    opp1, opp2 = cards.place1[at_opp : at_opp + width_opp], cards.place2[at_opp : at_opp + width_opp]
    same = cards.same[at_own : at_own + width_own]
    sums, starts = np.zeros(53 * 8, np.float32), np.zeros(16, np.int64)
    rows = np.arange(16, dtype=np.int32)
    # What is fetched on the way, and how much of it exists, changes nothing.
    ahead = kernels.Ahead(lanes.ravel(), weaker, 0, 2, len(weaker), 1, True)

    def valued(kind: int) -> tuple[np.ndarray, np.ndarray]:
        kernels.value_lanes(
            kind, lanes.ravel(), weaker, sums, own_end, live, live_end, len(own_end), n_live, n_own, width_own, own1,
            own2, opp1, opp2, same, scale, 0, value, rows[:8], rows[8:], starts, ahead, 0,
        )  # fmt: skip
        both = value[: 16 * width_own].reshape(2, 8, width_own)
        return both[0].copy(), both[1].copy()

    strength_own = np.searchsorted(own_end, np.arange(n_own), side="right")
    strength_opp = np.searchsorted(opp_end, np.arange(n_opp), side="right")
    own_cards, opp_cards = np.stack([own1, own2], 1)[:n_own] // 8, np.stack([opp1, opp2], 1)[:n_opp] // 8
    apart = ~(own_cards[:, None, :, None] == opp_cards[None, :, None, :]).any(axis=(2, 3))
    sign = np.sign(strength_own[:, None] - strength_opp[None])
    wins, met = (apart * sign) @ reach, apart @ reach
    win, rake, fold = scale.reshape(3, 8)
    padding = np.zeros((8, width_own - n_own))
    showdown = np.hstack([(wins * win - met * rake).T, padding])
    folded = np.hstack([(met * fold).T, padding])
    before = valued(0)
    only_folds, only_showdowns = valued(kernels.HAS_FOLD), valued(kernels.HAS_SHOWDOWN)
    np.testing.assert_array_equal(only_folds[0], before[0])
    np.testing.assert_allclose(only_folds[1], folded, atol=2e-5)
    np.testing.assert_allclose(only_showdowns[0], showdown, atol=2e-5)
    value[:] = 7
    both = valued(kernels.HAS_FOLD | kernels.HAS_SHOWDOWN)
    np.testing.assert_allclose(both[0], showdown, atol=2e-5)
    np.testing.assert_allclose(both[1], folded, atol=2e-5)


def test_hands_stand_in_order_of_strength_without_those_the_board_removes() -> None:
    spot = parse_spot({"board": "Td9d6h2c", "ranges": {"oop": "22+", "ip": "AK"}, "pot": 10, "effective_stack": 10})
    boards = build_boards(spot, find_deals(spot, use_symmetry=False))
    cards, hands = boards.cards, boards.hands[0]
    river = 51  # the ace of spades
    board = int(cards.river_board[[card.card for card in boards.deals.rivers[0]].index(river)])
    at, n_hands = int(cards.hand_at[0, board]), int(cards.n_hands[0, board])
    combos = hands.combo[cards.root_hand[at : at + n_hands]]
    assert not (COMBO_CARDS[combos] == river).any()
    assert n_hands == len(hands) - 3
    assert set(COMBO_CARDS[combos[-3:]].ravel() // 4) == {12}  # the three pairs of aces left make the best set


@pytest.mark.skipif(not JIT, reason="runs with JIT on and starts itself with JIT off")
def test_kernels_without_compilation() -> None:
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
