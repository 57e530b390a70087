"""The table in words, for a screen reader: what one needs to decide, in the order in which one asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

_RANKS: Final = dict(
    zip(
        "23456789TJQKA",
        ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "jack", "queen", "king", "ace"],
        strict=True,
    )
)
_SUITS: Final = {"c": "clubs", "d": "diamonds", "h": "hearts", "s": "spades"}
_STREETS: Final = {3: "Flop", 4: "Turn", 5: "River"}


class Said(Protocol):
    """A step of the line: a text and, where a street begins, a card."""

    @property
    def text(self) -> str:
        """What happened."""
        ...

    @property
    def card(self) -> str:
        """The card that came, or ""."""
        ...


def card_words(card: str) -> str:
    """``Ah`` -> ``ace of hearts``."""
    return f"{_RANKS[card[0]]} of {_SUITS[card[1]]}"


def spoken_table(
    board: Sequence[str], hero_cards: Sequence[str], line: Sequence[Said], pot: str, to_call: str, hero: str
) -> str:
    """Street and board, what happened since it was dealt, pot and price, hero's cards.

    Args:
        board: Five places; empty ones are "".
        hero_cards: Two cards.
        line: The ribbon, street by street.
        pot: With its unit.
        to_call: With its unit; empty when there is nothing to call.
        hero: The name of hero's seat.
    """
    dealt = [card for card in board if card]
    since: list[str] = []
    for step in line[1:]:
        since = [] if step.card else [*since, step.text]
    return " ".join(
        (
            f"{_STREETS[len(dealt)]}: {', '.join(card_words(card) for card in dealt)}.",
            *([f"{', '.join(since)}."] if since else []),
            f"Pot {pot}{f', {to_call} to call' if to_call else ''}.",
            f"You are {hero} with {' and '.join(card_words(card) for card in hero_cards)}.",
        )
    )
