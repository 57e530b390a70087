"""Milliseconds of processor time an iteration, for spot files: ``python bench/iteration_speed.py SPOT.json ...``.

Processor time is counted, not the clock, so that a busy machine distorts less.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from solver import Spot, build_tree, parse_spot, warm_up
from solver.boards import build_boards, find_deals
from solver.cfr import Game
from solver.layout import build_layout
from solver.solve import is_half

ROUNDS = 3


def milliseconds(spot: Spot) -> tuple[float, float]:
    """(an iteration, an exploitability check), the best of three rounds on one thread."""
    layout = build_layout(build_tree(spot), spot.pot, spot.effective_stack, spot.rake_rate, spot.rake_cap)
    game = Game(layout, build_boards(spot, find_deals(spot)), half=is_half(spot, "auto"))
    game.iterate(0, 2)
    count = 1 if spot.street == 0 else 20
    iterations: list[float] = []
    checks: list[float] = []
    for turn in range(ROUNDS):
        begun = time.process_time()
        game.iterate(2 + turn * count, count)
        iterations.append((time.process_time() - begun) / count)
        begun = time.process_time()
        game.exploitability(raked=spot.rake_rate > 0)
        checks.append(time.process_time() - begun)
    return 1000 * min(iterations), 1000 * min(checks)


def main() -> None:
    """Prints one line a spot."""
    warm_up()
    for name in sys.argv[1:]:
        data = json.loads(Path(name).read_text())
        iteration, check = milliseconds(parse_spot(data.get("spot", data)))
        sys.stdout.write(f"{Path(name).stem}: {iteration:.3f} ms an iteration, {check:.3f} ms a check\n")


if __name__ == "__main__":
    main()
