# ruff: noqa: E402 the cache of compiled kernels is chosen before numba is imported
"""How far served losses are off: solves sampled spots again far finer and prints quantiles of |L - L_ref|.

    python -m bench.tolerance rivers --count 40 --seed 1
    python -m bench.tolerance library --reference 0.02 BTN_vs_BB_SRP_Ac9h4h6s BTN_vs_BB_SRP_KdJd4dJs ...
    python -m bench.tolerance behind --reference 0.01 BTN_vs_BB_3BP_TcTh8sKs BTN_vs_BB_SRP_Qs8s3dJh ...

Rivers are reached by self-play from the library, so that ranges are those of real play. Each is solved as the product
serves it (to 0.05% of the pot, stored frequencies) and again to ``--reference``. Entries of the library are compared as
they are served: all decisions of the flop, and ``--lines`` of the turn.

For every decision, hand and action the difference of the losses is weighed by the hand's share and by how often a
plausible player (softmax of the reference's losses at 3% of the pot) takes the action. The 90% quantiles of every
second spot are the figures for ``services/training/tolerance.py``; the coverage printed beside them is that of the
other spots, which the figures have not seen.

``behind`` looks at the rivers of turns, ``--rivers`` of every line that gets there, whether the solver takes it or not:
how much of the differences the tolerances cover behind lines that are solved well, and behind others, without and with
what ``worst_passed`` adds.

The finer solve trembles like the served one for a while: without, villain's answers to actions that nobody takes are
whatever they began with, and their losses say nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.infra import kernel_cache

kernel_cache.configure()

from services.solutions.catalog import NodeStrategy, library_id
from services.solutions.export import serve_stored_strategies
from services.solutions.rivers import MAX_ITERATIONS, TARGET_PCT
from services.solutions.service import StrategyService, get_strategies
from services.solutions.store import TREMBLE
from services.training.deals import Draw, derive
from services.training.grading import PLAUSIBLE_PCT, Cutoffs
from services.training.play import deal_hand, drawn_action, is_over, play_on
from services.training.tolerance import COMMON, tolerance, worst_passed
from solver.cards import card_to_text
from solver.solution import Solution
from solver.solve import solve
from solver.spot import Spot

TREMBLING, MOST_ITERATIONS, STEP = 400, 3000, 50
STREETS = ("flop", "turn", "river")
KINDS = ("common", "rare", "thin", "absent")
Plane = NDArray[Any]
Sample = dict[tuple[str, str], list[tuple[NDArray[np.float64], NDArray[np.float64]]]]
"""(street, kind) -> parts of (differences, weights)."""
Behind = dict[bool, list[NDArray[np.float64]]]
"""Whether the way there is solved badly -> parts of [difference, weight, tolerance, widened tolerance]."""


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
        spot = await strategies.spot(deal.solution_id)
        if spot.street == 2:
            rivers.append(spot)
        elif position.kind == "deal" and not is_over(position):
            left = sorted(set(range(52)) - deal.dead(position.board))
            card = left[Draw(deal.seed, "river").below(len(left))]
            line = (*position.line, f"deal {card_to_text(card)}")
            rivers.append(await strategies.subgame(deal.solution_id, line))
    return rivers


def far_finer(spot: Spot, target_pct: float, threads: int = 1) -> Solution:
    """A solve that trembles like the served one at first, and then no more, which would keep it from its target."""
    finer = solve(spot, target_pct=target_pct, max_iterations=TREMBLING, threads=threads, tremble=TREMBLE)
    game, done = finer.game, finer.iterations
    game.tremble = 0.0
    while 100 * game.exploitability(raked=spot.rake_rate > 0) / spot.pot > target_pct and done < MOST_ITERATIONS:
        game.iterate(done, STEP)
        done += STEP
    finer.measure()
    return finer


@dataclass(frozen=True)
class Served:
    """A decision as the product serves it; the first axis of planes is the action.

    Attributes:
        reach: [hand] the actor's weights here, without tremble.
        root: [hand] at the solution's root.
        villain: The opponent's share of his range that gets here.
        solved_to: Local exploitability, % of the pot.
    """

    q: Plane
    strategy: Plane
    reach: Plane
    root: Plane
    villain: float
    solved_to: float
    pot: int


def river_differences(spot: Spot, reference_pct: float, sample: Sample) -> float:
    """Add one river's |L - L_ref| in % of the pot; returns the reference's exploitability."""
    served = solve(spot, target_pct=TARGET_PCT, max_iterations=MAX_ITERATIONS, tremble=TREMBLE)
    serve_stored_strategies(served)
    finer = far_finer(spot, reference_pct)
    for line in served.decision_lines():
        node = served.node(line)
        player = node.position.player
        root = spot.ranges[player].astype(np.float64)[node.combos]
        reach = node.reach[player, node.combos].astype(np.float64)
        villain = float(node.reach[1 - player].sum() / spot.ranges[1 - player].sum())
        solved_to = node.local_exploitability_pct
        compare(
            Served(node.best_response, node.strategy, reach, root, villain, solved_to, node.position.pot),
            finer.node(line).best_response,
            "river",
            sample,
        )
    return finer.exploitability_pct


async def library_differences(
    strategies: StrategyService, name: str, reference_pct: float, lines: int, threads: int, sample: Sample
) -> float:
    """Add |L - L_ref| of an entry's flop and turn in % of the pot; returns the reference's exploitability."""
    solution_id = library_id(name)
    spot = await strategies.spot(solution_id)
    finer = far_finer(spot, reference_pct, threads)
    chosen = list(finer.decision_lines((0,))) if spot.street == 0 else []
    turn = list(finer.decision_lines((1,)))
    rng = np.random.default_rng(1)
    kept = sorted(rng.choice(len(turn), min(lines, len(turn)), replace=False).tolist())
    for line in [*chosen, *(turn[index] for index in kept)]:
        node = await strategies.node(solution_id, line)
        player = node.position.player
        reach = np.where(node.in_range, node.reach[player, node.combos], 0.0).astype(np.float64)
        root = spot.ranges[player].astype(np.float64)[node.combos]
        villain = float(node.reach[1 - player].sum() / spot.ranges[1 - player].sum())
        compare(
            Served(node.q, node.strategy, reach, root, villain, node.exploitability_pct, node.position.pot),
            finer.node(line).best_response,
            STREETS[node.position.street],
            sample,
        )
    finer.game.close()
    return finer.exploitability_pct


async def behind(
    strategies: StrategyService, name: str, reference_pct: float, rivers: int, threads: int, sample: Behind
) -> float:
    """Add the rivers of a turn; returns the reference's exploitability."""
    solution_id = library_id(name)
    spot = await strategies.spot(solution_id)
    # trembling to the end: lines that nobody takes are what is asked about
    finer = solve(spot, target_pct=reference_pct, max_iterations=MOST_ITERATIONS, threads=threads, tremble=TREMBLE)
    steps = [(*line, step) for line in finer.decision_lines((1,)) for step in finer.position(line).actions]
    left = sorted(set(range(52)) - set(spot.board))
    rng = np.random.default_rng(1)
    for line in steps:
        if finer.position(line).kind != "deal":
            continue
        for card in rng.choice(left, rivers, replace=False):
            root = (*line, f"deal {card_to_text(int(card))}")
            river = await strategies.river(solution_id, root)
            for below in river.nodes:
                node = await strategies.node(solution_id, root + below)
                player, opponent = node.position.player, 1 - node.position.player
                met = float(node.reach[opponent].sum() / river.reach[opponent].sum())
                here = node.reach[player, node.combos] * node.in_range
                # where the solver brings no hand, a player brought any
                held = here / river.reach[player].sum() if here.any() else spot.ranges[player][node.combos]
                weights = met * held.astype(np.float64) / (1.0 if here.any() else held.sum())
                add_behind(node, finer.node(root + below).best_response, weights, sample)
    finer.game.close()
    return finer.exploitability_pct


