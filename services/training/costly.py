"""Which decisions a drill leaves out: trivial ones, or all but costly ones.

Difficulty alone calls a decision hard where three hopeless actions add up, or where a fourth is bad and the first two
are worth the same. A costly one has a *nearest mistake* that somebody would make: the least loss among the other
actions that hero's range takes here, beyond a size of the same kind that is nearly as good. Below 1% of the pot, or
0.05 bb, nothing is at stake between the best two; above 6% everybody sees it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.solutions.catalog import NodeStrategy
from services.training.deals import compatible_weight, without_cards
from services.training.grading import PLAUSIBLE_PCT, TRIVIAL_PCT
from services.training.grouping import group_shares, group_values, groups
from services.training.plan import Difficulty, SizeGroups

COSTLY_PCT = 0.5
"""Difficulty of a costly decision, % of the pot, at least."""

MISTAKE_PCT = (1.0, 6.0)
"""What its nearest mistake costs, % of the pot; the plausible player makes one of 6% one time in eight, and facing a
bet of the pot it is four points of equity."""

MISTAKE_BB = 0.05
"""The same at least, where pots are small."""

TAKEN = 0.05
"""Share of hero's range from which an action is one that is taken here."""


def difficulties(node: NodeStrategy, sizes: SizeGroups) -> NDArray[np.float64]:
    """[hand] D in % of the pot as hero is asked, sizes grouped; NaN where it is unknown."""
    loss = _losses(node, sizes)
    weight = np.exp(-loss / PLAUSIBLE_PCT)
    return (weight * loss).sum(axis=0) / weight.sum(axis=0)


def nearest_mistakes(node: NodeStrategy, sizes: SizeGroups) -> NDArray[np.float64]:
    """[hand] what the nearest mistake costs, % of the pot: inf where there is none, NaN where that is unknown."""
    loss = _losses(node, sizes)
    parts = groups(node.position, sizes)
    kinds = np.array([_kind(part.name) for part in parts])
    best = np.argmin(loss, axis=0)
    same = (kinds[:, None] == kinds[best]) & (loss < MISTAKE_PCT[0])
    player = node.position.player
    held = node.reach[player].astype(np.float64)[node.combos] * node.in_range
    held *= compatible_weight(without_cards(node.reach[1 - player], node.position.board))[node.combos]
    taken = group_shares(parts, node.strategy.astype(np.float64)) @ held >= TAKEN * held.sum()
    nearest = np.where(same | ~taken[:, None], np.inf, loss).min(axis=0)
    return np.where(np.isnan(loss).any(axis=0), np.nan, nearest)


def left_out(node: NodeStrategy, difficulty: Difficulty, sizes: SizeGroups) -> NDArray[np.bool_]:
    """[hand] whether a drill plays the decision for hero; where nothing is known it does not."""
    match difficulty:
        case "any":
            return np.zeros(len(node.combos), np.bool_)
        case "real":
            return difficulties(node, sizes) < TRIVIAL_PCT
        case "costly":
            low, high = MISTAKE_PCT
            low = max(low, 100 * MISTAKE_BB * node.big_blind / node.position.pot)
            hard, mistake = difficulties(node, sizes), nearest_mistakes(node, sizes)
            return (hard < COSTLY_PCT) | (mistake < low) | (mistake > high)


def _losses(node: NodeStrategy, sizes: SizeGroups) -> NDArray[np.float64]:
    """[action or group, hand] % of the pot."""
    q = group_values(groups(node.position, sizes), node.q)
    return 100 * (q.max(axis=0) - q) / node.position.pot


def _kind(action: str) -> str:
    """Folding, staying, or putting chips in: what is chosen before a size is."""
    name = action.partition(" ")[0]
    return {"fold": "fold", "check": "stay", "call": "stay"}.get(name, "bet")
