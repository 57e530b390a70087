"""Interchangeable suits.

A permutation of suits that maps the board and both ranges onto themselves maps the game onto itself. So of the cards
that can be dealt, one of each orbit is enough: the value of hand ``h`` on an image card ``f(c)`` is the value of
``f^-1(h)`` on ``c``. Below a dealt card only the permutations that keep it remain.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from solver.cards import COMBO_CARDS, COMBO_INDEX, N_CARDS

SuitMap = tuple[int, int, int, int]
"""[suit] -> suit."""

IDENTITY: SuitMap = (0, 1, 2, 3)

SUIT_MAPS: list[SuitMap] = [(a, b, c, d) for a, b, c, d in permutations(range(4))]
"""All 24, the identity first."""


def map_card(suits: SuitMap, card: int) -> int:
    """The card of the same rank in the suit's image."""
    return card & ~3 | suits[card & 3]


def inverse(suits: SuitMap) -> SuitMap:
    """The permutation that undoes it."""
    result = [0] * 4
    for suit, image in enumerate(suits):
        result[image] = suit
    return (result[0], result[1], result[2], result[3])


def compose(outer: SuitMap, inner: SuitMap) -> SuitMap:
    """First ``inner``, then ``outer``."""
    return (outer[inner[0]], outer[inner[1]], outer[inner[2]], outer[inner[3]])


@cache
def combo_map(suits: SuitMap) -> NDArray[np.int16]:
    """[combo] -> its image."""
    cards = np.array([map_card(suits, card) for card in range(N_CARDS)])
    return COMBO_INDEX[cards[COMBO_CARDS[:, 0]], cards[COMBO_CARDS[:, 1]]]


def symmetries(board: Iterable[int], ranges: Sequence[NDArray[np.float32]]) -> list[SuitMap]:
    """Permutations that keep the board as a set and both ranges; the identity first."""
    cards = set(board)
    return [
        suits
        for suits in SUIT_MAPS
        if {map_card(suits, card) for card in cards} == cards
        and all(np.array_equal(weights[combo_map(suits)], weights) for weights in ranges)
    ]


@dataclass(frozen=True)
class DealtCard:
    """One card that stands for its orbit.

    Attributes:
        card: The card that is solved.
        images: (card, permutation that maps ``card`` to it), itself first.
    """

    card: int
    images: tuple[tuple[int, SuitMap], ...]


def deals(group: Sequence[SuitMap], board: Iterable[int]) -> tuple[DealtCard, ...]:
    """One card for each orbit of the cards left."""
    seen = set(board)
    dealt: list[DealtCard] = []
    for card in range(N_CARDS):
        if card in seen:
            continue
        images: dict[int, SuitMap] = {}
        for suits in group:
            images.setdefault(map_card(suits, card), suits)
        seen |= images.keys()
        dealt.append(DealtCard(card, tuple(images.items())))
    return tuple(dealt)


def stabiliser(group: Sequence[SuitMap], card: int) -> list[SuitMap]:
    """The permutations that keep a card."""
    return [suits for suits in group if map_card(suits, card) == card]
