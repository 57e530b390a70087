# ruff: noqa: E402 the cache of compiled kernels is chosen before numba is imported
"""How far the losses of served rivers are off: re-solves sampled rivers far finer and prints quantiles of |L - L_ref|.

    python -m bench.tolerance --rivers 40 --seed 1

Rivers are reached by self-play from the library, so that ranges are those of real play. Each is solved as the product
serves it (to 0.05% of the pot, stored frequencies) and again to ``--reference``. For every decision, hand and action
the difference of the losses is weighed by the hand's share and by how often a plausible player (softmax of the
reference's losses at 3% of the pot) takes the action. The 90% quantiles of one half of the rivers are the figures for
``services/training/tolerance.py``; the coverage printed beside them is that of the other half.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from services.infra import kernel_cache

kernel_cache.configure()

from services.solutions.catalog import street_root
from services.solutions.export import serve_stored_strategies
from services.solutions.rivers import MAX_ITERATIONS, TARGET_PCT
from services.solutions.service import StrategyService, get_strategies
from services.solutions.store import StoredSolution, Walk
from services.solutions.subgame import subgame_spot
from services.training.deals import Draw, derive
from services.training.grading import PLAUSIBLE_PCT
from services.training.play import deal_hand, drawn_action, is_over, play_on
from services.training.tolerance import COMMON
from solver.cards import card_to_text
from solver.solution import Solution
from solver.solve import solve
from solver.spot import Spot

KINDS = ("common", "rare", "thin", "absent")
Sample = dict[str, list[tuple[NDArray[np.float64], NDArray[np.float64]]]]


async def sampled_rivers(strategies: StrategyService, seed: bytes, count: int) -> list[Spot]:
    """River subgames that self-play reaches."""
    library = [info for info in await strategies.list() if info.source == "library"]
    rivers: list[Spot] = []
    attempt = 0
    while len(rivers) < count:
        attempt += 1
        deal = await deal_hand(strategies, derive(seed, f"river {attempt}"), library)
        draw = Draw(deal.seed, "hero")
        position = (await play_on(strategies, deal, (), last_street=1)).position
        while position.kind == "decision" and position.street < 2:
            node = await strategies.node(deal.solution_id, position.line)
            line = (*position.line, drawn_action(node, deal.hero_combo, draw))
            position = (await play_on(strategies, deal, line, last_street=1)).position
        solution = await strategies._solution(deal.solution_id)  # noqa: SLF001 the tree behind the service
        if solution.spot.street == 2:
            rivers.append(solution.spot)
        elif position.kind == "deal" and not is_over(position):
            left = sorted(set(range(52)) - deal.dead(position.board))
            card = left[Draw(deal.seed, "river").below(len(left))]
            rivers.append(_river(solution, (*position.line, f"deal {card_to_text(card)}")))
    return rivers


def _river(solution: StoredSolution, root: tuple[str, ...]) -> Spot:
    walk = Walk(solution.spot.ranges, solution.spot.board)
    for start in solution.street_roots(root):
        if start:
            walk.deal(solution.position(start).board[-1])
        if start == root:
            break
        street = solution.street(start)
        assert street is not None
        solution.follow(walk, start, root, street)
    assert street_root(root) == root
    return subgame_spot(solution, root, walk)


def differences(spot: Spot, reference_pct: float, sample: Sample) -> float:
    """Add one river's |L - L_ref| in % of the pot; returns the reference's exploitability."""
    served = solve(spot, target_pct=TARGET_PCT, max_iterations=MAX_ITERATIONS)
    serve_stored_strategies(served)
    finer = solve(spot, target_pct=reference_pct, max_iterations=50_000)
    for difference, weight, kind in _rows(served, finer):
        sample[kind].append((difference, weight))
    return finer.exploitability_pct


def _rows(served: Solution, finer: Solution) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64], str]]:
    for line in served.decision_lines():
        ours, theirs = served.node(line), finer.node(line)
        player, pot = ours.position.player, ours.position.pot
        if not (np.isfinite(ours.best_response).all() and np.isfinite(theirs.best_response).all()):
            continue
        loss, reference = (100 * (q.max(axis=0) - q) / pot for q in (ours.best_response, theirs.best_response))
        root = served.spot.ranges[player].astype(np.float64)[ours.combos]
        reach = ours.reach[player, ours.combos].astype(np.float64)
        share = reach / max(float(reach.max()), 1e-12)
        villain = float(ours.reach[1 - player].sum() / served.spot.ranges[1 - player].sum())
        plausible = np.exp(-reference / PLAUSIBLE_PCT)
        plausible *= villain / plausible.sum(axis=0)
        off = np.abs(loss - reference)
        solved_to = ours.local_exploitability_pct
        if np.isfinite(solved_to):
            off = np.where(off <= solved_to, 0.0, off)  # a tolerance is at least as wide as the place is solved
        frequent, known = ours.strategy >= COMMON, np.broadcast_to(share >= COMMON, off.shape)
        thin = np.broadcast_to((share > 0) & (share < COMMON), off.shape)
        absent = np.broadcast_to((share == 0) & (root > 0), off.shape)
        # a thin or absent hand is here because a player brought it, as often as any other
        for kind, chosen, mass in (
            ("common", known & frequent, reach),
            ("rare", known & ~frequent, reach),
            ("thin", thin, root),
            ("absent", absent, root),
        ):
            yield off[chosen], (plausible * mass)[chosen], kind


def quantile(parts: list[tuple[NDArray[np.float64], NDArray[np.float64]]], level: float) -> float:
    """Weighted."""
    values, weights = (np.concatenate([part[side] for part in parts]) for side in (0, 1))
    order = np.argsort(values)
    cumulative = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(cumulative, level * cumulative[-1])])


def coverage(parts: list[tuple[NDArray[np.float64], NDArray[np.float64]]], bound: float) -> float:
    """Weight of the differences within a bound."""
    values, weights = (np.concatenate([part[side] for part in parts]) for side in (0, 1))
    return float(weights[values <= bound].sum() / weights.sum())


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rivers", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--reference", type=float, default=0.003, help="target of the finer solve, %% of pot")
    given = parser.parse_args()
    seed = hashlib.sha256(str(given.seed).encode()).digest()
    spots = asyncio.run(sampled_rivers(get_strategies(), seed, given.rivers))
    halves: list[Sample] = [defaultdict(list), defaultdict(list)]
    worst = 0.0
    for index, spot in enumerate(spots):
        worst = max(worst, differences(spot, given.reference, halves[index % 2]))
        print(f"river {index + 1} of {len(spots)}", flush=True)
    print(f"rivers {len(spots)}, served to {TARGET_PCT}%, references to {worst:.4f}% at worst")
    for kind in KINDS:
        if all(sum(weights.sum() for _, weights in half[kind]) > 0 for half in halves):
            bound = quantile(halves[0][kind], 0.9)
            held_out = coverage(halves[1][kind], bound)
            print(f"{kind:7} 90% of |L - L_ref| within {bound:.3f}% of pot; held-out coverage {held_out:.1%}")


if __name__ == "__main__":
    main()
