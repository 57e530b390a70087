"""Families: what a decision is called, and that there are no more than three hundred names."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.training.families import (
    HANDS,
    SITUATIONS,
    STREETS,
    TEXTURES,
    Family,
    family_of,
    hand_classes,
    hand_of,
    parse_family,
    parse_node,
    situation_of,
    texture_of,
)
from solver.cards import COMBO_CARDS, parse_cards
from solver.isomorphism import map_card

DECKS = st.permutations(range(52))


def test_there_are_three_hundred_families_at_most():
    assert len(STREETS) * len(SITUATIONS) * len(TEXTURES) * len(HANDS) <= 300


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ((), "first"),
        (("check",), "checked-to"),
        (("bet 18",), "facing-bet"),
        (("check", "bet 18"), "facing-bet"),
        (("check", "bet 18", "raise 54"), "facing-raise"),
        (("check", "bet 18", "allin 975"), "facing-raise"),
        (("allin 975",), "facing-bet"),
        (("check", "bet 18", "call", "deal 2c"), "first"),
        (("check", "bet 18", "call", "deal 2c", "check"), "checked-to"),
    ],
)
def test_the_situation_is_how_the_action_stands_on_the_street(line: tuple[str, ...], expected: str):
    assert situation_of(line) == expected


@pytest.mark.parametrize(
    ("board", "expected"),
    [
        ("Kd7h7c", "paired"),
        ("Ks7s2s", "monotone"),
        ("Td9d6h", "connected"),
        ("Ah2d4c", "connected"),
        ("Kd7h2c", "high"),
        ("Jd7h2c", "low"),
        ("Jd7h2cAs", "low"),
    ],
)
def test_the_texture_is_the_flops(board: str, expected: str):
    assert texture_of(parse_cards(board)) == expected


@pytest.mark.parametrize(
    ("hole", "board", "expected"),
    [
        ("AsKs", "Kd7h2c", "top-pair"),
        ("QsQh", "Jd7h2c", "top-pair"),
        ("QsQh", "Kd7h2c", "pair"),
        ("7s7h", "Kd7d2c", "strong"),
        ("Ks7s", "Kd7d2c", "strong"),
        ("7s6h", "KdKs7c", "pair"),
        ("Kh2s", "KdKs7c", "strong"),
        ("9s8s", "Ts7s2h", "draw"),
        ("9s8h", "7d6c2h", "draw"),
        ("9s8h", "7d6c2h3hKs", "air"),
        ("AhTd", "Kc7s2d", "air"),
        ("As4s", "Ks9s2d8h", "draw"),
        ("As4s", "Ks9s2s8s", "strong"),
        ("5c4c", "Ad3s2h", "strong"),
        ("Ac9d", "Kd5s4h3c2h", "strong"),
        ("Ac9d", "Kd6s5h4c3h", "air"),
    ],
)
def test_the_hand_is_what_the_hole_cards_have_made_of_the_board(hole: str, board: str, expected: str):
    assert hand_of(parse_cards(hole), parse_cards(board)) == expected


@given(DECKS, st.integers(3, 5), st.permutations(range(4)))
def test_renamed_suits_and_the_order_of_cards_change_nothing(deck: list[int], cards: int, suits: tuple[int, ...]):
    hole, board = tuple(deck[:2]), tuple(deck[2 : 2 + cards])
    family = family_of((), board, hole)
    renamed = [tuple(map_card(tuple(suits), card) for card in one) for one in (hole, board)]
    assert family_of((), renamed[1], renamed[0]) == family
    turned = board[:3][::-1] + board[3:]
    assert family_of((), turned, hole[::-1]) == family
    assert parse_family(family.slug) == family


@given(st.text(max_size=40))
def test_text_that_is_no_family_is_none(text: str):
    family = parse_family(text)
    assert family is None or family.slug == text
    assert parse_node(text) is None or text.count(".") == 1


def test_the_classes_of_a_board_are_those_of_each_hand():
    board = parse_cards("Td9d6h2c")
    classes = hand_classes(board)
    chance = random.Random(1)
    for combo in chance.sample(range(1326), 100):
        hole = tuple(int(card) for card in COMBO_CARDS[combo])
        expected = -1 if set(hole) & set(board) else HANDS.index(hand_of(hole, board))
        assert classes[combo] == expected
    assert np.count_nonzero(classes >= 0) == 1128


def test_a_familys_names():
    family = Family(1, "facing-bet", "high", "draw")
    assert family.slug == "turn.facing-bet.high.draw"
    assert family.node == "turn.facing-bet"
    assert parse_node(family.node) == (1, "facing-bet")
