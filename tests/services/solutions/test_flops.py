"""Flops up to suits, and weighted samples."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.solutions.flops import all_flops, canonical, sample
from solver.cards import parse_cards
from solver.isomorphism import SUIT_MAPS, map_card


def test_there_are_1755_flops_that_stand_for_all() -> None:
    assert len(all_flops()) == 1755
    assert sum(flop.weight for flop in all_flops()) == comb(52, 3)
    assert {canonical(parse_cards(flop.board)) for flop in all_flops()} == {
        tuple(parse_cards(flop.board)) for flop in all_flops()
    }


@given(board=st.permutations(range(52)).map(lambda cards: cards[:3]), suits=st.sampled_from(SUIT_MAPS))
def test_suits_names_and_order_do_not_matter(board: list[int], suits: tuple[int, int, int, int]) -> None:
    renamed = [map_card(suits, card) for card in reversed(board)]
    assert canonical(renamed) == canonical(board)


@pytest.mark.parametrize("size", [1, 25, 49, 95])
def test_a_sample_stands_for_all_flops(size: int) -> None:
    flops = sample(size)
    assert len({flop.board for flop in flops}) == size
    assert sum(flop.weight for flop in flops) == comb(52, 3)
    assert [flop.weight for flop in flops] == sorted((flop.weight for flop in flops), reverse=True)


def test_a_sample_has_the_textures_of_all_flops() -> None:
    def shares(boards: list[tuple[tuple[int, ...], int]]) -> np.ndarray:
        weights = np.array([weight for _, weight in boards], np.float64)
        traits = np.array([
            (len({card & 3 for card in board}) == 1, len({card >> 2 for card in board}) < 3, board[0] >> 2 == 12)
            for board, _ in boards
        ])  # fmt: skip
        return weights @ traits / weights.sum()

    truth = shares([(tuple(sorted(board, reverse=True)), 1) for board in combinations(range(52), 3)])
    sampled = shares([(tuple(sorted(parse_cards(flop.board), reverse=True)), flop.weight) for flop in sample(49)])
    np.testing.assert_allclose(sampled, truth, atol=0.12)
