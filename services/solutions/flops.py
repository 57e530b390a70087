"""The 1,755 flops that differ by more than the names of their suits, and small weighted samples of them.

A sample is for looking at many flops with few solves: every flop belongs to the sample's flop that looks most like it,
and a flop of the sample weighs as many as it stands for. "Looks like" is a distance over texture (ranks, pairing,
suits, straights that are possible), not over strategies.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from solver.cards import N_CARDS, cards_to_text
from solver.isomorphism import SUIT_MAPS, map_card

RANKS = np.array([1.5, 1.0, 0.8])
"""What a difference of twelve ranks counts, highest card first."""
PAIR, TRIPS, SUIT, STRAIGHT = 0.5, 0.2, 0.35, 0.15
_ACE = 12
_ROUNDS = 50


@dataclass(frozen=True, slots=True)
class Flop:
    """A flop and how many of the 22,100 it stands for; ``board`` is highest card first."""

    board: str
    weight: int


def canonical(board: Sequence[int]) -> tuple[int, ...]:
    """The same flop whatever its suits are called; highest card first."""
    return max(tuple(sorted((map_card(suits, card) for card in board[:3]), reverse=True)) for suits in SUIT_MAPS)


@lru_cache(maxsize=1)
def all_flops() -> tuple[Flop, ...]:
    """All 1,755."""
    counted = Counter(canonical(board) for board in combinations(range(N_CARDS), 3))
    return tuple(Flop(cards_to_text(board), weight) for board, weight in sorted(counted.items(), reverse=True))


@lru_cache
def sample(size: int) -> tuple[Flop, ...]:
    """``size`` flops that stand for all, the weightiest first: weighted k-medoids from the flops farthest apart."""
    boards = sorted({canonical(board) for board in combinations(range(N_CARDS), 3)}, reverse=True)
    weights = np.array([flop.weight for flop in all_flops()], np.float64)
    features = np.array([_texture(board) for board in boards])
    apart = np.sqrt(((features[:, None] - features[None]) ** 2).sum(axis=2))
    medoids = [int(np.argmin(apart @ weights))]
    while len(medoids) < size:
        medoids.append(int(np.argmax(apart[:, medoids].min(axis=1))))
    for _ in range(_ROUNDS):
        nearest = np.argmin(apart[:, medoids], axis=1)
        better = [_middle(apart, weights, np.flatnonzero(nearest == place)) for place in range(size)]
        if better == medoids:
            break
        medoids = better
    stands_for = np.bincount(np.argmin(apart[:, medoids], axis=1), weights, size)
    chosen = [
        Flop(cards_to_text(boards[medoid]), int(weight)) for medoid, weight in zip(medoids, stands_for, strict=True)
    ]
    return tuple(sorted(chosen, key=lambda flop: (-flop.weight, flop.board)))


def _middle(apart: NDArray[np.float64], weights: NDArray[np.float64], members: NDArray[np.int64]) -> int:
    return int(members[np.argmin(apart[np.ix_(members, members)] @ weights[members])])


def _texture(board: Sequence[int]) -> NDArray[np.float64]:
    ranks = np.array([card >> 2 for card in board])
    suits = len({card & 3 for card in board})
    different = len(set(ranks.tolist()))
    return np.array([
        *(ranks / _ACE * RANKS),
        PAIR * (different < len(ranks)),
        TRIPS * (different == 1),
        SUIT * (len(ranks) - suits),
        STRAIGHT * _straights(set(ranks.tolist())),
    ])  # fmt: skip


def _straights(ranks: set[int]) -> int:
    """Straights that two more cards make; the ace counts low too."""
    low = ranks | {-1} if _ACE in ranks else ranks
    return sum(len(low & set(range(first, first + 5))) >= 3 for first in range(-1, 9))
