"""From a node and an action to the figures of a graded decision: the bridge between stored strategies and grading."""

from __future__ import annotations

import asyncio
import base64
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from services.infra.settings import get_settings
from services.solutions.catalog import NodeStrategy
from services.solutions.export import RIVER
from services.training.deviation import villain_words
from services.training.events import GradedAction
from services.training.grading import Cutoffs, die_intervals, die_pick, grade, losses
from services.training.grouping import best_member, group_shares, group_values, groups
from services.training.plan import Plan
from services.training.reasons import reasons
from services.training.tolerance import EXACT_PCT, Passed, Tolerance, tolerance, worst_passed
from solver.cards import COMBO_CLASS, N_CLASSES

LEAST_WEIGHT: Final = 1e-3
"""Of a range's heaviest hand: below it lies only what the solutions' tremble brings along."""
CLASS_SIZE = np.bincount(COMBO_CLASS, minlength=N_CLASSES)


def cutoffs() -> Cutoffs:
    """The installation's, from its settings."""
    settings = get_settings()
    return Cutoffs(**{name: getattr(settings, f"grade_{name}") for name in Cutoffs.__dataclass_fields__})


async def judge(
    node: NodeStrategy, hero_combo: int, action: str, die: int, cutoffs: Cutoffs, plan: Plan | None = None
) -> dict[str, Any]:
    """The fields of ``Judged`` that follow from the node.

    Args:
        node: Where hero decides.
        hero_combo: Hero's cards.
        action: One of the node's actions, or of its groups where the plan has them.
        die: 1 to 100; 0 without one.
        cutoffs: The installation's.
        plan: The drill's: groups of sizes, and a villain against whom Q* is exact.
    """
    position = node.position
    row = node.row(hero_combo)
    q, mix = node.q[:, row], node.strategy[:, row].astype(np.float64)
    parts = groups(position, "exact" if plan is None or action in position.actions else plan.sizes)
    chosen = next(place for place, part in enumerate(parts) if part.name == action)
    taken = best_member(parts[chosen], q, mix)
    in_range = bool(node.in_range[row])
    reach = node.reach[position.player]
    share = float(reach[hero_combo]) / max(float(reach.max()), 1e-12)
    solved_to = float(node.exploitability_pct) if np.isfinite(node.exploitability_pct) else None
    q_parts, mix_parts = group_values(parts, q), group_shares(parts, mix)
    villain = villain_words(plan.villain) if plan is not None and position.street == RIVER else ""
    known = bool(np.isfinite(q).all())
    # nobody is told that what the solver mostly does is a leak
    own = 100 * max(float(mix @ losses(q)), float(losses(q)[np.argmax(mix)])) / position.pot if known else 0.0
    passed = worst_passed(node.passed, position.pot)
    sure = tolerance(
        position.street,
        float(mix_parts[chosen]),
        share,
        solved_to,
        own_loss_pct=own,
        passed_pct=passed.here_pct,
        in_range=in_range,
    )
    if villain:  # his strategy is given and the best response to it is computed, not approached
        passed, sure = Passed(), Tolerance(EXACT_PCT, fitted=True)
    pick: int | None = int(np.argmax(mix)) if die else None
    best = int(np.argmax(mix))
    if known:
        best = int(np.argmin(losses(q)))
        pick = die_pick(die, die_intervals(mix, q, position.pot, sure.pct)) if die else None
    named = next((place for place, part in enumerate(parts) if pick in part.members), None)
    verdict = grade(q_parts, mix_parts, chosen, position.pot, node.big_blind, sure.pct, named, cutoffs)
    villain_reach = node.reach[1 - position.player]
    why = await asyncio.to_thread(
        reasons, position, hero_combo, villain_reach, [float(value) for value in q], node.big_blind
    )
    return {
        "street": position.street,
        "line": position.line,
        "board": position.board,
        "pot": position.pot,
        "big_blind": node.big_blind,
        "action": position.actions[taken],
        "chose": "" if action in position.actions else action,
        "villain": villain,
        "best_action": position.actions[best],
        "grade": verdict.word,
        "borderline": verdict.borderline,
        "loss": verdict.loss,
        "loss_bb": verdict.loss_bb,
        "loss_pct": verdict.loss_pct,
        "difficulty": verdict.difficulty,
        "difficulty_bb": verdict.difficulty_bb,
        "difficulty_pct": verdict.difficulty_pct,
        "tolerance_pct": sure.pct,
        "tolerance_fitted": sure.fitted,
        "solved_to_pct": solved_to,
        "passed_solved_to_pct": passed.solved_to_pct,
        "in_range": in_range,
        "die": die,
        "die_pick": "" if pick is None else position.actions[pick],
        "rows": tuple(
            GradedAction(action=name, frequency=float(mix[index]), ev=float(q[index]) if known else None)
            for index, name in enumerate(position.actions)
        ),
        "reasons": why,
        "tree_hash": node.tree_hash,
        "config_hash": node.config_hash,
        "grid": grid(node),
    }


def present(node: NodeStrategy, side: int) -> NDArray[np.float64]:
    """[combo] weights of the range that is shown of a player: every hand that ``grid`` shows, and no mere tremble."""
    weights = node.reach[side].astype(np.float64)
    shown = weights >= LEAST_WEIGHT * max(float(weights.max()), 1e-12)
    if side == node.position.player:
        shown[node.combos[node.in_range]] = True
    return np.where(shown, weights, 0.0)


def grid(node: NodeStrategy) -> str:
    """The acting range by hand class as ``StrategyGrid.data``."""
    classes = COMBO_CLASS[node.combos]
    weights = present(node, node.position.player)[node.combos]
    if node.in_range.any():  # where the solver never gets, what the tremble brings here is all there is to show
        weights *= node.in_range
    total = np.bincount(classes, weights, N_CLASSES)
    cells = np.zeros((N_CLASSES, 1 + len(node.strategy)))
    cells[:, 0] = total / CLASS_SIZE
    for index, frequencies in enumerate(node.strategy, start=1):
        cells[:, index] = np.bincount(classes, weights * frequencies, N_CLASSES) / np.maximum(total, 1e-12)
    # a class that is here at all must not round to "not in the range"
    levels = np.where(total > 0, np.maximum(np.rint(cells[:, 0] * 255), 1), 0)
    data = np.rint(cells.clip(0, 1) * 255).astype(np.uint8)
    data[:, 0] = levels.astype(np.uint8)
    return base64.b64encode(data.tobytes()).decode()
