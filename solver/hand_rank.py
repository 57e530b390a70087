"""Strength of the best five of seven cards, as one 16-bit number.

A hand rank runs from 1 (75432) to 7462 (royal flush): higher is stronger, equal means a split pot.

The idea: without a flush only the ranks matter. Each rank has a weight such that the sum of any seven cards' weights
names their multiset of ranks (49,205 of them). A card's key carries that weight in the low 32 bits and, above, one
4-bit counter per suit, started at 3, so that a fifth card of a suit sets the counter's top bit: one addition per card
does both. The sum is looked up in a table packed by row displacement (Tarjan and Yao 1979): the sum's high bits
choose a row, each row is shifted so that no two rows' entries meet, and the whole stays in the second-level cache.
With a flush, the suit's 13-bit rank mask is looked up among 8,192; seven cards that hold a flush can hold neither
four of a kind nor a full house, so nothing else needs to be asked.

The tables are made from the rules in ``rank_tables``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from solver.cards import COMBO_CARDS, N_CARDS
from solver.rank_tables import RANK_WEIGHTS, ROW_BITS, load

HAND_RANKS: Final = 7462
"""Number of different strengths."""

_FLUSH_BITS: Final = 0x8888 << 32
_COUNTERS: Final = 0x3333 << 32

_SHIFTS, _PLAIN, _FLUSH = load()

_cards = np.arange(N_CARDS, dtype=np.int64)
_KEYS = RANK_WEIGHTS[_cards >> 2] + (np.int64(1) << (32 + 4 * (_cards & 3)))
"""[card] rank weight, and one in the counter of its suit."""
_SUIT_MASKS = np.int64(1) << (16 * (_cards & 3) + (_cards >> 2))
"""[card] one bit per card, suits 16 bits apart."""


@njit(nogil=True, cache=True)
def rank_hands(hands: NDArray[np.uint8], ranks: NDArray[np.uint16]) -> None:
    """Fill ``ranks[hand]`` from ``hands[hand, 7]``, seven different cards each."""
    for i in range(hands.shape[0]):
        key = np.int64(_COUNTERS)
        mask = np.int64(0)
        for j in range(7):
            card = hands[i, j]
            key += _KEYS[card]
            mask |= _SUIT_MASKS[card]
        if key & _FLUSH_BITS:
            suit = 0 if key & (8 << 32) else 16 if key & (8 << 36) else 32 if key & (8 << 40) else 48
            ranks[i] = _FLUSH[(mask >> suit) & 0x1FFF]
        else:
            total = key & 0xFFFFFF
            ranks[i] = _PLAIN[total + _SHIFTS[total >> ROW_BITS]]


@njit(nogil=True, cache=True)
def rank_boards(
    boards: NDArray[np.uint8], high: NDArray[np.uint8], low: NDArray[np.uint8], ranks: NDArray[np.uint16]
) -> None:
    """Fill ``ranks[board, hand]`` from ``boards[board, 5]`` and the hole cards; 0 where a hand touches the board."""
    for b in range(boards.shape[0]):
        board_key = np.int64(_COUNTERS)
        board_mask = np.int64(0)
        for j in range(5):
            board_key += _KEYS[boards[b, j]]
            board_mask |= _SUIT_MASKS[boards[b, j]]
        for h in range(high.shape[0]):
            hole_mask = _SUIT_MASKS[high[h]] | _SUIT_MASKS[low[h]]
            key = board_key + _KEYS[high[h]] + _KEYS[low[h]]
            if hole_mask & board_mask:
                ranks[b, h] = 0
            elif key & _FLUSH_BITS:
                suit = 0 if key & (8 << 32) else 16 if key & (8 << 36) else 32 if key & (8 << 40) else 48
                ranks[b, h] = _FLUSH[((hole_mask | board_mask) >> suit) & 0x1FFF]
            else:
                total = key & 0xFFFFFF
                ranks[b, h] = _PLAIN[total + _SHIFTS[total >> ROW_BITS]]


def rank_sevens(hands: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """Hand ranks of ``hands[hand, 7]``, seven different cards each."""
    ranks = np.empty(len(hands), dtype=np.uint16)
    rank_hands(np.ascontiguousarray(hands, dtype=np.uint8), ranks)
    return ranks


def rank_board(board: Sequence[int], combos: NDArray[np.integer[Any]]) -> NDArray[np.uint16]:
    """Hand ranks of combos on a board of five; 0 where a combo touches the board."""
    ranks = np.empty((1, len(combos)), dtype=np.uint16)
    hole = COMBO_CARDS[combos]
    rank_boards(np.array([board], dtype=np.uint8), hole[:, 0].copy(), hole[:, 1].copy(), ranks)
    return ranks[0]
