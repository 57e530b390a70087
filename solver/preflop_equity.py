"""Exact all-in results before the flop: every combo against every combo over all 1,712,304 boards.

Renaming suits changes no result, so the 812,175 pairs of disjoint combos fall into 47,008 kinds. Their wins and ties
are stored beside this module (``preflop_equity.xz``) and expanded on first use; ``compute_matchups`` makes them anew
from the hand ranks, in half a minute: over one board of each of the 134,459 kinds, weighted by how many boards the
kind has, it compares all combos, and then adds up the 24 namings of the suits.
"""

from __future__ import annotations

import lzma
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import combinations, permutations
from math import comb

import numpy as np
from numba import njit
from numpy.typing import NDArray

from solver.cards import COMBO_CARDS, COMBO_CLASS, COMBO_INDEX, N_CARDS, N_CLASSES, N_COMBOS
from solver.hand_rank import rank_boards

BOARDS = comb(48, 5)
"""Boards that a pair of combos can meet."""

RESOURCE = "preflop_equity.xz"

_SUIT_ORDERS = np.array(list(permutations(range(4))))
_CARD_IMAGES = (np.arange(N_CARDS) & ~3) | _SUIT_ORDERS[:, np.arange(N_CARDS) & 3]
"""[suit order, card] -> card with its suit renamed."""
_COMBO_IMAGES = COMBO_INDEX[_CARD_IMAGES[:, COMBO_CARDS[:, 0]], _CARD_IMAGES[:, COMBO_CARDS[:, 1]]].astype(np.int64)
"""[suit order, combo] -> combo."""
_REPRESENTATIVES = np.unique(COMBO_CLASS, return_index=True)[1]
"""[hand class] -> its first combo."""
_DISJOINT = (COMBO_CARDS[_REPRESENTATIVES, None, :, None] != COMBO_CARDS[None, :, None, :]).all(axis=(2, 3))
"""[hand class, combo] the class's first combo shares no card with the combo."""


@dataclass(frozen=True, eq=False)
class Matchups:
    """All-in results of every combo against every combo.

    Attributes:
        wins: [combo, combo] boards out of ``BOARDS`` on which the first one wins; 0 where they share a card.
        ties: [combo, combo] boards on which they split.
    """

    wins: NDArray[np.int32]
    ties: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class ClassMatchups:
    """All-in results by hand class.

    Attributes:
        equity: [class, class] share of the pot of the first, averaged over the disjoint pairs of combos.
        pairs: [class, class] number of disjoint pairs of combos.
    """

    equity: NDArray[np.float64]
    pairs: NDArray[np.int64]


@cache
def load_matchups() -> Matchups:
    """The stored results, expanded to all combos; read-only arrays."""
    stored = files("solver").joinpath(RESOURCE).read_bytes()
    return _expand(*_decode(lzma.decompress(stored)))


@cache
def class_matchups() -> ClassMatchups:
    """Results by class, from the stored ones."""
    matchups = load_matchups()
    shares = (2 * matchups.wins.astype(np.int64) + matchups.ties)[_REPRESENTATIVES]
    pairs, totals = (np.zeros((N_CLASSES, N_CLASSES), dtype=np.int64) for _ in range(2))
    for index in range(N_CLASSES):
        pairs[index] = np.bincount(COMBO_CLASS, weights=_DISJOINT[index], minlength=N_CLASSES)
        totals[index] = np.bincount(COMBO_CLASS, weights=shares[index], minlength=N_CLASSES)
    class_sizes = np.bincount(COMBO_CLASS, minlength=N_CLASSES)
    return ClassMatchups(totals / np.maximum(pairs, 1) / (2 * BOARDS), pairs * class_sizes[:, None])


