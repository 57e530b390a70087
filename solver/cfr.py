"""Discounted counterfactual regret minimisation over the kernels: memory, schedule, threads.

Iteration t (from 0) updates OOP, then IP against OOP's new strategy. Regrets so far are multiplied by
t'^1.4 / (t'^1.4 + 1) with t' = t - 1 where positive and by t / (t + 30) where negative. The average strategy takes
every second iteration, the k-th of them with weight k^5. It is the plain average of the strategies, not weighted by own
reach, so that hands that stop coming keep a trained strategy.

Source: Brown & Sandholm 2019 (discounting); the figures are ours (docs/solver.md).
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solver.boards import Boards, padded
from solver.isomorphism import DealtCard
from solver.kernels import (
    AVERAGE,
    BEGIN,
    BEST_RESPONSE,
    CACHE_LINE,
    CANCEL,
    FINISH,
    ITERATE,
    ITERATION,
    KEEP,
    LANES,
    MIX,
    N_PARAMETERS,
    NEGATIVE,
    POSITIVE,
    RIVERS_PER_TASK,
    ROUNDING,
    SHARE,
    TASKS,
    TICKET,
    TRAIN,
    Store,
    Work,
    run,
)
from solver.layout import Layout

ALPHA = 1.4
AVERAGED_EVERY = 2
"""Strategies change little from one iteration to the next: leaving out every other one saves a third of the memory
traffic of a decision and costs no accuracy."""
NEGATIVE_DELAY = 30
"""Negative regrets are forgotten at first, as in CFR+, and kept nearly whole later."""
GOLDEN = 0.6180339887498949
READING_TREMBLE = 1e-6
"""After training with a tremble, values are read with this one: lines never taken still have a range, and nothing else
changes."""

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]


def schedule(first: int, count: int, tremble: float = 0.0) -> Float32:
    """[iteration, N_PARAMETERS] parameters of iterations ``first`` to ``first + count - 1``."""
    rows = np.zeros((count, N_PARAMETERS), np.float32)
    t = np.arange(first, first + count)
    positive = np.maximum(t - 1.0, 0) ** ALPHA
    rows[:, POSITIVE], rows[:, NEGATIVE] = positive / (positive + 1), t / (t + NEGATIVE_DELAY)
    rows[:, SHARE] = [share_of_new(int(i)) for i in t]
    # How uint16 shares round differs between iterations, so that small changes are not lost every time.
    rows[:, ROUNDING] = (t * GOLDEN) % 1.0
    rows[:, KEEP], rows[:, MIX] = 1.0 - tremble, tremble
    return rows


def share_of_new(t: int) -> float:
    """Weight of iteration t in the normalised average so far; zero for iterations that the average skips."""
    if t % AVERAGED_EVERY:
        return 0.0
    k = t // AVERAGED_EVERY + 1
    # The k-th weighs k^5, all up to it together the denominator.
    return 12 * k**5 / (k**2 * (k + 1) ** 2 * (2 * k**2 + 2 * k - 1))


class Storage:
    """Where each section's rows are, before anything is allocated.

    Attributes:
        size: Numbers per array (one for regrets, one for shares).
        root_at, turn_at, river_at: As in ``kernels.Store``.
    """

    def __init__(
        self, layout: Layout, start: int, width: NDArray[np.int32], river_width: list[NDArray[np.int32]]
    ) -> None:
        """``width``: [player] root rows; ``river_width``: [turn] of [player, river]."""
        rows = layout.betting.strategy_rows.astype(np.int64)
        sections = range(*layout.sections[0].children) if start == 0 else range(1)
        n_turns = len(river_width)
        n_rivers = max((widths.shape[1] for widths in river_width), default=0)
        self.root_at = np.zeros(2, np.int64)
        self.turn_at = np.zeros((2, max(1, len(sections) * n_turns)), np.int64)
        self.river_at = np.zeros((2, self.turn_at.shape[1], max(1, n_rivers)), np.int64)
        at = 0
        for p in range(2):
            self.root_at[p] = at
            at += int(rows[p, 0] * (width[p] if start < 2 else river_width[0][p, 0]))
        if start < 2:
            for task in range(self.turn_at.shape[1]):
                section, turn = sections[task // n_turns], task % n_turns
                for p in range(2):
                    self.turn_at[p, task] = at if start == 0 else self.root_at[p]
                    at += int(rows[p, section] * width[p]) if start == 0 else 0
                # Rivers one after another, OOP's rows before IP's.
                sizes = layout.river_rows[:, section, None] * river_width[turn].astype(np.int64)
                ends = at + np.cumsum(sizes.T.ravel())
                starts = (ends - sizes.T.ravel()).reshape(-1, 2).T
                self.river_at[:, task, : starts.shape[1]] = starts
                at = int(ends[-1])
        self.size = at


def river_widths(boards: Boards) -> list[NDArray[np.int32]]:
    """[turn] of [player, river] row lengths; for a river root its own board."""
    cards = boards.cards
    if cards.start[0] == 2:
        return [cards.width[:, 1:2]]
    return [cards.width[:, cards.river_board[first:last]] for first, last in cards.rivers]


def counted_river_widths(
    hands: Iterable[tuple[NDArray[np.uint8], NDArray[np.uint8]]],
    turns: tuple[DealtCard, ...],
    rivers: tuple[tuple[DealtCard, ...], ...],
    start: int,
) -> list[NDArray[np.int32]]:
    """``river_widths`` from the hands' cards alone."""
    widths = [np.zeros((2, max(1, len(cards))), np.int32) for cards in rivers]
    for p, (card1, card2) in enumerate(hands):
        with_card = np.bincount(np.concatenate([card1, card2]), minlength=52)
        both = np.zeros((52, 52), np.int64)
        both[card1, card2] = both[card2, card1] = 1
        for turn, cards in enumerate(rivers):
            if start == 2:
                widths[turn][p] = padded(len(card1))
            for river, dealt in enumerate(cards):
                gone = with_card[dealt.card]
                if start == 0:
                    gone += with_card[turns[turn].card] - both[turns[turn].card, dealt.card]
                widths[turn][p, river] = padded(len(card1) - int(gone))
    return widths


