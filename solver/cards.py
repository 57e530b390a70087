"""Cards, two-card combos and the 169 hand classes as numbers.

A card is 4 * rank + suit with ranks ``23456789TJQKA`` and suits ``cdhs``. A combo is an index into the 1,326 pairs
(high card, low card), ordered by high card, then low card: ``high * (high - 1) / 2 + low``. A hand class is an index
into the 13 x 13 grid read row by row from ``AA``: suited above the diagonal, offsuit below.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from solver.errors import Problem, SpotError, quoted

RANKS = "23456789TJQKA"
SUITS = "cdhs"
N_CARDS = 52
N_COMBOS = 1326
N_CLASSES = 169

COMBO_CARDS = np.array([(high, low) for high in range(N_CARDS) for low in range(high)], dtype=np.uint8)
"""[combo, 2] high card, low card."""

COMBO_INDEX = np.full((N_CARDS, N_CARDS), -1, dtype=np.int16)
"""[card, card] -> combo, symmetric, -1 on the diagonal."""
COMBO_INDEX[COMBO_CARDS[:, 0], COMBO_CARDS[:, 1]] = np.arange(N_COMBOS)
COMBO_INDEX[COMBO_CARDS[:, 1], COMBO_CARDS[:, 0]] = np.arange(N_COMBOS)


def _class_name(row: int, column: int) -> str:
    high, low = RANKS[12 - min(row, column)], RANKS[12 - max(row, column)]
    return high + low + ("" if row == column else "s" if column > row else "o")


HAND_CLASSES = tuple(_class_name(row, column) for row in range(13) for column in range(13))
"""Names in grid order: ``AA AKs AQs ... AKo KK KQs ... 22``."""

HAND_CLASS_INDEX = {name: index for index, name in enumerate(HAND_CLASSES)}

_high, _low = COMBO_CARDS[:, 0].astype(np.int16), COMBO_CARDS[:, 1].astype(np.int16)
_top, _bottom = 12 - (_high >> 2), 12 - (_low >> 2)
COMBO_CLASS = np.where((_high & 3) == (_low & 3), 13 * _top + _bottom, 13 * _bottom + _top).astype(np.int16)
"""[combo] -> hand class."""


def card_to_text(card: int) -> str:
    """Two characters, e.g. 51 -> ``As``."""
    return RANKS[card >> 2] + SUITS[card & 3]


def cards_to_text(cards: Iterable[int]) -> str:
    """Cards one after another without separators."""
    return "".join(card_to_text(card) for card in cards)


def combo_to_text(combo: int) -> str:
    """Four characters, the higher card first, e.g. ``AsKs``."""
    return cards_to_text(int(card) for card in COMBO_CARDS[combo])


def parse_cards(text: str, path: str = "") -> tuple[int, ...]:
    """Cards in the order written; spaces are allowed between cards.

    Raises:
        SpotError: An unknown rank or suit, half a card or a repeated card, with its 0-based position.
    """
    cards: list[int] = []
    position = 0
    while position < len(text):
        if text[position] == " ":
            position += 1
            continue
        rank, suit = text[position], text[position + 1 : position + 2]
        if rank not in RANKS:
            raise SpotError([Problem(path, f"{quoted(rank)} is no rank; ranks are {RANKS}", position)])
        if not suit or suit not in SUITS:
            raise SpotError(
                [Problem(path, f"{quoted(rank + suit)} is no card; after a rank comes a suit of {SUITS}", position + 1)]
            )
        card = 4 * RANKS.index(rank) + SUITS.index(suit)
        if card in cards:
            raise SpotError([Problem(path, f"card '{rank}{suit}' is repeated", position)])
        cards.append(card)
        position += 2
    return tuple(cards)


def parse_combo(text: str, path: str = "") -> int:
    """Index of a combo written as two cards in either order.

    Raises:
        SpotError: Not exactly two different cards.
    """
    cards = parse_cards(text, path)
    if len(cards) != 2:
        raise SpotError([Problem(path, f"{quoted(text)} is no combo of two cards", 0)])
    return int(COMBO_INDEX[cards[0], cards[1]])
