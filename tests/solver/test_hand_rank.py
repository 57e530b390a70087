"""Hand ranks against phevaluator and against the counts that every textbook has."""

from __future__ import annotations

from functools import cache
from itertools import chain, combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit
from phevaluator import evaluate_cards

from solver import rank_tables
from solver.cards import COMBO_CARDS, parse_cards
from solver.hand_rank import HAND_RANKS, rank_board, rank_boards, rank_sevens
from solver.rank_tables import CATEGORIES, CATEGORY_SHIFT, strengths

# Combinations out of C(52, 5) and C(52, 7), e.g. in Wikipedia's "Poker probability".
FIVE_CARDS = (1_302_540, 1_098_240, 123_552, 54_912, 10_200, 5_108, 3_744, 624, 40)
SEVEN_CARDS = (23_294_460, 58_627_800, 31_433_400, 6_461_620, 6_180_020, 4_047_644, 3_473_184, 224_848, 41_584)

ranks_of_sevens = st.lists(st.permutations(range(52)).map(lambda deck: deck[:7]), min_size=1, max_size=50)


def strengths_of(hands: np.ndarray) -> np.ndarray:
    """By the rules alone, cards [hand, n]."""
    ranks, suits = hands >> 2, hands & 3
    counts = np.eye(13, dtype=np.int8)[ranks].sum(axis=1, dtype=np.int8)
    flush = np.zeros(len(hands), dtype=np.int32)
    for suit in range(4):
        suited = suits == suit
        made = suited.sum(axis=1) >= 5
        flush[made] = np.where(suited[made], np.int32(1) << ranks[made], 0).sum(axis=1)
    return strengths(counts, flush)


@settings(max_examples=60, deadline=None)
@given(ranks_of_sevens)
def test_seven_cards_rank_as_phevaluator_ranks_them(hands):
    expected = [HAND_RANKS + 1 - evaluate_cards(*hand) for hand in hands]
    assert rank_sevens(np.array(hands)).tolist() == expected


def test_a_hundred_thousand_random_hands_rank_as_the_rules_order_them():
    deck = np.random.default_rng(7).random((100_000, 52)).argsort(axis=1)[:, :7].astype(np.uint8)
    order, by_rules = rank_sevens(deck).astype(np.int64), strengths_of(deck).astype(np.int64)
    pairs = np.unique(np.stack([order, by_rules]), axis=1)
    assert len(np.unique(pairs[0])) == len(np.unique(pairs[1])) == pairs.shape[1]
    assert (np.diff(pairs[1]) > 0).all()


@cache
def every_five() -> np.ndarray:
    """[hand, 5] all C(52, 5)."""
    cards = chain.from_iterable(combinations(range(52), 5))
    return np.fromiter(cards, dtype=np.uint8).reshape(-1, 5)


@cache
def strengths_of_every_five() -> np.ndarray:
    return np.concatenate([strengths_of(chunk) for chunk in np.array_split(every_five(), 50)])


def test_every_five_card_hand_falls_into_its_category_as_often_as_textbooks_say():
    found = strengths_of_every_five()
    assert tuple(np.bincount(found >> CATEGORY_SHIFT)) == FIVE_CARDS
    assert len(np.unique(found)) == HAND_RANKS


@njit(cache=True)
def _add_counts(ranks, counts):
    for board in range(ranks.shape[0]):
        for hand in range(ranks.shape[1]):
            counts[ranks[board, hand]] += 1


def test_every_seven_card_hand_falls_into_its_category_as_often_as_textbooks_say():
    fives, found = every_five(), np.unique(strengths_of_every_five())
    counts = np.zeros(HAND_RANKS + 1, dtype=np.int64)
    # Each seven cards once: the two highest of them are the combo, the others the board.
    for top in range(4, 50):
        boards = fives[fives[:, 4] == top]
        combos = np.array(list(combinations(range(top + 1, 52), 2)), dtype=np.uint8)
        ranks = np.empty((len(boards), len(combos)), dtype=np.uint16)
        rank_boards(boards, combos[:, 1].copy(), combos[:, 0].copy(), ranks)
        _add_counts(ranks, counts)
    by_category = np.bincount(found >> CATEGORY_SHIFT, weights=counts[1:], minlength=len(CATEGORIES))
    assert tuple(by_category) == SEVEN_CARDS


def test_the_best_and_the_worst_hand_are_the_ends_of_the_scale():
    best, worst = parse_cards("AsKsQsJsTs2c3d"), parse_cards("2c3d4h5s7c8d9h")
    assert rank_sevens(np.array([best])).tolist() == [HAND_RANKS]
    assert rank_sevens(np.array([worst])) < rank_sevens(np.array([parse_cards("2c2d4h5s7c8d9h")]))


def test_suits_never_break_a_tie():
    hands = [parse_cards("AcKd7h7s2c3d9h"), parse_cards("AhKs7c7d2s3h9c")]
    assert len(set(rank_sevens(np.array(hands)).tolist())) == 1


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 51), min_size=5, max_size=5, unique=True))
def test_a_board_ranks_combos_as_seven_cards_and_blocked_ones_nought(board):
    ranks = rank_board(board, np.arange(1326))
    blocked = np.isin(COMBO_CARDS, board).any(axis=1)
    assert not ranks[blocked].any()
    hands = np.concatenate([np.tile(board, (1081, 1)), COMBO_CARDS[~blocked]], axis=1)
    assert np.array_equal(ranks[~blocked], rank_sevens(hands))


def test_the_stored_tables_are_those_the_rules_give():
    for stored, made in zip(rank_tables.load(), rank_tables.build(), strict=True):
        assert stored.dtype == made.dtype
        np.testing.assert_array_equal(stored, made)
