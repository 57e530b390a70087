"""Deals that can be checked: everything random in a hand comes from its seed.

A seed is 32 secret bytes. The hand carries its SHA-256, the commitment, from the first moment; the seed is shown after
the hand, and anybody can then deal the hand again. Every draw has a purpose of its own (``deal``, ``card 3``, ...)
and reads the stream HMAC-SHA256(seed, purpose, block number), so that the order in which things are drawn never
matters and a hand can be continued by another process. Draws are unbiased: integers by rejection, weighted choices with
53 bits.

Both players' combos are drawn jointly: the probability of a pair is proportional to the product of their weights where
they share no card with each other or the board. Board cards are uniform over what is left.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solver.cards import COMBO_CARDS, COMBO_INDEX, N_CARDS

SEED_BYTES = 32

_FIRST, _SECOND = COMBO_CARDS[:, 0].astype(np.intp), COMBO_CARDS[:, 1].astype(np.intp)


def new_seed() -> bytes:
    """32 bytes from the operating system."""
    return secrets.token_bytes(SEED_BYTES)


def commitment(seed: bytes) -> str:
    """SHA-256 of the seed, hex."""
    return hashlib.sha256(seed).hexdigest()


def derive(seed: bytes, purpose: str) -> bytes:
    """A seed of its own; knowing it reveals nothing about ``seed``."""
    return hmac.digest(seed, b"seed\0" + purpose.encode(), "sha256")


class Draw:
    """Random numbers of one seed for one purpose."""

    def __init__(self, seed: bytes, purpose: str) -> None:
        self._key = seed
        self._prefix = b"draw\0" + purpose.encode() + b"\0"
        self._block = 0
        self._bytes = b""

    def bits64(self) -> int:
        """64 uniform bits."""
        if not self._bytes:
            self._bytes = hmac.digest(self._key, self._prefix + self._block.to_bytes(8, "big"), "sha256")
            self._block += 1
        word, self._bytes = self._bytes[:8], self._bytes[8:]
        return int.from_bytes(word, "big")

    def below(self, n: int) -> int:
        """Uniform over 0 .. n - 1: words above the last whole multiple of n are thrown away."""
        limit = (1 << 64) - (1 << 64) % n
        while (word := self.bits64()) >= limit:
            pass
        return word % n

    def unit(self) -> float:
        """Uniform over [0, 1), 53 bits."""
        return (self.bits64() >> 11) * 2.0**-53

    def choice(self, weights: ArrayLike) -> int:
        """An index with probability proportional to its weight.

        Raises:
            ValueError: No weight is positive.
        """
        cumulative = np.cumsum(np.asarray(weights, dtype=np.float64))
        total = float(cumulative[-1]) if len(cumulative) else 0.0
        if not total > 0:
            raise ValueError("nothing to choose from: every weight is 0")
        index = int(np.searchsorted(cumulative, self.unit() * total, side="right"))
        # u * total can round up to total: the last index with a weight of its own is meant
        return min(index, int(np.searchsorted(cumulative, total, side="left")))


def without_cards(weights: ArrayLike, cards: Collection[int]) -> NDArray[np.float64]:
    """Weights [combo] with every combo that holds one of the cards set to 0."""
    kept = np.array(weights, dtype=np.float64)
    if cards:
        gone = np.zeros(N_CARDS, dtype=bool)
        gone[list(cards)] = True
        kept[gone[_FIRST] | gone[_SECOND]] = 0
    return kept


def compatible_weight(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """[combo] sum of the weights of all combos that share no card with it."""
    per_card = np.bincount(_FIRST, weights, N_CARDS) + np.bincount(_SECOND, weights, N_CARDS)
    total = float(weights.sum())
    compatible = total - per_card[_FIRST] - per_card[_SECOND] + weights
    compatible[compatible < 1e-12 * max(total, 1.0)] = 0  # rounding of the subtraction
    return compatible


def draw_combos(draw: Draw, hero: ArrayLike, villain: ArrayLike, board: Collection[int]) -> tuple[int, int]:
    """Hero's and villain's combos, jointly.

    Raises:
        ValueError: The ranges leave no pair without a common card.
    """
    hero_weights, villain_weights = without_cards(hero, board), without_cards(villain, board)
    hero_combo = draw.choice(hero_weights * compatible_weight(villain_weights))
    villain_combo = draw.choice(without_cards(villain_weights, combo_cards(hero_combo)))
    return hero_combo, villain_combo


def draw_card(draw: Draw, dead: Collection[int]) -> int:
    """A card uniform over those that are not dead."""
    left = sorted(set(range(N_CARDS)) - set(dead))
    return left[draw.below(len(left))]


def combo_cards(combo: int) -> tuple[int, int]:
    """Its two cards, the higher first."""
    return int(COMBO_CARDS[combo, 0]), int(COMBO_CARDS[combo, 1])


def combo_of(cards: Sequence[int]) -> int:
    """The combo of two cards."""
    return int(COMBO_INDEX[cards[0], cards[1]])
