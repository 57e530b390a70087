"""What a hand is on a board, checked against hands that everybody can read."""

from __future__ import annotations

import numpy as np
import pytest

from services.training.categories import CATEGORIES, DRAWS, categories, drawing, draws, made_hand
from solver.cards import COMBO_INDEX, N_CARDS, parse_cards
from solver.hand_rank import rank_board


@pytest.mark.parametrize(
    ("cards", "board", "category"),
    [
        ("AsAh", "Kd7h2c", "overpair"),
        ("AsKh", "Kd7h2c", "top pair"),
        ("As7s", "Kd7h2c", "second pair"),
        ("TsTh", "Kd7h2c", "second pair"),
        ("As2s", "Kd7h2c", "weak pair"),
        ("5s5h", "Kd7h2c", "weak pair"),
        ("AsQh", "Kd7h2c", "ace high"),
        ("QsJh", "Kd7h2c", "no pair"),
        ("7s7c", "Kd7h2c", "set"),
        ("Ks7s", "Kd7h2c", "two pair"),
        ("As7s", "Kd7h7c", "trips"),
        ("Ks7s", "Kd7h7c", "full house"),
        ("QsQh", "Kd7h7c", "second pair"),
        ("AsQh", "Kd7h7c", "ace high"),
        ("7s7d", "Kd7h7c", "quads"),
        ("9s8s", "7d6hTc", "straight"),
        ("As2s", "3d4h5c", "straight"),
        ("As9s", "Ks7s2s", "flush"),
        ("6s5s", "7s8s9s", "straight flush"),
        ("AsKh", "Qs9s7s5s3s", "flush"),
        ("2sKh", "Qs9s7s5s3s", "no pair"),
        ("AhKh", "Ts9s8d7d6c", "ace high"),
        ("JhKh", "Ts9s8d7d6c", "straight"),
        ("AsQh", "7d7h7c7sKd", "ace high"),
        ("AsAh", "7d7h7cKd2s", "full house"),
    ],
)
def test_a_hand_is_named_by_what_its_cards_add(cards: str, board: str, category: str):
    assert made_hand(parse_cards(cards), parse_cards(board)) == category


@pytest.mark.parametrize(
    ("cards", "board", "expected"),
    [
        ("As5s", "Ks7s2d", {"flush draw"}),
        ("AsQs", "Ks7s2d", {"flush draw"}),
        ("AhQd", "9s7s2d", {"overcards"}),
        ("AsQs", "9s7s2d", {"flush draw", "overcards"}),
        ("9h8c", "7d6sKc", {"open-ended"}),
        ("9h8c", "6dTsKc", {"gutshot"}),
        ("Th8c", "7d6s4c", {"open-ended", "overcards"}),  # nine and five: two gutshots
        ("AhKd", "Qs7s2d", {"overcards"}),
        ("AhJd", "Qs7s2d", set()),
        ("As9h", "Ks7s2s", {"flush draw"}),
        ("9h8c", "7d6sTc", set()),  # is a straight already
        ("As2h", "7d6s5c4d", set()),  # a three or an eight makes the board's own straight
    ],
)
def test_a_draw_needs_a_card_that_helps_this_hand(cards: str, board: str, expected: set[str]):
    assert set(drawing(parse_cards(cards), parse_cards(board))) == expected


def test_every_possible_hand_has_one_category_and_those_on_the_board_have_none():
    board = parse_cards("Kd7h2c")
    found = categories(board)
    assert np.count_nonzero(found >= 0) == 49 * 48 // 2
    blocked = [COMBO_INDEX[card, other] for card in board for other in range(N_CARDS) if other != card]
    assert (found[blocked] == -1).all()


def test_stronger_categories_hold_stronger_hands_on_a_board_without_made_ones():
    """Category order agrees with the evaluator's on an unpaired board."""
    board = parse_cards("Kd9h7s4c2d")
    found, live = categories(board), np.flatnonzero(categories(board) >= 0)
    ranks = rank_board(board, live)
    for better in range(len(CATEGORIES) - 1):
        here, below = ranks[found[live] == better], ranks[found[live] > better]
        if here.size and below.size:
            assert here.min() > below.max(), CATEGORIES[better]


def test_nothing_draws_on_the_river():
    assert not draws(parse_cards("Kd9h7s4c2d")).any()
    assert draws(parse_cards("Kd9h7s")).shape == (len(DRAWS), 1326)
