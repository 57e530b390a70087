"""Exact equities against published figures and against counting by hand."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.cards import COMBO_CARDS, parse_cards, parse_combo
from solver.equity import compatible_weight, hand_equities, matchup, range_equity
from solver.errors import SpotError
from solver.hand_rank import rank_sevens
from solver.ranges import parse_range

REFERENCE = Path(__file__).parents[1] / "reference"
CHECKS = json.loads((REFERENCE / "equity_checks.json").read_text())
SPOTS = [path for path in sorted((REFERENCE / "spots").glob("*.json")) if "libratus" not in path.name]


def by_hand(ours: np.ndarray, theirs: np.ndarray, board: tuple[int, ...]) -> tuple[float, float]:
    """Win and tie by dealing every runout to every pair of hands."""
    win = tie = total = 0.0
    for a in np.flatnonzero(ours):
        for b in np.flatnonzero(theirs):
            held = [*COMBO_CARDS[a].tolist(), *COMBO_CARDS[b].tolist()]
            if len({*held, *board}) < 4 + len(board):
                continue
            rest = [card for card in range(52) if card not in held and card not in board]
            runouts = list(combinations(rest, 5 - len(board)))
            boards = np.array([[*board, *runout] for runout in runouts])
            first = rank_sevens(np.hstack([boards, np.tile(held[:2], (len(boards), 1))]))
            second = rank_sevens(np.hstack([boards, np.tile(held[2:], (len(boards), 1))]))
            weight = float(ours[a]) * float(theirs[b])
            win += weight * np.count_nonzero(first > second)
            tie += weight * np.count_nonzero(first == second)
            total += weight * len(runouts)
    return win / total, tie / total


@pytest.mark.parametrize(("pair", "counts"), [*CHECKS["combo_matchups"].items()])
def test_a_preflop_matchup_has_the_published_wins_losses_and_ties(pair, counts):
    first, second = map(parse_combo, pair.split())
    assert list(matchup(first, second)) == counts
    assert list(matchup(second, first)) == [counts[1], counts[0], counts[2]]


@pytest.mark.parametrize(("pair", "share"), [*CHECKS["class_equities"].items()])
def test_a_preflop_class_against_a_class_has_the_published_equity(pair, share):
    first, second = map(parse_range, pair.split(" v "))
    assert range_equity(first, second).share == pytest.approx(share, abs=6e-9)


@pytest.mark.parametrize(("name", "share"), [*CHECKS["vs_random"].items()])
def test_a_class_against_a_random_hand_has_the_published_equity(name, share):
    assert range_equity(parse_range(name), np.ones(1326, dtype=np.float32)).share == pytest.approx(share, abs=6e-9)


@pytest.mark.parametrize("path", SPOTS, ids=lambda path: path.stem)
def test_a_reference_spot_has_the_reference_equity(path):
    data = json.loads(path.read_text())
    ranges, board = data["spot"]["ranges"], parse_cards(data["spot"]["board"])
    share = range_equity(parse_range(ranges["oop"]), parse_range(ranges["ip"]), board).share
    assert share == pytest.approx(data["expected"]["equity"]["oop"], abs=2e-6)


@pytest.mark.parametrize(
    ("ours", "theirs", "board"),
    [
        ("AA,KQs:0.5,7h6h", "KK:0.3,AKs,99", "Td9d6h"),
        ("AsKs,QQ:0.25", "AsQs,JTs,QQ", "2c7dJh9s"),
        ("AK,22:0.1", "AK,33", "Ac2d3h4sKd"),
    ],
)
def test_ranges_fare_as_dealing_every_runout_says(ours, theirs, board):
    first, second, cards = parse_range(ours), parse_range(theirs), parse_cards(board)
    win, tie = by_hand(first, second, cards)
    found = range_equity(first, second, cards)
    assert (found.win, found.tie) == (pytest.approx(win, abs=1e-12), pytest.approx(tie, abs=1e-12))


random_ranges = st.dictionaries(
    st.integers(0, 1325), st.integers(1, 1000).map(lambda n: n / 1000), min_size=3, max_size=40
)


@settings(max_examples=40, deadline=None)
@given(
    random_ranges, random_ranges, st.lists(st.integers(0, 51), min_size=5, max_size=5, unique=True), st.integers(4, 6)
)
def test_both_sides_share_the_whole_pot(ours, theirs, cards, length):
    first, second = np.zeros(1326, dtype=np.float32), np.zeros(1326, dtype=np.float32)
    first[list(ours)], second[list(theirs)] = list(ours.values()), list(theirs.values())
    board = cards[:length] if length < 6 else []
    try:
        a, b = range_equity(first, second, board), range_equity(second, first, board)
    except SpotError:
        return
    assert a.share + b.share == pytest.approx(1, abs=1e-12)
    assert a.tie == pytest.approx(b.tie, abs=1e-12)


def test_a_range_against_itself_has_half():
    board, full = parse_cards("Td9d6h"), np.ones(1326, dtype=np.float32)
    assert range_equity(full, full, board).share == pytest.approx(0.5, abs=1e-12)


def test_a_blocked_hand_has_no_equity_and_no_weight():
    found = hand_equities(np.arange(1326), parse_range("AA"), parse_cards("Td9d6h"))
    blocked, sharing = parse_combo("TdTc"), parse_combo("AsAh")
    assert np.isnan(found.share[blocked])
    assert found.weight[blocked] == 0
    # Two aces leave one pair of aces.
    assert found.weight[sharing] == 1


def test_combos_that_are_not_asked_for_stay_open():
    found = hand_equities(np.array([parse_combo("KsKh")]), parse_range("AA"), parse_cards("Td9d6h"))
    assert np.isfinite(found.share).sum() == 1


@given(random_ranges)
@settings(max_examples=40, deadline=None)
def test_compatible_weight_is_the_weight_of_hands_without_a_shared_card(theirs):
    weights = np.zeros(1326)
    weights[list(theirs)] = list(theirs.values())
    shared = (COMBO_CARDS[:, None, :, None] == COMBO_CARDS[None, list(theirs), None, :]).any(axis=(2, 3))
    expected = (~shared * weights[list(theirs)]).sum(axis=1)
    found = compatible_weight(weights)
    assert found == pytest.approx(expected, abs=1e-12)
    assert np.array_equal(found == 0, expected == 0)


@pytest.mark.parametrize("board", ["2c", "2c3d"])
def test_a_board_of_one_or_two_cards_is_refused(board):
    with pytest.raises(SpotError, match="none or 3 to 5"):
        range_equity(parse_range("AA"), parse_range("KK"), parse_cards(board))


def test_ranges_that_cannot_meet_are_refused():
    with pytest.raises(SpotError, match="no hand"):
        range_equity(parse_range("AA"), parse_range("AA"), parse_cards("AcAdAh"))
