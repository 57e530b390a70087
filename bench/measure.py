# ruff: noqa: E402 the cache of compiled kernels is chosen before numba is imported
"""One figure of the checkout in the working directory, as JSON on standard output; ``bench.race`` runs it.

    python bench/measure.py solve SPOT.json THREADS GOAL...
    python bench/measure.py memory SPOT.json
    python bench/measure.py cancel SPOT.json
    python bench/measure.py first SPOT.json
    python bench/measure.py equity | evaluator

Only the solver's public functions are used, so that it measures older commits too.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

from services.infra import kernel_cache

kernel_cache.configure()

import numpy as np

from solver.hand_rank import rank_sevens
from solver.ranges import parse_range
from solver.solve import Control, estimate, solve, warm_up
from solver.spot import Spot, parse_spot

MOST_ITERATIONS = 1000


def _spot(path: str) -> Spot:
    data = json.loads(Path(path).read_text())
    return parse_spot(data.get("spot", data))


def solve_spot(path: str, threads: str, *goals: str) -> Any:
    """{"seconds": {goal: seconds}, "trace": [[iteration, seconds, % of pot]]}: a solve for each goal, in % of the pot.

    What exploitability checks cost is in the seconds, building is not. The trace is the last goal's.
    """
    warm_up()
    seconds: dict[str, float] = {}
    trace: list[tuple[int, float, float]] = []
    for goal in goals:
        solution = solve(_spot(path), target_pct=float(goal), max_iterations=MOST_ITERATIONS, threads=int(threads))
        built = solution.seconds["build"]
        trace = [(iteration, at - built, pct) for iteration, at, pct in solution.trace]
        if trace[-1][2] <= float(goal):
            seconds[goal] = trace[-1][1]
        solution.game.close()
    return {"seconds": seconds, "trace": trace}


def memory(path: str) -> Any:
    """Bytes: estimated and held in 16 bits and in float32."""
    spot = _spot(path)
    held = {p: solve(spot, target_pct=0, max_iterations=1, precision=p).memory_bytes for p in ("i16", "f32")}
    return {p: {"estimate": estimate(spot, p).memory_bytes, "held": held[p]} for p in ("i16", "f32")}


def cancel(path: str) -> Any:
    """Milliseconds from the wish to stop to the end of the solve, five times."""
    warm_up()
    took: list[float] = []
    for _ in range(5):
        control, asked = Control(), [0.0]

        def stop(control: Control = control, asked: list[float] = asked) -> None:
            while control.tasks_done < 1:
                time.sleep(0.001)
            asked[0] = time.perf_counter()
            control.cancel()

        thread = threading.Thread(target=stop)
        thread.start()
        try:
            solve(_spot(path), target_pct=0, control=control)
        except Exception:  # noqa: BLE001 the way a cancelled solve ends
            took.append(1000 * (time.perf_counter() - asked[0]))
        thread.join()
    return took


def first(path: str) -> Any:
    """% of the pot after a solve to 0.5% with nothing loaded beforehand; the time is the process's."""
    solution = solve(_spot(path), target_pct=0.5)
    solution.node(())
    return solution.exploitability_pct


def equity() -> Any:
    """Milliseconds of an exact wide range against a wide range on a flop, and its hands; the best of five."""
    from solver.equity import range_equity  # noqa: PLC0415 older commits may lack it

    wide = "22+,A2s+,K2s+,Q3s+,J5s+,T6s+,96s+,85s+,75s+,64s+,53s+,A2o+,K7o+,Q8o+,J8o+,T8o+,98o,87o"
    ours, theirs = parse_range(wide), parse_range(wide + ",97o,76o,K6o")
    board = (32, 29, 18)  # Td 9d 6h
    took: list[float] = []
    for _ in range(6):
        begun = time.perf_counter()
        range_equity(ours, theirs, board)
        took.append(1000 * (time.perf_counter() - begun))
    return {"ms": min(took[1:]), "combos": [int((ours > 0).sum()), int((theirs > 0).sum())]}


def evaluator() -> Any:
    """Millions of random seven-card hands a second on one core; the best of five."""
    rng = np.random.default_rng(1)
    hands = rng.random((400_000, 52)).argpartition(7, axis=1)[:, :7].astype(np.uint8)
    took: list[float] = []
    for _ in range(6):
        begun = time.perf_counter()
        rank_sevens(hands)
        took.append(time.perf_counter() - begun)
    return len(hands) / min(took[1:]) / 1e6


FIGURES = {
    "solve": solve_spot,
    "memory": memory,
    "cancel": cancel,
    "first": first,
    "equity": equity,
    "evaluator": evaluator,
}

if __name__ == "__main__":
    json.dump(FIGURES[sys.argv[1]](*sys.argv[2:]), sys.stdout)
