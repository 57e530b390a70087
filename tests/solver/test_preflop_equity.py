"""The stored preflop matchups against dealing all boards."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from solver.cards import COMBO_CARDS, COMBO_CLASS, COMBO_INDEX, N_CLASSES
from solver.hand_rank import rank_boards
from solver.preflop_equity import BOARDS, _kinds, class_matchups, load_matchups


def dealt(first: int, second: int) -> tuple[int, int]:
    """Wins and ties of the first combo over all boards."""
    held = [*COMBO_CARDS[first].tolist(), *COMBO_CARDS[second].tolist()]
    rest = [card for card in range(52) if card not in held]
    boards = np.array(list(combinations(rest, 5)), dtype=np.uint8)
    ranks = np.empty((len(boards), 2), dtype=np.uint16)
    cards = COMBO_CARDS[[first, second]]
    rank_boards(boards, cards[:, 0].copy(), cards[:, 1].copy(), ranks)
    return int(np.count_nonzero(ranks[:, 0] > ranks[:, 1])), int(np.count_nonzero(ranks[:, 0] == ranks[:, 1]))


@pytest.mark.parametrize("seed", range(4))
def test_a_random_matchup_is_stored_as_dealing_every_board_gives_it(seed):
    generator = np.random.default_rng(seed)
    while True:
        first, second = generator.integers(0, 1326, 2).tolist()
        if not set(COMBO_CARDS[first].tolist()) & set(COMBO_CARDS[second].tolist()):
            break
    matchups = load_matchups()
    assert (matchups.wins[first, second], matchups.ties[first, second]) == dealt(first, second)


def test_what_one_side_does_not_win_or_split_the_other_wins():
    matchups = load_matchups()
    sums = matchups.wins + matchups.wins.T + matchups.ties
    sharing = (COMBO_CARDS[:, None, :, None] == COMBO_CARDS[None, :, None, :]).any(axis=(2, 3))
    assert (sums[sharing] == 0).all()
    assert (sums[~sharing] == BOARDS).all()


def test_renaming_suits_changes_nothing():
    matchups = load_matchups()
    images = (COMBO_CARDS & ~np.uint8(3)) | np.array([2, 0, 3, 1], dtype=np.uint8)[COMBO_CARDS & 3]
    renamed = COMBO_INDEX[images[:, 0], images[:, 1]]
    assert np.array_equal(matchups.wins[np.ix_(renamed, renamed)], matchups.wins)


def test_pairs_of_combos_fall_into_as_many_kinds_as_burnside_counts():
    # 93,769 ordered kinds, of which 247 are their own mirror image.
    assert len(_kinds().first) == (93_769 + 247) // 2


def test_class_equities_are_averages_over_their_disjoint_combos():
    by_class, matchups = class_matchups(), load_matchups()
    shares = (matchups.wins + matchups.ties / 2) / BOARDS
    possible = (COMBO_CARDS[:, None, :, None] != COMBO_CARDS[None, :, None, :]).all(axis=(2, 3))
    for first, second in [(0, 1), (1, 14), (13, 13), (168, 3)]:
        block = np.ix_(first == COMBO_CLASS, second == COMBO_CLASS)
        assert by_class.pairs[first, second] == possible[block].sum()
        assert by_class.equity[first, second] == pytest.approx(shares[block].sum() / possible[block].sum(), abs=1e-12)
    assert by_class.pairs.sum() == 1326 * 1225
    assert by_class.pairs.shape == (N_CLASSES, N_CLASSES)