class Game:
    """A game in memory: what is learned and the means to go on learning.

    Attributes:
        layout, boards: What is played.
        start, root_board: Street of the root (0 to 2), and the board of its hands' order.
        store: Regrets and average strategy.
        pairs: Sum over compatible pairs of hands of the product of their weights.
        tremble: Share of every decision that is played at random while training.
        parameters: [1, N_PARAMETERS] of passes that do not train; see ``set_reading_tremble``.
    """

    def __init__(
        self,
        layout: Layout,
        boards: Boards,
        *,
        half: bool = False,
        threads: int = 1,
        tremble: float = 0.0,
        control: NDArray[np.int64] | None = None,
    ) -> None:
        self.layout = layout
        self.boards = boards
        self.half = half
        self.tremble = tremble
        self.parameters = np.zeros((1, N_PARAMETERS), np.float32)
        self.set_reading_tremble(min(tremble, READING_TREMBLE))
        self.control = np.zeros(8, np.int64) if control is None else control
        cards = boards.cards
        self.start = int(cards.start[0])
        self.root_board = 1 if self.start == 2 else 0
        self.storage = Storage(layout, self.start, cards.width[:, 0], river_widths(boards))
        size = max(1, self.storage.size)
        self.store = Store(
            regret=aligned(size, np.int16 if half else np.float32),
            average=aligned(size, np.uint16 if half else np.float32),
            root_at=self.storage.root_at,
            turn_at=self.storage.turn_at,
            river_at=self.storage.river_at,
            locked=np.zeros(0, np.int64),
        )
        n_works = 1 if self.start == 2 else threads
        self.works = [_new_work(layout, boards) for _ in range(n_works)]
        self.slots = aligned(slot_size(layout, boards), np.float32)
        self._pool = ThreadPoolExecutor(n_works - 1) if n_works > 1 else None
        self.pairs = compatible_weight(boards)
        self._means = np.zeros(2)

    @property
    def reading_tremble(self) -> float:
        """Share of every decision that counts as played at random in values and reaches."""
        return float(self.parameters[0, MIX])

    def set_reading_tremble(self, tremble: float) -> None:
        """Changes it for all passes that do not train."""
        self.parameters[0, KEEP], self.parameters[0, MIX] = 1.0 - tremble, tremble

    def lock(self, places: list[int]) -> None:
        """Keeps the decisions whose rows start at these places as they are from now on."""
        self.store = self.store._replace(locked=np.unique(np.array(places, np.int64)))

    @property
    def memory_bytes(self) -> int:
        """Of all arrays."""
        works = sum(array.nbytes for work in self.works for array in work)
        shared = (*self.store, *self.boards.cards, *self.layout.betting, self.slots)
        return works + sum(array.nbytes for array in shared)

    @property
    def cancelled(self) -> bool:
        """Whether the control array asks to stop."""
        return bool(self.control[CANCEL])

    def close(self) -> None:
        """Ends the threads."""
        if self._pool is not None:
            self._pool.shutdown()

    def iterate(self, first: int, count: int) -> None:
        """Trains through iterations ``first`` to ``first + count - 1``, or until cancelled."""
        parameters = schedule(first, count, self.tremble)
        if self._pool is None:
            self._run(ITERATE, self.works[0], parameters, 0, TRAIN)
            return
        for row in range(count):
            for p in range(2):
                if self.cancelled:
                    return
                self._pass(p, TRAIN, parameters[row : row + 1])
            self.control[ITERATION] += 1

    def values(self, p: int, mode: int) -> Float64:
        """[hand] counterfactual values of a player at the root, in chips x the opponent's weights.

        Counted from half the starting pot; ``mode`` is ``BEST_RESPONSE`` or ``AVERAGE``.
        """
        return self.root_values(p, self.value_rows(p, mode))

    def value_rows(self, p: int, mode: int) -> Float32:
        """[value row, hand] of the root section after a pass for a player; overwritten by the next one."""
        work = self._pass(p, mode, self.parameters)
        value = work.value2 if self.start == 2 else work.value0
        width = int(self.boards.cards.width[p, self.root_board])
        n_rows = self.layout.rows[self.start][1]
        return value[: n_rows * width].reshape(n_rows, width)

    def root_values(self, p: int, rows: Float32) -> Float64:
        """``values`` from a player's ``value_rows``."""
        cards = self.boards.cards
        n_hands, at = int(cards.n_hands[p, 0]), int(cards.hand_at[p, self.root_board])
        values = np.zeros(n_hands)
        hands = cards.root_hand[at : at + n_hands]
        values[hands] = rows[self.layout.betting.root_value[p, 0], :n_hands]
        return values * (self.layout.unit / self.boards.scale[1 - p])

    def mean(self, p: int, values: Float64) -> float:
        """Chips: root values averaged over the hands that can meet."""
        return float(values @ self.boards.hands[p].weight.astype(np.float64)) / self.pairs

    def exploitability(self, *, raked: bool) -> float:
        """Half the sum of both players' gains by a best response, in chips."""
        total = self._sum_of_means(BEST_RESPONSE)
        if raked:
            total -= self._sum_of_means(AVERAGE)
        return total / 2

    def _sum_of_means(self, mode: int) -> float:
        if self.start < 2:
            return sum(self.mean(p, self.values(p, mode)) for p in range(2))
        self._run(ITERATE, self.works[0], self.parameters, 0, mode)
        scale = self.boards.scale
        return float(self._means.sum()) * self.layout.unit / (scale[0] * scale[1]) / self.pairs

    def run_section(self, command: int, p: int, mode: int, section: int, index: int, task: int = 0) -> Work:
        """A turn or river section from root reach rows that the caller has put into the first thread's rows."""
        self.control[TICKET] = task
        work = self.works[0]
        self._run(command, work, self.parameters, p, mode, section, index)
        return work

    def _pass(self, p: int, mode: int, parameters: Float32) -> Work:
        first = self.works[0]
        self.control[TICKET] = 0
        self._run(BEGIN, first, parameters, p, mode)
        if self.start < 2:
            others: list[Any] = []
            if self._pool is not None:
                others = [self._pool.submit(self._run, TASKS, work, parameters, p, mode) for work in self.works[1:]]
            self._run(TASKS, first, parameters, p, mode)
            for other in others:
                other.result()
            self._run(FINISH, first, parameters, p, mode)
        return first

    def _run(
        self, command: int, work: Work, parameters: Float32, p: int, mode: int, section: int = 0, index: int = 0
    ) -> None:
        run(
            command, self.layout.betting, self.boards.cards, self.store, work, self.works[0].reach0, self.slots,
            parameters, self.control, p, mode, section, index, self._means,
        )  # fmt: skip