def compute_matchups() -> bytes:
    """The content of the stored file, made from nothing but the hand ranks."""
    wins, ties = _count_over_boards()
    kinds = _kinds()
    totals = np.zeros((2, len(kinds.first)), dtype=np.int64)
    for images in _COMBO_IMAGES:
        totals += [counts[images[kinds.first], images[kinds.second]] for counts in (wins, ties)]
    return lzma.compress(_encode(totals // len(_SUIT_ORDERS)), preset=9 | lzma.PRESET_EXTREME)


def same_matchups(stored: bytes, computed: bytes) -> bool:
    """Whether two contents of the stored file say the same, however they were compressed."""
    return lzma.decompress(stored) == lzma.decompress(computed)


@dataclass(frozen=True, eq=False)
class _Kinds:
    """Kinds of pairs of disjoint combos, equal under renaming suits and swapping the two.

    Attributes:
        first, second: [kind] the pair of combos that stands for it, the lower one first.
        kind: [class, combo] kind of the class's representative against the combo, -1 where they share a card.
        swapped: [class, combo] the representative plays the part of the kind's second combo.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    kind: NDArray[np.int64]
    swapped: NDArray[np.bool_]


@cache
def _kinds() -> _Kinds:
    least = np.full((N_CLASSES, N_COMBOS), N_COMBOS * N_COMBOS, dtype=np.int64)
    swapped = np.zeros(least.shape, dtype=np.bool_)
    for images in _COMBO_IMAGES:
        a, b = images[_REPRESENTATIVES][:, None], images[None, :]
        codes = np.minimum(a, b) * N_COMBOS + np.maximum(a, b)
        swapped = np.where(codes < least, a > b, swapped)
        np.minimum(least, codes, out=least)
    codes, inverse = np.unique(least[_DISJOINT], return_inverse=True)
    kind = np.full(least.shape, -1, dtype=np.int64)
    kind[_DISJOINT] = inverse
    return _Kinds(codes // N_COMBOS, codes % N_COMBOS, kind, swapped)


def _count_over_boards() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Wins and ties [combo, combo] over one board of each kind, times the number of boards of that kind."""
    boards = np.array(list(combinations(range(N_CARDS), 5)), dtype=np.uint8)
    least = np.full(len(boards), np.iinfo(np.int64).max)
    for images in _CARD_IMAGES:
        least = np.minimum(least, np.bitwise_or.reduce(np.int64(1) << images[boards], axis=1))
    _, first, sizes = np.unique(least, return_index=True, return_counts=True)
    wins, ties = (np.zeros((N_COMBOS, N_COMBOS), dtype=np.int64) for _ in range(2))
    high, low = COMBO_CARDS[:, 0].copy(), COMBO_CARDS[:, 1].copy()
    for size in np.unique(sizes):
        kinds = boards[first[sizes == size]]
        for chunk in np.array_split(kinds, len(kinds) // 500 + 1):
            ranks = np.empty((len(chunk), N_COMBOS), dtype=np.uint16)
            rank_boards(chunk, high, low, ranks)
            # Blocked combos (rank 0) become the largest number, so that nobody beats them.
            _compare_all(ranks - np.uint16(1), int(size), wins, ties)
    return wins, ties


@njit(nogil=True, cache=True, error_model="numpy")
def _compare_all(ranks: NDArray[np.uint16], weight: int, wins: NDArray[np.int64], ties: NDArray[np.int64]) -> None:
    """Add ``weight`` to wins and ties [combo, combo] for each of ``ranks[board, combo]`` (at most 65,535 boards)."""
    combos = ranks.shape[1]
    below = np.zeros(combos, np.uint16)
    equal = np.zeros(combos, np.uint16)
    for i in range(combos):
        below[:] = 0
        equal[:] = 0
        for b in range(ranks.shape[0]):
            rank = ranks[b, i]
            if rank != 65535:
                for j in range(combos):
                    below[j] += np.uint16(ranks[b, j] < rank)
                    equal[j] += np.uint16(ranks[b, j] == rank)
        for j in range(combos):
            wins[i, j] += weight * below[j]
            ties[i, j] += weight * equal[j]


def _expand(wins: NDArray[np.int32], ties: NDArray[np.int32]) -> Matchups:
    """From counts by kind to counts by combo and combo."""
    kinds = _kinds()
    by_class = np.zeros((2, N_CLASSES, N_COMBOS), dtype=np.int32)
    disjoint = kinds.kind >= 0
    kind = kinds.kind[disjoint]
    by_class[0, disjoint] = np.where(kinds.swapped[disjoint], BOARDS - wins[kind] - ties[kind], wins[kind])
    by_class[1, disjoint] = ties[kind]
    representative = _REPRESENTATIVES[COMBO_CLASS]
    order = (representative == _COMBO_IMAGES).argmax(axis=0)
    expanded = by_class[:, COMBO_CLASS[:, None], _COMBO_IMAGES[order]]
    expanded.setflags(write=False)
    return Matchups(expanded[0], expanded[1])


def _encode(counts: NDArray[np.int64]) -> bytes:
    """Counts [2, kind] as differences from kind to kind, all low bytes before all high ones: that compresses best."""
    differences = np.diff(counts, axis=1, prepend=0).astype("<i4")
    return differences.view(np.uint8).reshape(-1, 4).T.tobytes()


def _decode(stored: bytes) -> NDArray[np.int32]:
    differences = np.frombuffer(stored, dtype=np.uint8).reshape(4, -1).T.copy().view("<i4").reshape(2, -1)
    return differences.cumsum(axis=1, dtype=np.int32)
