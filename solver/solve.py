"""``solve`` and ``estimate``: from a spot to its solution, with a target, limits, progress and cancelling."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from solver.boards import Deals, build_boards, find_deals, hands_of, padded
from solver.cards import COMBO_INDEX, N_COMBOS
from solver.cfr import Game, Storage, counted_river_widths
from solver.errors import Cancelled, TooLarge
from solver.kernels import CANCEL, DONE, ITERATION, RIVERS_PER_TASK
from solver.layout import Layout, build_layout
from solver.solution import Line, Solution
from solver.spot import Spot
from solver.tree import BettingTree, build_tree

Precision = Literal["auto", "f32", "i16"]

CHECK_AFTER, CHECK_BY = 10, 30
"""Iterations to the next exploitability check, which costs nearly one: at least, and at most."""
NANOSECONDS_PER_NUMBER = 1.2
"""One iteration's time for one action of one hand, on one core."""
TYPICAL_ITERATIONS = 120
"""To 0.5% of the pot."""


class Control:
    """Lets another thread watch and stop a solve."""

    def __init__(self) -> None:
        self.array = np.zeros(8, np.int64)

    def cancel(self) -> None:
        """Stops the solve within a task (milliseconds); ``solve`` then raises ``Cancelled``."""
        self.array[CANCEL] = 1

    @property
    def cancelled(self) -> bool:
        """Whether ``cancel`` was called."""
        return bool(self.array[CANCEL])

    @property
    def iteration(self) -> int:
        """Iterations done."""
        return int(self.array[ITERATION])

    @property
    def tasks_done(self) -> int:
        """Parts of iterations done; grows while a flop iteration runs."""
        return int(self.array[DONE])


