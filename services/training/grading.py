"""Grades: pure arithmetic from a row of Q* values to a verdict.

The loss of an action is L = max_b Q*(b) - Q*(a), where Q* is its value against villain's stored strategy with hero
best-responding afterwards; l = 100 L / P in % of the pot P at the decision, the bet faced included. How sure we are is
the tolerance t in % of P. An action with l <= t is *best* or *correct*. A larger loss is graded at both ends of
[l - t, l + t]; where they disagree the milder grade is given and called *borderline*. Above a tolerance of 1.5% nothing
is graded: *uncertain*.

The die (1-100) turns the solver's mix into one action: every action owns an interval, in the order of the actions
(fold, check, call, sizes ascending), as long as its frequency in percent after largest-remainder rounding; actions with
l > t own none.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from services.training.views import Grade, Word

_SLACK = 1e-9
"""Keeps 1.5% but for rounding on the mild side of "over 1.5%", and 0.05 bb on the harsh side of "at least 0.05"."""

PLAUSIBLE_PCT = 3.0
"""Temperature of the plausible player: losses of this % of the pot make an action e times rarer."""

TRIVIAL_PCT = 0.1
"""A decision whose difficulty is below this % of the pot teaches nothing."""

WORDS: tuple[Word, ...] = ("best", "correct", "inaccuracy", "wrong", "blunder", "uncertain")


@dataclass(frozen=True, slots=True)
class Cutoffs:
    """Where one grade ends and the next begins; the installation's settings fill them."""

    inaccuracy_pct: float = 1.5
    wrong_bb: float = 0.05
    wrong_always_bb: float = 1.0
    blunder_pct: float = 5.0
    blunder_bb: float = 0.25
    blunder_always_bb: float = 3.0
    uncertain_pct: float = 1.5
    best_frequency: float = 0.10


def losses(q: ArrayLike) -> NDArray[np.float64]:
    """[action] chips given up by each action; at least one is 0."""
    values = np.asarray(q, dtype=np.float64)
    return values.max() - values


def difficulty(q: ArrayLike, pot: float) -> float:
    """What a plausible player loses at a decision, chips: the losses weighed by softmax(-l / 3%)."""
    loss = losses(q)
    weight = np.exp(-loss / (PLAUSIBLE_PCT / 100 * pot))  # the best action has exponent 0: no overflow, no empty sum
    return float((weight * loss).sum() / weight.sum())


def ev_score(loss_sum: float, difficulty_sum: float) -> float | None:
    """100 is perfect, 50 the plausible player; None where nothing was at stake and nothing lost."""
    if difficulty_sum <= 0:
        return None if loss_sum <= 0 else 0.0
    return 100.0 * 2.0 ** (-loss_sum / difficulty_sum)


def die_intervals(frequencies: ArrayLike, q: ArrayLike, pot: float, tolerance_pct: float) -> tuple[int, ...]:
    """How many of the die's hundred numbers each action owns, in the order of the actions.

    Sums to 100. Actions that lose more than the tolerance own none; where the mix names no other, the action that loses
    least owns all.
    """
    loss_pct = 100 * losses(q) / pot
    allowed = np.where(loss_pct <= tolerance_pct + _SLACK, np.maximum(np.asarray(frequencies, dtype=np.float64), 0), 0)
    if allowed.sum() <= 0:
        allowed = np.zeros_like(loss_pct)
        allowed[int(np.argmin(loss_pct))] = 1
    return largest_remainder(allowed, 100)


def largest_remainder(weights: Sequence[float] | NDArray[np.float64], total: int) -> tuple[int, ...]:
    """Whole shares of ``total`` by weight; what rounding leaves goes to the largest remainders, earlier ones first."""
    shares = np.asarray(weights, dtype=np.float64)
    shares = shares / shares.sum() * total
    whole = np.floor(shares + _SLACK).astype(int)
    by_remainder = sorted(range(len(shares)), key=lambda index: (-round(shares[index] - whole[index], 9), index))
    for index in by_remainder[: total - int(whole.sum())]:
        whole[index] += 1
    return tuple(int(share) for share in whole)


def die_pick(die: int, intervals: Iterable[int]) -> int:
    """The action in whose interval the die (1 to 100) falls."""
    upper = 0
    for index, width in enumerate(intervals):
        upper += width
        if die <= upper:
            return index
    raise ValueError(f"the die shows {die}; the intervals end at {upper}")


def grade(
    q: ArrayLike,
    frequencies: ArrayLike,
    chosen: int,
    pot: int,
    big_blind: int,
    tolerance_pct: float,
    pick: int | None,
    cutoffs: Cutoffs,
) -> Grade:
    """Grade one action of one hand.

    Args:
        q: [action] Q* of hero's hand, chips.
        frequencies: [action] the solver's mix of hero's hand.
        chosen: Index of the action taken.
        pot: Pot at the decision, the bet faced included, chips.
        big_blind: Chips per bb.
        tolerance_pct: How far the loss may be off, % of the pot.
        pick: The action that the die names, None without a die.
        cutoffs: The installation's.
    """
    known = bool(np.isfinite(np.asarray(q, dtype=np.float64)).all())  # unknown: villain can't be here against this hand
    loss = float(losses(q)[chosen]) if known else 0.0
    loss_pct = 100 * loss / pot
    hard = difficulty(q, pot) if known else 0.0
    borderline = False
    word: Word
    if not known or not math.isfinite(tolerance_pct) or tolerance_pct > cutoffs.uncertain_pct + _SLACK:
        word = "uncertain"
    elif loss_pct <= tolerance_pct + _SLACK:
        frequent = float(np.asarray(frequencies)[chosen]) >= cutoffs.best_frequency - _SLACK
        word = "best" if frequent or chosen == pick else "correct"
    else:
        bb_per_pct = pot / 100 / big_blind
        low, high = loss_pct - tolerance_pct, loss_pct + tolerance_pct
        word = _word_of_loss(low, low * bb_per_pct, cutoffs)
        borderline = word != _word_of_loss(high, high * bb_per_pct, cutoffs)
    return Grade(
        word=word,
        borderline=borderline,
        scored=word != "uncertain",
        loss=loss,
        loss_bb=loss / big_blind,
        loss_pct=loss_pct,
        tolerance_pct=tolerance_pct,
        difficulty=hard,
        difficulty_bb=hard / big_blind,
        difficulty_pct=100 * hard / pot,
    )


def _word_of_loss(loss_pct: float, loss_bb: float, cutoffs: Cutoffs) -> Word:
    """The grade of a loss that is beyond doubt."""

    def over(share: float, least_bb: float, always_bb: float) -> bool:
        return (loss_pct > share + _SLACK and loss_bb >= least_bb - _SLACK) or loss_bb >= always_bb - _SLACK

    if over(cutoffs.blunder_pct, cutoffs.blunder_bb, cutoffs.blunder_always_bb):
        return "blunder"
    if over(cutoffs.inaccuracy_pct, cutoffs.wrong_bb, cutoffs.wrong_always_bb):
        return "wrong"
    return "inaccuracy"
