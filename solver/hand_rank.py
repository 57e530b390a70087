"""Strength of the best five of seven cards, as one 16-bit number.

A hand rank runs from 1 (75432) to 7462 (royal flush): higher is stronger, equal means a split pot.

The idea: without a flush only the ranks matter. Each rank has a weight such that the sum of any seven cards' weights
names their multiset of ranks (49,205 of them). A card's key carries that weight in the low 32 bits and, above, one
4-bit counter per suit, started at 3, so that a fifth card of a suit sets the counter's top bit: one addition per card
does both. The sum is looked up in a table packed by row displacement (Tarjan and Yao 1979): the sum's high bits
choose a row, each row is shifted so that no two rows' entries meet, and the whole stays in the second-level cache.
With a flush, the suit's 13-bit rank mask is looked up among 8,192; seven cards that hold a flush can hold neither
four of a kind nor a full house, so nothing else needs to be asked.

The tables are made from the rules when the module is imported, in about 0.3 s.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations_with_replacement
from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from solver.cards import COMBO_CARDS, N_CARDS

HAND_RANKS: Final = 7462
"""Number of different strengths."""

CATEGORIES: Final = (
    "high card",
    "pair",
    "two pair",
    "three of a kind",
    "straight",
    "flush",
    "full house",
    "four of a kind",
    "straight flush",
)

CATEGORY_SHIFT: Final = 26
"""A strength is category, 13-bit mask of the ranks that decide first, 13-bit mask of the kickers."""

_ROW_BITS: Final = 8
_FLUSH_BITS: Final = 0x8888 << 32
_COUNTERS: Final = 0x3333 << 32

_RANK_WEIGHTS = np.array(
    [0, 1, 5, 22, 98, 453, 2031, 8698, 22854, 83661, 262349, 636345, 1479181], dtype=np.int64
)  # fmt: skip
"""[rank] chosen greedily, each the least that keeps all sums over seven ranks (at most four of each) different."""

_MASKS = np.arange(1 << 13, dtype=np.int32)


def _highest_bits(keep: int) -> NDArray[np.int32]:
    """[rank mask] -> its ``keep`` highest bits."""
    rest, kept = _MASKS.copy(), np.zeros_like(_MASKS)
    for _ in range(keep):
        top = np.where(rest > 0, 1 << (np.frexp(rest.astype(np.float64))[1].clip(1) - 1), 0).astype(np.int32)
        rest, kept = rest ^ top, kept | top
    return kept


def _straight_tops() -> NDArray[np.int32]:
    """[rank mask] -> the bit of the best straight's highest rank, 0 without a straight; the ace also counts as one."""
    with_low_ace = _MASKS << 1 | _MASKS >> 12
    starts = with_low_ace & with_low_ace >> 1 & with_low_ace >> 2 & with_low_ace >> 3 & with_low_ace >> 4
    return (_highest_bits(1)[starts] << 3).astype(np.int32)


_TOP = [_highest_bits(keep) for keep in range(6)]
_STRAIGHT_TOP = _straight_tops()


def strengths(counts: NDArray[np.integer[Any]], flush_masks: NDArray[np.integer[Any]]) -> NDArray[np.int32]:
    """Comparable strengths of any five to seven cards, by the rules and without the tables.

    Args:
        counts: [hand, rank] number of cards of each rank.
        flush_masks: [hand] rank mask of the suit that holds five cards or more, else 0.

    Returns:
        [hand]; ``strength >> CATEGORY_SHIFT`` indexes ``CATEGORIES``.
    """
    bits = np.int32(1) << np.arange(13, dtype=np.int32)
    ranks, pairs, trips, quads = (
        np.where(counts >= copies, bits, 0).sum(axis=1, dtype=np.int32) for copies in range(1, 5)
    )
    pair, two, trip, quad = _TOP[1][pairs], _TOP[2][pairs], _TOP[1][trips], _TOP[1][quads]
    filler = _TOP[1][pairs & ~trip]
    straight, straight_flush = _STRAIGHT_TOP[ranks], _STRAIGHT_TOP[flush_masks]
    nothing = np.zeros_like(ranks)
    cases = (
        (ranks > 0, _TOP[5][ranks], nothing),
        (pairs > 0, pair, _TOP[3][ranks & ~pair]),
        (two != pair, two, _TOP[1][ranks & ~two]),
        (trips > 0, trip, _TOP[2][ranks & ~trip]),
        (straight > 0, straight, nothing),
        (flush_masks > 0, _TOP[5][flush_masks], nothing),
        ((trips > 0) & (filler > 0), trip, filler),
        (quads > 0, quad, _TOP[1][ranks & ~quad]),
        (straight_flush > 0, straight_flush, nothing),
    )
    best = nothing
    for category, (holds, first, kickers) in enumerate(cases):
        best = np.where(holds, category << CATEGORY_SHIFT | first << 13 | kickers, best)
    return best.astype(np.int32)