def add_behind(node: NodeStrategy, reference_q: Plane, weights: Plane, sample: Behind) -> None:
    """Add one river decision: differences, and tolerances without and with what the way left open."""
    if not (np.isfinite(node.q).all() and np.isfinite(reference_q).all()):
        return
    pot, player = node.position.pot, node.position.player
    loss, reference = (100 * (q.max(axis=0) - q) / pot for q in (node.q, reference_q))
    plausible = np.exp(-reference / PLAUSIBLE_PCT)
    passed = worst_passed(node.passed, pot)
    reach = node.reach[player, node.combos] / max(float(node.reach[player].max()), 1e-12)
    own = np.maximum((node.strategy * loss).sum(axis=0), loss[node.strategy.argmax(axis=0), np.arange(loss.shape[1])])
    solved_to = float(node.exploitability_pct) if np.isfinite(node.exploitability_pct) else None
    usual = [
        [
            tolerance(2, float(often), float(share), solved_to, own_loss_pct=float(lost), in_range=bool(here)).pct
            for often, share, lost, here in zip(row, reach, own, node.in_range, strict=True)
        ]
        for row in node.strategy
    ]
    sample[passed.solved_to_pct is not None].append(
        np.stack([np.abs(loss - reference), plausible / plausible.sum(axis=0) * weights, usual,
                  np.maximum(usual, passed.here_pct)]).reshape(4, -1)
    )  # fmt: skip


