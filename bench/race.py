"""Measures the solver, side by side with an earlier commit and, if its program is given, with a peer.

    python -m bench.race                                    against the commit before
    python -m bench.race --against v0.2 --peer ./peer       and a peer
    python -m bench.race --spots river_wide turn_wide --curves docs/images/convergence.svg

Times are only comparable within one run: all candidates take turns, round after round, and the fastest round of each
counts. Ours are of one solve for each goal; a peer's of one solve to the last goal, from what it prints. A peer is a
program that reads ``key=value`` lines on standard input (``board``, ``oop``, ``ip``, ``pot``, ``stack``,
``sizes.flop.oop.bet`` ..., ``add_allin``, ``force_allin``, ``merging``, ``target`` in % of the pot, ``iterations``,
``threads``) and prints ``iteration seconds exploitability-in-%`` lines.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from bench.curves import draw

ROOT = Path(__file__).resolve().parent.parent
SPOTS = ROOT / "bench" / "spots"
GOALS = (1.0, 0.5, 0.3, 0.1)
TARGETS = {"river_wide": 0.1, "turn_wide": 0.1, "flop_3bp": 0.5, "flop_srp": 0.5}
Trace = list[tuple[int, float, float]]


class Run(NamedTuple):
    """Seconds to each goal that was reached, and the convergence to the last."""

    seconds: dict[float, float]
    trace: Trace


class Checkout:
    """The solver of one tree of files."""

    def __init__(self, name: str, root: Path) -> None:
        self.name, self.root = name, root

    def figure(self, *arguments: str) -> Any:
        """A figure of ``bench.measure``, measured in a fresh process."""
        environment = os.environ | {"PYTHONPATH": str(self.root)}
        environment.pop("NUMBA_CACHE_DIR", None)
        command = [sys.executable, str(ROOT / "bench" / "measure.py"), *arguments]
        done = subprocess.run(command, cwd=self.root, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{self.name}: {' '.join(arguments)}\n{done.stderr[-2000:]}")
        return json.loads(done.stdout)

    def run(self, spot: Path, goals: list[float], threads: int) -> Run:
        """Solves a spot to each goal, in % of the pot."""
        figure = self.figure("solve", str(spot), str(threads), *map(str, goals))
        seconds = {float(goal): at for goal, at in figure["seconds"].items()}
        return Run(seconds, [tuple(row) for row in figure["trace"]])


class Peer:
    """Somebody else's solver."""

    name = "peer"

    def __init__(self, program: str) -> None:
        self._program = program

    def run(self, spot: Path, goals: list[float], threads: int) -> Run:
        """Solves a spot to the last goal."""
        text = peer_input(json.loads(spot.read_text()), goals[-1], threads)
        environment = os.environ | {"RAYON_NUM_THREADS": str(threads)}
        done = subprocess.run(
            [self._program], input=text, env=environment, capture_output=True, text=True, check=True
        )  # fmt: skip
        rows = (line.split() for line in done.stdout.splitlines())
        trace = [(int(iteration), float(seconds), float(pct)) for iteration, seconds, pct in rows]
        found = {goal: next((seconds for _, seconds, pct in trace if pct <= goal), None) for goal in goals}
        return Run({goal: seconds for goal, seconds in found.items() if seconds is not None}, trace)


def peer_input(spot: dict[str, Any], target: float, threads: int) -> str:
    """A spot as a peer reads it."""
    lines = {
        "board": spot["board"],
        "oop": spot["ranges"]["oop"],
        "ip": spot["ranges"]["ip"],
        "pot": spot["pot"],
        "stack": spot["effective_stack"],
        "add_allin": spot.get("add_allin_threshold", 0),
        "force_allin": spot.get("force_allin_threshold", 0),
        "merging": spot.get("merging_threshold", 0),
        "target": target,
        "iterations": 1000,
        "threads": threads,
    }
    for street, players in spot["sizes"].items():
        for player, sizes in players.items():
            lines |= {f"sizes.{street}.{player}.{kind}": text for kind, text in sizes.items() if text or kind != "donk"}
    return "\n".join(f"{key}={value}" for key, value in lines.items())