def _pack(keys: NDArray[np.int64], values: NDArray[np.uint16]) -> tuple[NDArray[np.int32], NDArray[np.uint16]]:
    """Row shifts and the packed table, with ``table[key + shift[key >> _ROW_BITS]]`` the key's value.

    The fullest row is placed first, each at the first place where it fits. Long integers are the sets of free places:
    shifted by each of a row's columns and intersected, they give all places where the row fits. Only a window is kept:
    the places below it are nearly full, and above the last one taken it reaches one row further.
    """
    width = 1 << _ROW_BITS
    rows, columns = keys >> _ROW_BITS, keys & (width - 1)
    order = np.argsort(rows, kind="stable")
    members = np.split(order, np.flatnonzero(np.diff(rows[order])) + 1)
    shifts = np.zeros(int(rows.max()) + 1, dtype=np.int32)
    table = np.zeros(4 * len(keys), dtype=np.uint16)
    free, base, top = (1 << width) - 1, 0, width
    for member in sorted(members, key=len, reverse=True):
        here = columns[member].tolist()
        fits, taken = free, 0
        for column in here:
            fits &= free >> column
            taken |= 1 << column
        place = (fits & -fits).bit_length() - 1
        free ^= taken << place
        start = base + place
        table[start + columns[member]] = values[member]
        shifts[rows[member[0]]] = start - (int(rows[member[0]]) << _ROW_BITS)
        grown = start + max(here) + 1 + width - top
        if grown > 0:
            free |= ((1 << grown) - 1) << (top - base)
            top += grown
        full = (free & -free).bit_length() - 1 - width
        if full > 8 * width:
            free >>= full
            base += full
    return shifts, table[: int(np.flatnonzero(table)[-1]) + 1].copy()


def _rank_counts(cards: int) -> NDArray[np.int8]:
    """[multiset, rank] of every multiset of ranks that so many cards can have."""
    multisets = np.array(list(combinations_with_replacement(range(13), cards)), dtype=np.intp)
    counts = np.eye(13, dtype=np.int8)[multisets].sum(axis=1, dtype=np.int8)
    return counts[counts.max(axis=1) <= 4]


def _build_tables() -> tuple[NDArray[np.int32], NDArray[np.uint16], NDArray[np.uint16]]:
    """Row shifts, hand ranks by shifted rank sum, hand ranks by flush mask."""
    sevens, fives = _rank_counts(7), _rank_counts(5)
    plain = strengths(sevens, np.zeros(len(sevens), dtype=np.int32))
    masks = _MASKS[[mask.bit_count() >= 5 for mask in range(len(_MASKS))]]
    flush = strengths((masks[:, None] >> np.arange(13) & 1).astype(np.int8), masks)
    # Seven cards never play as the weakest hands of five, so all strengths are numbered from the fives.
    every = np.unique(np.concatenate([strengths(fives, np.zeros(len(fives), dtype=np.int32)), flush]))
    shifts, table = _pack(sevens @ _RANK_WEIGHTS, (np.searchsorted(every, plain) + 1).astype(np.uint16))
    flush_table = np.zeros(len(_MASKS), dtype=np.uint16)
    flush_table[masks] = np.searchsorted(every, flush) + 1
    return shifts, table, flush_table


_SHIFTS, _PLAIN, _FLUSH = _build_tables()

_cards = np.arange(N_CARDS, dtype=np.int64)
_KEYS = _RANK_WEIGHTS[_cards >> 2] + (np.int64(1) << (32 + 4 * (_cards & 3)))
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
            ranks[i] = _PLAIN[total + _SHIFTS[total >> _ROW_BITS]]


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
                ranks[b, h] = _PLAIN[total + _SHIFTS[total >> _ROW_BITS]]


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