def aligned(size: int, dtype: type[np.generic]) -> NDArray[Any]:
    """[size] an array whose vectors of eight numbers never straddle two cache lines, which would double their cost."""
    buffer = np.zeros(size * np.dtype(dtype).itemsize + CACHE_LINE, np.uint8)
    first = -buffer.ctypes.data % CACHE_LINE
    return buffer[first : first + size * np.dtype(dtype).itemsize].view(dtype)


def to_blocks(rows: NDArray[Any]) -> NDArray[Any]:
    """[action, hand] rows of a decision, padded, in the order of ``kernels.Store``."""
    return rows.reshape(len(rows), -1, LANES).swapaxes(0, 1).ravel()


def from_blocks(stored: NDArray[Any], n_actions: int) -> NDArray[Any]:
    """[action, hand] rows of a decision from what is stored of it."""
    return stored.reshape(-1, n_actions, LANES).swapaxes(0, 1).reshape(n_actions, -1)


def slot_size(layout: Layout, boards: Boards) -> int:
    """Numbers that tasks need to leave their values for the root section."""
    cards = boards.cards
    stretch = int(layout.betting.n_chance[0]) * int(cards.width[:, 0].max())
    if cards.start[0] == 0:
        return stretch * len(boards.deals.turns)
    return max(1, stretch * -(-int(cards.rivers[0, 1]) // RIVERS_PER_TASK))


def _new_work(layout: Layout, boards: Boards) -> Work:
    cards = boards.cards
    width = int(cards.width.max())
    start = int(cards.start[0])
    # The root section has the first rows, whatever its street.
    first = layout.rows[start] if start < 2 else (1, 1)
    second = layout.rows[1] if start == 0 else (1, 1)
    reach0, reach1, reach2 = (aligned(n * width, np.float32) for n in (first[0], second[0], layout.rows[2][0]))
    value0, value1, value2 = (aligned(n * width, np.float32) for n in (first[1], second[1], layout.rows[2][1]))
    n_groups = int((cards.group_at[:, 1] - cards.group_at[:, 0]).max()) + 1
    n_roots = int(layout.betting.n_roots.max())
    n_blocks = width // LANES
    return Work(
        reach0=reach0,
        value0=value0,
        reach1=reach1,
        value1=value1,
        reach2=reach2,
        value2=value2,
        lanes=aligned(LANES * width, np.float32),
        weaker=aligned(2 * LANES * width, np.float32),
        sums=aligned(53 * LANES, np.float32),
        marks=aligned(n_roots * n_blocks, np.uint8),
        union=aligned(n_blocks, np.uint8),
        before=aligned(n_blocks, np.int32),
        # A list is written eight hands at a time.
        live=aligned(width + LANES, np.int32),
        live_end=aligned(n_groups, np.int32),
        starts=aligned(2 * LANES, np.int64),
    )


def compatible_weight(boards: Boards) -> float:
    """Sum over pairs of hands that share no card of the product of their weights."""
    oop, ip = boards.hands
    weight = ip.weight.astype(np.float64)
    with_card = np.bincount(np.concatenate([ip.card1, ip.card2]), np.concatenate([weight, weight]), minlength=53)
    by_combo = dict(zip(ip.combo.tolist(), weight.tolist(), strict=True))
    same = np.array([by_combo.get(combo, 0.0) for combo in oop.combo.tolist()])
    met = weight.sum() - with_card[oop.card1] - with_card[oop.card2] + same
    return float(oop.weight.astype(np.float64) @ met)
