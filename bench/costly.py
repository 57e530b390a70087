# ruff: noqa: E402 the cache of compiled kernels is chosen before numba is imported
"""How many of the decisions that hands bring are costly: the counts of docs/drills.md.

    python -m bench.costly --hands 500

Hands of the library are played by the solver against itself. At each decision every hand counts as often as it gets
there; a street's figures are means over its decisions.
"""

from __future__ import annotations

import argparse
import asyncio

import numpy as np
import structlog

from services.infra import kernel_cache

kernel_cache.configure()

from services.solutions.catalog import NodeStrategy
from services.solutions.service import get_strategies
from services.training.costly import COSTLY_PCT, MISTAKE_BB, MISTAKE_PCT, difficulties, left_out, nearest_mistakes
from services.training.deals import Draw, compatible_weight, derive, without_cards
from services.training.play import deal_hand, drawn_action, is_over, play_on

FIGURES = ("D high", "costly", "with a costly hand", "high D, mistake small", "high D, mistake large or none")


def counts(node: NodeStrategy) -> list[float]:
    """``FIGURES`` of a decision, shares of the range that is there."""
    player = node.position.player
    weight = node.reach[player].astype(np.float64)[node.combos] * node.in_range
    weight *= compatible_weight(without_cards(node.reach[1 - player], node.position.board))[node.combos]
    weight = np.where(np.isfinite(node.q).all(axis=0), weight, 0.0)
    if not weight.sum() > 0:
        return [0.0] * len(FIGURES)
    weight /= weight.sum()
    hard = difficulties(node, "exact") >= COSTLY_PCT
    mistake = nearest_mistakes(node, "exact")
    costly = ~left_out(node, "costly", "exact")
    small = mistake < max(MISTAKE_PCT[0], 100 * MISTAKE_BB * node.big_blind / node.position.pot)
    parts = (hard, costly, hard & small, hard & ~(mistake <= MISTAKE_PCT[1]))
    sums = [float(weight[part].sum()) for part in parts]
    return [*sums[:2], float((costly & (weight > 0)).any()), *sums[2:]]


async def measure(hands: int) -> None:
    """Plays and prints."""
    strategies = get_strategies()
    library = await strategies.list()
    rows: tuple[list[list[float]], ...] = ([], [], [])
    for number in range(hands):
        deal = await deal_hand(strategies, derive(b"costly", str(number)), library)
        draw, position = Draw(deal.seed, "hero"), (await play_on(strategies, deal, ())).position
        while not is_over(position):
            node = await strategies.node(deal.solution_id, position.line)
            rows[position.street].append(counts(node))
            line = (*position.line, drawn_action(node, deal.hero_combo, draw))
            position = (await play_on(strategies, deal, line)).position
    everything = [row for street in rows for row in street]
    print(f"{'street':8}{'decisions':>10}  " + "  ".join(FIGURES))
    for street, found in zip(("flop", "turn", "river", "all"), (*rows, everything), strict=True):
        means = np.array(found).reshape(-1, len(FIGURES)).sum(axis=0) / max(len(found), 1)
        shares = (f"{100 * mean:{len(name) - 1}.1f}%" for mean, name in zip(means.tolist(), FIGURES, strict=True))
        print(f"{street:8}{len(found):10}  " + "  ".join(shares))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hands", type=int, default=500)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    asyncio.run(measure(parser.parse_args().hands))