@dataclass(frozen=True, slots=True)
class Progress:
    """After an exploitability check.

    Attributes:
        seconds: Since the call, building and checks included.
        pct_pot: Exploitability in % of the starting pot.
    """

    iteration: int
    seconds: float
    pct_pot: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a solve would take.

    Attributes:
        abstract_nodes: ``decision``, ``chance``, ``terminal``.
        seconds: Rough time to 0.5% of the pot on one core.
    """

    memory_bytes: int
    abstract_nodes: dict[str, int]
    seconds: float


def estimate(spot: Spot, precision: Precision = "auto", threads: int = 1, *, locked: bool = False) -> Estimate:
    """Memory and time without allocating either.

    Args:
        locked: Whether the solve will have locks: suits are then not interchangeable, so more cards are dealt.

    Raises:
        SpotError: The tree is too large to build.
    """
    tree = build_tree(spot)
    return _estimate(spot, tree, _layout(spot, tree), find_deals(spot, use_symmetry=not locked), precision, threads)


def solve(
    spot: Spot,
    *,
    target_pct: float = 0.1,
    max_iterations: int = 2000,
    time_limit: float | None = None,
    threads: int = 1,
    precision: Precision = "auto",
    memory_limit: int | None = None,
    tremble: float = 0.0,
    locks: Mapping[Line, NDArray[np.floating[Any]]] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    control: Control | None = None,
) -> Solution:
    """Solves until the exploitability is at most ``target_pct`` % of the starting pot, or a limit is reached.

    Args:
        time_limit: Seconds of iterations and checks, building not included; at least one iteration is done.
        precision: ``auto`` stores flops in 16 bits and the rest in float32.
        memory_limit: Bytes.
        tremble: While training, every decision of either player is played at random with this probability, so that
            lines the solution never takes are trained too; figures and values are then read with one of 1e-6.
        locks: Strategies [a, 1326] of decisions that are fixed; suits are then not treated as interchangeable.
        on_progress: Called after every exploitability check.

    Raises:
        SpotError: The tree is too large to build, or a lock does not fit it.
        TooLarge: The estimate exceeds ``memory_limit``; nothing was allocated.
        Cancelled: ``control.cancel()`` was called.
    """
    begun = time.perf_counter()
    control = control or Control()
    tree = build_tree(spot)
    _stop_if(control)
    dealt = find_deals(spot, use_symmetry=not locks)
    layout = _layout(spot, tree)
    expected = _estimate(spot, tree, layout, dealt, precision, threads)
    if memory_limit is not None and expected.memory_bytes > memory_limit:
        raise TooLarge(expected.memory_bytes, memory_limit)
    boards = build_boards(spot, dealt, lambda: _stop_if(control))
    _stop_if(control)
    game = Game(layout, boards, half=is_half(spot, precision), threads=threads, tremble=tremble, control=control.array)
    solution = Solution(spot, tree, game)
    if locks:
        solution.lock(locks)
    clock = _Clock(begun)
    clock.lap("build")
    try:
        _train(solution, clock, target_pct, max_iterations, time_limit, on_progress, control)
        solution.measure()
        _stop_if(control)  # half measured
    except Cancelled:
        game.close()
        raise
    clock.lap("exploitability")
    solution.seconds = clock.seconds
    return solution


def _train(
    solution: Solution,
    clock: _Clock,
    target_pct: float,
    max_iterations: int,
    time_limit: float | None,
    on_progress: Callable[[Progress], None] | None,
    control: Control,
) -> None:
    game, spot = solution.game, solution.spot
    deadline = None if time_limit is None else time.perf_counter() + time_limit
    done, count = 0, CHECK_AFTER
    while done < max_iterations:
        count = min(count, max_iterations - done)
        last = done + count
        step = count if deadline is None else 1
        while done < last:
            begun = time.perf_counter()
            game.iterate(done, min(step, last - done))
            done += min(step, last - done)
            if control.cancelled or (deadline is not None and time.perf_counter() >= deadline):
                break
            if deadline is not None:
                # As many at once as take a hundredth of a second.
                step = max(1, int(step * 0.01 / max(time.perf_counter() - begun, 1e-6)))
        _stop_if(control)
        clock.lap("solve")
        pct = 100 * game.exploitability(raked=spot.rake_rate > 0) / spot.pot
        _stop_if(control)
        clock.lap("exploitability")
        solution.iterations = done
        solution.trace.append((done, clock.total, pct))
        if on_progress is not None:
            on_progress(Progress(done, clock.total, pct))
        _stop_if(control)
        if pct <= target_pct or (deadline is not None and time.perf_counter() >= deadline):
            return
        count = _until_check(done, pct, target_pct)


def _until_check(done: int, pct: float, target_pct: float) -> int:
    """Iterations to train before another check is worth its time.

    Exploitability falls about with the square of the iterations; three quarters of that way are gone without looking.
    """
    expected = done * math.sqrt(pct / max(target_pct, 1e-9)) - done
    return max(CHECK_AFTER, min(CHECK_BY, int(0.75 * expected / CHECK_AFTER) * CHECK_AFTER))


def _stop_if(control: Control) -> None:
    if control.cancelled:
        raise Cancelled("the solve was cancelled")


class _Clock:
    """Adds laps up by name."""

    def __init__(self, begun: float) -> None:
        self._begun = self._last = begun
        self.seconds = {"build": 0.0, "solve": 0.0, "exploitability": 0.0}

    @property
    def total(self) -> float:
        return self._last - self._begun

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.seconds[name] += now - self._last
        self._last = now


def is_half(spot: Spot, precision: Precision) -> bool:
    """Whether regrets and shares take 16 bits."""
    return precision == "i16" or (precision == "auto" and spot.street == 0)


def _layout(spot: Spot, tree: BettingTree) -> Layout:
    return build_layout(tree, spot.pot, spot.effective_stack, spot.rake_rate, spot.rake_cap)


def _estimate(
    spot: Spot, tree: BettingTree, layout: Layout, dealt: Deals, precision: Precision, threads: int
) -> Estimate:
    hands = [hands_of(weights, spot.board) for weights in spot.ranges]
    widths = counted_river_widths([(p.card1, p.card2) for p in hands], dealt.turns, dealt.rivers, spot.street)
    root_width = np.array([padded(len(p)) for p in hands], np.int32)
    size = Storage(layout, spot.street, root_width, widths).size
    # Regret and share of every number; then boards (12 bytes a hand), maps (2 bytes a hand and image), scratch rows.
    stored = size * (4 if is_half(spot, precision) else 8)
    width = int(root_width.max())
    images = sum(len(card.images) for cards in dealt.rivers for card in cards)
    boards = sum(int(per_turn.sum()) for per_turn in widths) * 12
    if spot.street == 0:
        # The same two cards in either order make one board.
        boards //= 2
    deals = len(dealt.turns) if spot.street == 0 else -(-sum(map(len, dealt.rivers)) // RIVERS_PER_TASK)
    scratch = sum(sum(pair) for pair in layout.rows[spot.street :]) + 30
    slots = max(1, int(layout.betting.n_chance[0]) * deals)
    per_thread = 1 if spot.street == 2 else threads
    other = boards + images * width * 4 + (scratch * per_thread + slots) * width * 4
    other += sum(array.nbytes for array in layout.betting)
    seconds = size * NANOSECONDS_PER_NUMBER * 1e-9 * TYPICAL_ITERATIONS / max(1, per_thread)
    return Estimate(int(stored + other), tree.counts(), seconds)


def warm_up(on_step: Callable[[str], None] | None = None) -> None:
    """Compiles the kernels for both precisions, or loads them from Numba's cache."""
    board = (0, 5, 10, 15, 16)
    weights = np.zeros(N_COMBOS, np.float32)
    weights[[COMBO_INDEX[51, 50], COMBO_INDEX[47, 46], COMBO_INDEX[43, 42]]] = 1
    spot = Spot(board, weights, weights, 10, 10)
    for precision in ("f32", "i16"):
        if on_step is not None:
            on_step(precision)
        solve(spot, max_iterations=1, precision=precision).node(())
