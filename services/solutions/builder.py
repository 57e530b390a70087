"""Builds the library: solves the declared entries with our own solver and writes artefacts and manifest.

An entry that is there with the same spot and target is left alone, so an interrupted build goes on where it stopped.
Ranges of turn and river entries that continue a line come from a coarse solve of their flop: it is kept for all entries
of that flop, and its figures are written beside the ranges.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from services.solutions.catalog import Line, texture
from services.solutions.export import RIVER, Description, solve_config, solver_hash, write_solution
from services.solutions.manifest import FOLDER, FORMAT, read_manifest, write_manifest
from services.solutions.starter import COARSE_PCT, ENTRIES, TARGET_PCT, Entry, Family
from services.solutions.store import TREMBLE
from solver.cards import parse_cards
from solver.solution import Solution
from solver.solve import Progress, estimate, solve
from solver.spot import NO_SIZES, Spot, parse_spot, spot_hash

LEAST_WEIGHT = 1e-4
"""Hands below this share of the most frequent one are left out of carried ranges."""
MAX_ITERATIONS = 10_000
HEADROOM = 0.8
"""Of the target is what flops and turns are solved to: rounding and purifying what is served costs a little."""
RIVER_TRIES = (0.5, 0.25, 0.125)
"""A river costs seconds: it is solved finer until the strategies that are served, purified and rounded, meet the
target."""

ITERATIONS_TO_TARGET = 2.0
"""A flop takes about twice as many iterations to its target as to 0.5% of the pot, which estimates are for."""
FLOP_BYTES = 3_000_000

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Options:
    """How to build.

    Attributes:
        target_pct: Replaces the street's own target.
        time_limit: Seconds for one solve; what is reached by then is kept and its exploitability written down.
        folder: Where artefacts and manifest go.
        ranges: The folder of the preflop ranges.
        memory_mib: An entry whose solve takes more is refused.
    """

    threads: int = 1
    target_pct: float | None = None
    time_limit: float | None = None
    force: bool = False
    folder: Path = FOLDER
    ranges: Path = FOLDER
    memory_mib: int | None = None


class Builder:
    """One build; holds the last coarse flop solve."""

    def __init__(self, options: Options, report: Report) -> None:
        self._options = options
        self._report = report
        self._coarse: tuple[str, Solution] | None = None

    def build(self, entries: Sequence[Entry]) -> None:
        """Solve what is missing and write the manifest after each entry."""
        for entry in entries:
            started = time.perf_counter()
            target = self._options.target_pct or TARGET_PCT[entry.street]
            held = self._held(entry)
            if held is not None and not self._options.force and held["target_pct"] == target:
                self._report(f"{entry.id}: there already, {held['exploitability']['served_pct']:.3f}% of pot")
                continue
            spot, source = self._spot(entry)
            made = self._solve(entry, spot, source, target)
            self._write(entry, made)
            self._report(
                f"{entry.id}: {made['exploitability']['served_pct']:.3f}% of pot served, "
                f"{made['bytes'] / 1024:.0f} KiB, {time.perf_counter() - started:.0f} s"
            )

    def forecast(self, entries: Sequence[Entry]) -> str:
        """What building flops would take, from one of each kind of suits and pairing; the rest is alike."""
        kinds: dict[tuple[str, tuple[str, ...]], list[Entry]] = {}
        for entry in entries:
            kinds.setdefault((entry.family.key, tuple(sorted(texture(parse_cards(entry.board))))), []).append(entry)
        seconds = memory = 0.0
        for alike in kinds.values():
            one = estimate(self.root(alike[0].family, alike[0].board), "auto", self._options.threads)
            seconds += len(alike) * one.seconds * ITERATIONS_TO_TARGET
            memory = max(memory, one.memory_bytes)
        return (
            f"{len(entries):,} flops: about {seconds / 3600:,.0f} hours with {self._options.threads} threads, at most "
            f"{memory / 2**30:.1f} GiB of memory, about {len(entries) * FLOP_BYTES / 2**30:.1f} GiB on disk. What is "
            "done is kept when you stop."
        )

    def _held(self, entry: Entry) -> dict[str, Any] | None:
        declared = _declared(entry, self._ranges_sha256(entry.family))
        for held in read_manifest(self._options.folder)["entries"]:
            path = self._options.folder / held["file"]
            if held["id"] == entry.id and held["declared"] == declared and path.exists():
                return held if hashlib.sha256(path.read_bytes()).hexdigest() == held["sha256"] else None
        return None

    def _ranges_sha256(self, family: Family) -> str:
        return hashlib.sha256((self._options.ranges / family.ranges_file).read_bytes()).hexdigest()

    def _preflop(self, family: Family) -> dict[str, Any]:
        return json.loads((self._options.ranges / family.ranges_file).read_text())

    def _preflop_ranges(self, family: Family) -> dict[str, str]:
        for spot in self._preflop(family)["spots"]:
            if (spot["family"], spot["pot_type"]) == (family.name, family.pot_type):
                return spot["ranges"]
        raise KeyError(f"{family.ranges_file} has no ranges for {family.name} {family.pot_type}")

    def root(self, family: Family, board: str) -> Spot:
        """A family's game on a board, with its preflop ranges."""
        streets = ("flop", "turn", "river")[len(board) // 2 - 3 :]
        return parse_spot({
            "board": board,
            "ranges": self._preflop_ranges(family),
            "pot": family.pot,
            "effective_stack": family.effective_stack,
            "sizes": {street: family.sizes[street] for street in streets},
            "force_allin_threshold": 0.15,
            "merging_threshold": 0.1,
        })  # fmt: skip

    def _spot(self, entry: Entry) -> tuple[Spot, dict[str, Any]]:
        """The spot of an entry and where its ranges come from."""
        family = entry.family
        label = self._preflop(family)["label"]
        preflop = {"file": family.ranges_file, "sha256": self._ranges_sha256(family), "label": label}
        if entry.line is None:
            how = "preflop ranges" if entry.street == 0 else "preflop ranges on a board that was checked down"
            return self.root(entry.family, entry.board), {"preflop": preflop, "how": how}
        flop = self._coarse_flop(entry)
        position = flop.node(entry.line).position
        reach = _carried(flop, entry.line)
        sizes = NO_SIZES[: entry.street] + flop.spot.sizes[entry.street :]
        spot = flop.spot.with_(
            board=position.board,
            oop_range=reach[0],
            ip_range=reach[1],
            pot=position.pot,
            effective_stack=min(position.stacks),
            sizes=sizes,
        )
        coarse = {
            "spot_hash": spot_hash(flop.spot),
            "exploitability_pct": round(flop.exploitability_pct, 4),
            "iterations": flop.iterations,
        }
        return spot, {
            "preflop": preflop,
            "how": "carried along the line of a coarse flop solve",
            "line": list(entry.line),
            "flop_solve": coarse,
        }

    def _coarse_flop(self, entry: Entry) -> Solution:
        board = entry.board[:6]
        key = f"{entry.family.key}_{board}"
        if self._coarse is None or self._coarse[0] != key:
            self._coarse = None  # its memory goes before the next one comes
            flop = self._run(f"{key} (coarse)", self.root(entry.family, board), COARSE_PCT)
            self._coarse = (key, flop)
        return self._coarse[1]

    def _run(self, label: str, spot: Spot, target: float) -> Solution:
        def on_progress(progress: Progress) -> None:
            ahead = _eta(progress, target)
            self._report(
                f"{label}: {progress.iteration} iterations, {progress.seconds:.0f} s, "
                f"{progress.pct_pot:.3f}% of pot, target {target}%{ahead}"
            )

        limit = self._options.memory_mib
        return solve(
            spot,
            target_pct=target,
            max_iterations=MAX_ITERATIONS,
            memory_limit=None if limit is None else limit << 20,
            time_limit=self._options.time_limit,
            threads=self._options.threads,
            tremble=TREMBLE,
            on_progress=on_progress,
        )

    def _stored(self, entry: Entry, spot: Spot, target: float) -> tuple[bytes, dict[str, Any]]:
        family = entry.family
        description = Description(entry.name, family.name, family.pot_type, family.positions)
        return write_solution(self._run(entry.id, spot, target), description, solve_config(spot, target, TREMBLE))

    def _solve(self, entry: Entry, spot: Spot, source: dict[str, Any], target: float) -> dict[str, Any]:
        started = time.perf_counter()
        data, header = self._stored(entry, spot, target if entry.street == RIVER else target * HEADROOM)
        for finer in RIVER_TRIES if entry.street == RIVER else ():
            if header["exploitability"]["served_pct"] > target:
                data, header = self._stored(entry, spot, target * finer)
        path = self._options.folder / f"{entry.id}.mxl"
        path.write_bytes(data)
        kept = {
            key: header[key] for key in ("name", "family", "pot_type", "positions", "board", "spot_hash", "tree_hash")
        }
        return kept | {
            "id": entry.id,
            "declared": _declared(entry, self._ranges_sha256(entry.family)),
            "file": path.name,
            "bytes": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
            "spot": {key: value for key, value in header["spot"].items() if key != "ranges"},
            "ranges": source,
            "config_hash": header["config_hash"],
            "solver_hash": solver_hash(),
            "target_pct": target,
            "tremble": TREMBLE,
            "exploitability": header["exploitability"],
            "iterations": header["iterations"],
            "nodes": header["nodes"],
            "seconds": round(time.perf_counter() - started, 1),
            "command": f"./mixline library build --only {entry.id}",
        }

    def _write(self, entry: Entry, made: dict[str, Any]) -> None:
        manifest = read_manifest(self._options.folder)
        entries = {held["id"]: held for held in manifest["entries"]} | {entry.id: made}
        held = list(entries.values())
        if self._options.folder == FOLDER:  # what ships is what is declared, in its order
            place = {known.id: index for index, known in enumerate(ENTRIES)}
            held = sorted((one for one in held if one["id"] in place), key=lambda one: place[one["id"]])
        write_manifest({"format": FORMAT, "entries": held}, self._options.folder)


def _declared(entry: Entry, ranges_sha256: str) -> str:
    """Hash of everything an entry is built from, the solver apart."""
    family = entry.family
    text = json.dumps([
        family.key, family.pot, family.effective_stack, family.sizes, entry.board, entry.line, ranges_sha256
    ])  # fmt: skip
    return hashlib.sha256(text.encode()).hexdigest()


def _carried(flop: Solution, line: Line) -> list[np.ndarray[Any, np.dtype[np.float32]]]:
    """Both ranges at the end of a line, scaled so that the most frequent hand weighs 1."""
    reach = flop.node(line).reach
    carried = []
    for weights in reach:
        scaled = weights / max(float(weights.max()), 1e-30)
        scaled[scaled < LEAST_WEIGHT] = 0
        carried.append(scaled.astype(np.float32))
    return carried


def _eta(progress: Progress, target: float) -> str:
    """Exploitability falls about as 1 / iterations^1.2: a rough time to the target."""
    if progress.pct_pot <= target:
        return ""
    factor = (progress.pct_pot / target) ** (1 / 1.2)
    return f", about {progress.seconds * (factor - 1):.0f} s to go"