def report_behind(sample: Behind) -> None:
    """Print what the tolerances cover."""
    for badly, parts in sorted(sample.items()):
        off, weights, usual, wide = np.concatenate(parts, axis=1)
        without, within, graded = (
            float(weights[chosen].sum() / weights.sum())
            for chosen in (off <= usual, off <= wide, wide <= Cutoffs().uncertain_pct)
        )
        print(
            f"behind lines solved {'badly' if badly else 'well'}: 90% within {quantile([(off, weights)], 0.9):.2f}% of "
            f"pot; the tolerances cover {without:.1%}, with what the way left open {within:.1%}; {graded:.1%} graded"
        )


def compare(ours: Served, reference_q: Plane, street: str, sample: Sample) -> None:
    """Add one decision's differences by street and kind."""
    if not (np.isfinite(ours.q).all() and np.isfinite(reference_q).all()):
        return
    loss, reference = (100 * (q.max(axis=0) - q) / ours.pot for q in (ours.q, reference_q))
    share = ours.reach / max(float(ours.reach.max()), 1e-12)
    plausible = np.exp(-reference / PLAUSIBLE_PCT)
    plausible *= ours.villain / plausible.sum(axis=0)
    off = np.abs(loss - reference)
    if np.isfinite(ours.solved_to):
        off = np.where(off <= ours.solved_to, 0.0, off)  # a tolerance is at least as wide as the place is solved
    frequent, known = ours.strategy >= COMMON, np.broadcast_to(share >= COMMON, off.shape)
    thin = np.broadcast_to((share > 0) & (share < COMMON), off.shape)
    absent = np.broadcast_to((share == 0) & (ours.root > 0), off.shape)
    # a thin or absent hand is here because a player brought it, as often as any other
    for kind, chosen, mass in (
        ("common", known & frequent, ours.reach),
        ("rare", known & ~frequent, ours.reach),
        ("thin", thin, ours.root),
        ("absent", absent, ours.root),
    ):
        sample[street, kind].append((off[chosen], (plausible * mass)[chosen]))


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


def report(halves: list[Sample]) -> None:
    """Print the figures of one half and how much of the other half they cover."""
    for street in STREETS:
        for kind in KINDS:
            if all(sum(weights.sum() for _, weights in half[street, kind]) > 0 for half in halves):
                bound = quantile(halves[0][street, kind], 0.9)
                held_out = coverage(halves[1][street, kind], bound)
                print(f"{street:5} {kind:7} 90% of |L - L_ref| within {bound:.3f}% of pot; held-out {held_out:.1%}")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["rivers", "library", "behind"])
    parser.add_argument("entries", nargs="*", help="of the library, those to fit and those to check in turn")
    parser.add_argument("--count", type=int, default=40, help="rivers")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lines", type=int, default=200, help="turn decisions of an entry")
    parser.add_argument("--rivers", type=int, default=3, help="cards of each line of a turn")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--reference", type=float, default=0.003, help="target of the finer solve, %% of pot")
    given = parser.parse_intermixed_args()
    halves: list[Sample] = [defaultdict(list), defaultdict(list)]
    strategies = get_strategies()
    if given.what == "rivers":
        seed = hashlib.sha256(str(given.seed).encode()).digest()
        rivers = asyncio.run(sampled_rivers(strategies, seed, given.count))
        for index, spot in enumerate(rivers):
            solved = river_differences(spot, given.reference, halves[index % 2])
            print(f"river {index + 1} of {len(rivers)}: reference at {solved:.4f}% of pot", flush=True)
    if given.what == "behind":
        sample: Behind = defaultdict(list)
        for name in given.entries:
            solved = asyncio.run(behind(strategies, name, given.reference, given.rivers, given.threads, sample))
            print(f"{name}: reference at {solved:.4f}% of pot", flush=True)
        report_behind(sample)
        return
    for index, name in enumerate(given.entries):
        solved = asyncio.run(
            library_differences(strategies, name, given.reference, given.lines, given.threads, halves[index % 2])
        )
        print(f"{name}: reference at {solved:.4f}% of pot", flush=True)
    report(halves)


if __name__ == "__main__":
    main()
