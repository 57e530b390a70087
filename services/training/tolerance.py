"""How far a graded loss may be off: t(street, frequency of the action, reach of the hand), % of the pot.

t is meant to be the 90% quantile of |L - L_ref| against a far finer solution, per street and for how well the place is
trained: a hand that the solver rarely brings here, or an action that it rarely takes, is known less well.
``bench/tolerance.py`` measures it. A street whose figures were not measured yet says ``fitted = False``, and so does
every grade built on it.

The figures were measured behind decisions that are solved well. Behind one that is not, the ranges that arrive are
what was played there, however finely the river is then solved from them: what was left open there, in chips, is left
open here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tolerance:
    """A tolerance and whether it was measured."""

    pct: float
    fitted: bool


@dataclass(frozen=True, slots=True)
class StreetTolerance:
    """Figures of one street, % of the pot.

    Attributes:
        common: The solver takes the action with at least 10%, and the hand is no thin one.
        rare: It takes the action less often.
        thin: The hand's weight is under 10% of that of the commonest hand here.
        absent: The solver never brings the hand here.
        fitted: All but ``absent`` were measured.
        absent_fitted: ``absent`` was.
    """

    common: float
    rare: float
    thin: float
    absent: float
    fitted: bool
    absent_fitted: bool = False


STREETS = (
    StreetTolerance(common=0.13, rare=0.64, thin=0.27, absent=0.30, fitted=True, absent_fitted=True),
    StreetTolerance(common=0.11, rare=0.91, thin=0.95, absent=0.32, fitted=True, absent_fitted=True),
    StreetTolerance(common=0.11, rare=1.11, thin=0.60, absent=1.10, fitted=True),
)
"""docs/grading.md has the commands, the spots and the coverage on the half that was held out."""

COMMON = 0.10

WELL_SOLVED_PCT = 0.5
"""A decision on the way that is solved to this % of its pot, or better, is like those that the figures were measured
behind: hands that play as the solver does meet hardly any other."""

EXACT_PCT = 0.05
"""Against a villain whose strategy is given the loss is computed, not approached; what is left is single precision.
A test holds it against the same value enumerated hand by hand."""


@dataclass(frozen=True, slots=True)
class Passed:
    """The worst solved of the decisions on the way, as far as it matters.

    Attributes:
        solved_to_pct: Its local exploitability, % of the pot there; None where all were solved well.
        here_pct: The same chips in % of the pot now.
    """

    solved_to_pct: float | None = None
    here_pct: float = 0.0


def worst_passed(passed: Iterable[tuple[float, int]], pot: int) -> Passed:
    """What the way to a decision leaves open.

    Args:
        passed: (local exploitability in % of the pot there, that pot in chips) of each decision on the way; where it
            is NaN nothing is known, and all of that pot is open.
        pot: Chips at the decision.
    """
    known = ((pct if math.isfinite(pct) else 100.0, chips) for pct, chips in passed)
    open_ = ((pct * chips / pot, pct) for pct, chips in known if pct > WELL_SOLVED_PCT)
    here_pct, solved_to_pct = max(open_, default=(0.0, None))
    return Passed(solved_to_pct, here_pct)


def tolerance(
    street: int,
    frequency: float,
    hand_share: float,
    solved_to_pct: float | None,
    *,
    own_loss_pct: float = 0.0,
    passed_pct: float = 0.0,
    in_range: bool = True,
) -> Tolerance:
    """The tolerance of one action's loss.

    Args:
        street: 0 flop, 1 turn, 2 river.
        frequency: How often the solver takes the action with this hand.
        hand_share: The hand's reach over that of the commonest hand here, 0 to 1.
        solved_to_pct: Local exploitability at the node, % of its pot: a place solved worse than the street's figure
            can't be known better than it is solved. None where one of the players never gets.
        own_loss_pct: What the solver's own play loses with this hand, % of the pot: the more of its mix and of its
            commonest action. Giving up much itself it has not made up its mind about the hand, and nobody can be told
            that he is that much worse.
        passed_pct: What the way here leaves open, % of the pot (`worst_passed`).
        in_range: Whether the solver brings the hand here at all.
    """
    figures = STREETS[street]
    if not in_range or solved_to_pct is None:
        pct = max(figures.absent, solved_to_pct or 0.0, passed_pct)
        return Tolerance(pct, figures.absent_fitted and solved_to_pct is not None)
    known = figures.common if frequency >= COMMON else figures.rare
    pct = figures.thin if hand_share < COMMON else known
    return Tolerance(max(pct, solved_to_pct, own_loss_pct, passed_pct), figures.fitted)