def race(candidates: list[Checkout | Peer], spot: Path, goals: list[float], threads: int, rounds: int) -> list[Run]:
    """The fastest run of each candidate to each goal, all taking turns."""
    best: list[Run] = []
    for _ in range(rounds):
        for index, candidate in enumerate(candidates):
            run = candidate.run(spot, goals, threads)
            if len(best) == index:
                best.append(run)
                continue
            before = best[index]
            seconds = {goal: min(run.seconds.get(goal, at), at) for goal, at in before.seconds.items()}
            best[index] = Run(seconds, min(before.trace, run.trace, key=lambda trace: trace[-1][1]))
    return best


def report(candidates: list[Checkout | Peer], runs: list[Run], title: str) -> None:
    """Prints seconds to each goal and the first candidate's share of its rivals'."""
    print(f"\n{title}")
    ours = runs[0].seconds
    for candidate, run in zip(candidates, runs, strict=True):
        cells = [
            f"{goal:g}%: {seconds:8.3f} s"
            + (f" ({ours[goal] / seconds:.2f})" if run is not runs[0] and goal in ours else "       ")
            for goal, seconds in run.seconds.items()
        ]
        iteration, seconds, _ = run.trace[-1]
        print(f"  {candidate.name:12} {'  '.join(cells)}  {1000 * seconds / iteration:.3f} ms an iteration", flush=True)


def earlier(commit: str, folder: Path) -> Checkout:
    """A commit's files, unpacked."""
    archive = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=True).stdout
    subprocess.run(["tar", "x", "-C", str(folder)], input=archive, check=True)
    return Checkout(commit, folder)


def others(now: Checkout) -> None:
    """Figures without a race."""
    memory = now.figure("memory", str(SPOTS / "flop_3bp.json"))
    half, full = memory["i16"], memory["f32"]
    print(f"\nmemory, flop_3bp: {half['held'] / 2**20:.0f} MiB, {half['held'] / full['held']:.2f} of float32's")
    print(f"  held / estimate: {half['held'] / half['estimate']:.3f} in 16 bits, "
          f"{full['held'] / full['estimate']:.3f} in float32")  # fmt: skip
    print(f"cancel, flop_3bp: {max(now.figure('cancel', str(SPOTS / 'flop_3bp.json'))):.0f} ms at worst of five")
    took: list[float] = []
    for _ in range(5):
        begun = time.perf_counter()
        now.figure("first", str(SPOTS / "river_wide.json"))
        took.append(time.perf_counter() - begun)
    print(f"a river solve in a fresh process, compiled before: {min(took):.2f} to {max(took):.2f} s")
    equity = now.figure("equity")
    print(f"exact equity on a flop, {equity['combos'][0]} x {equity['combos'][1]} combos: {equity['ms']:.1f} ms")
    print(f"evaluator: {now.figure('evaluator'):.0f} million random hands a second")


def main() -> None:
    """Runs the races and prints their figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--against", default="HEAD~1", help="commit to compare with; 'none' for nothing")
    parser.add_argument("--peer", help="program of a peer")
    parser.add_argument("--spots", nargs="*", default=list(TARGETS), choices=list(TARGETS))
    parser.add_argument("--target", type=float, help="%% of the pot, for all spots")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--curves", type=Path, help="where to draw the convergence (SVG)")
    options = parser.parse_args()
    now = Checkout("this", ROOT)
    with tempfile.TemporaryDirectory() as folder:
        candidates: list[Checkout | Peer] = [now]
        if options.against != "none":
            candidates.append(earlier(options.against, Path(folder)))
        if options.peer:
            candidates.append(Peer(options.peer))
        curves: dict[str, dict[str, Trace]] = {}
        for name in options.spots:
            alone: dict[float, float] = {}
            target = options.target or TARGETS[name]
            goals = [goal for goal in GOALS if goal > target] + [target]
            for threads in options.threads:
                runs = race(candidates, SPOTS / f"{name}.json", goals, threads, options.rounds)
                report(candidates, runs, f"{name}, {threads} thread{'s' if threads > 1 else ''}")
                if threads == 1:
                    alone = runs[0].seconds
                    curves[name] = {c.name: run.trace for c, run in zip(candidates, runs, strict=True)}
                elif target in alone and name != "river_wide":
                    print(f"  {threads} threads: {alone[target] / runs[0].seconds[target]:.2f} times one")
        others(now)
    if options.curves:
        options.curves.write_text(draw(curves))


if __name__ == "__main__":
    main()
