"""The tables of ``hand_rank``, made from the rules of poker.

    python solver/rank_tables.py        writes ``rank_tables.npz``, which is part of the sources

Making them takes 0.4 s, so processes read the file; a test compares it with what is made.
"""

from __future__ import annotations

from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

FILE: Final = Path(__file__).with_suffix(".npz")

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

ROW_BITS: Final = 8

RANK_WEIGHTS = np.array(
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
    """Row shifts and the packed table, with ``table[key + shift[key >> ROW_BITS]]`` the key's value.

    The fullest row is placed first, each at the first place where it fits. Long integers are the sets of free places:
    shifted by each of a row's columns and intersected, they give all places where the row fits. Only a window is kept:
    the places below it are nearly full, and above the last one taken it reaches one row further.
    """
    width = 1 << ROW_BITS
    rows, columns = keys >> ROW_BITS, keys & (width - 1)
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
        shifts[rows[member[0]]] = start - (int(rows[member[0]]) << ROW_BITS)
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


class Tables(NamedTuple):
    """How a hand rank is looked up.

    Attributes:
        shifts: [rank sum >> ROW_BITS] what is added to a rank sum.
        plain: [shifted rank sum] hand ranks without a flush.
        flush: [rank mask of the suit] hand ranks with one.
    """

    shifts: NDArray[np.int32]
    plain: NDArray[np.uint16]
    flush: NDArray[np.uint16]


def build() -> Tables:
    """The tables, from the rules."""
    sevens, fives = _rank_counts(7), _rank_counts(5)
    plain = strengths(sevens, np.zeros(len(sevens), dtype=np.int32))
    masks = _MASKS[[mask.bit_count() >= 5 for mask in range(len(_MASKS))]]
    flush = strengths((masks[:, None] >> np.arange(13) & 1).astype(np.int8), masks)
    # Seven cards never play as the weakest hands of five, so all strengths are numbered from the fives.
    every = np.unique(np.concatenate([strengths(fives, np.zeros(len(fives), dtype=np.int32)), flush]))
    shifts, table = _pack(sevens @ RANK_WEIGHTS, (np.searchsorted(every, plain) + 1).astype(np.uint16))
    flush_table = np.zeros(len(_MASKS), dtype=np.uint16)
    flush_table[masks] = np.searchsorted(every, flush) + 1
    return Tables(shifts, table, flush_table)


def load() -> Tables:
    """The tables, from the file."""
    with np.load(FILE) as stored:
        return Tables(*(stored[name] for name in Tables._fields))


if __name__ == "__main__":
    np.savez_compressed(FILE, **build()._asdict())
