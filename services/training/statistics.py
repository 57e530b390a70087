"""What can honestly be said about a loss per decision: pure functions over whole hands.

Losses have heavy tails: most decisions cost nothing and a few cost a lot, so that the normal interval covers 67% at
20 decisions and 82% at 100 where it promises 95%. Whole hands are resampled, because the decisions of a hand depend on
each other, together with 30 pseudo-hands of the population, which lend a small sample the tail it has not met yet.
``python -m bench.intervals`` prints what the interval covers. Below 100 decisions there is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

INTERVAL_FROM = 100
"""Decisions below which no interval is honest."""

PSEUDO_HANDS = 30
RESAMPLES = 2000
_BATCH = 1_000_000


@dataclass(frozen=True, slots=True)
class HandLoss:
    """A hand as the bootstrap sees it."""

    decisions: int
    loss_bb: float


def interval(
    hands: Sequence[HandLoss], population: Sequence[HandLoss], pseudo_hands: int = PSEUDO_HANDS
) -> tuple[float, float] | None:
    """95% of the loss per 100 decisions, by a bootstrap of whole hands with 30 of the population's beside them.

    None below 100 decisions. The resampling is seeded: the same hands give the same interval.
    """
    if sum(hand.decisions for hand in hands) < INTERVAL_FROM:
        return None
    rng = np.random.default_rng(0)
    own, others = len(hands), population or hands
    losses = np.array([hand.loss_bb for hand in (*hands, *others)])
    decisions = np.array([hand.decisions for hand in (*hands, *others)])
    figures: list[float] = []
    while len(figures) < RESAMPLES:  # in parts, so that a long history needs no more memory than a short one
        rows = min(RESAMPLES - len(figures), max(1, _BATCH // own))
        # a pseudo-hand is another one of the population each time: thirty fixed ones would be luck of their own
        chosen = rng.integers(own + pseudo_hands, size=(rows, own))
        chosen = np.where(chosen < own, chosen, own + rng.integers(len(others), size=(rows, own)))
        figures.extend(100 * losses[chosen].sum(axis=1) / decisions[chosen].sum(axis=1))
    low, high = np.quantile(figures, (0.025, 0.975))
    return float(low), float(high)


def most_errors_pct(errors: int, decisions: int) -> float | None:
    """The most that the share of errors may be, in %, where there was none: 3/n, at 95%; None where there was one.

    Source: Hanley and Lippman-Hand, "If nothing goes wrong, is everything all right?", JAMA 249 (1983).
    """
    return None if errors or not decisions else min(100.0, 300.0 / decisions)
