"""Values of single nodes: best responses, the profile's EVs and equities against given reaches.

A pass over the whole tree gives the root section; a turn or river section is computed again from the reaches at its
root, which takes milliseconds, so nothing but the strategy has to be kept.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from solver.boards import Boards
from solver.cfr import Game
from solver.kernels import BEST_RESPONSE, RIVER, TURN
from solver.layout import Layout, build_layout
from solver.tree import BettingTree, Kind

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

KEPT_SECTIONS = 16


@dataclass(frozen=True)
class Place:
    """A section on dealt cards.

    Attributes:
        section: Index of the section.
        task: Task of the turn section it is or lies below; 0 when there is none.
        river: River card's place among its turn's; -1 above the river.
        board: Board of the hands' order: 0 on flop and turn.
    """

    section: int
    task: int
    river: int
    board: int


class NodeValues:
    """Computes and keeps value rows of sections.

    Attributes:
        game: Whose average strategy is measured.
    """

    def __init__(self, game: Game) -> None:
        self.game = game
        self._kept: OrderedDict[tuple[Place, int, int, int], Float32] = OrderedDict()
        self._equity = EquityValues(game.boards, half=game.half)

    def clear(self) -> None:
        """Forgets everything, after the strategy has changed."""
        self._kept.clear()

    def root(self, p: int, mode: int) -> Float64:
        """[hand] a player's values at the root, as ``Game.values``."""
        return self.game.root_values(p, self.rows(root_place(self.game), p, mode, 0, None))

    def rows(self, place: Place, p: int, mode: int, root: int, reach: Float32 | None) -> Float32:
        """[value row, hand] of player ``p`` in a section, hands in the order of ``place.board``.

        Args:
            root: Which root of the section is entered.
            reach: [root hand] the opponent's scaled reach at that root; unused for the root section.
        """
        key = (place, p, mode, root)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        rows = self._computed(place, p, mode, root, reach)
        self._kept[key] = rows
        roots = sum(1 for kept in self._kept if kept[0].section == 0)
        while len(self._kept) > 4 * KEPT_SECTIONS + roots:
            oldest = next(kept for kept in self._kept if kept[0].section != 0)
            del self._kept[oldest]
        return rows

    def _computed(self, place: Place, p: int, mode: int, root: int, reach: Float32 | None) -> Float32:
        game = self.game
        if place.section == 0:
            return game.value_rows(p, mode).copy()
        assert reach is not None
        street = 1 if place.river < 0 else 2
        fill_root(game, place, p, root, reach)
        work = game.run_section(RIVER if street == 2 else TURN, p, mode, place.section, _index(place), place.task)
        value = work.value2 if street == 2 else work.value1
        n_rows, width = game.layout.rows[street][1], int(game.boards.cards.width[p, place.board])
        return value[: n_rows * width].reshape(n_rows, width).copy()

    def equity(self, place: Place, p: int, reach: Float32) -> tuple[Float64, Float64]:
        """[root hand] wins minus losses and compatible reach of player ``p``'s hands against a reach."""
        return self._equity.measure(place, p, reach)


def root_place(game: Game) -> Place:
    """The root section."""
    return Place(0, 0, -1, game.root_board)


def fill_root(game: Game, place: Place, p: int, root: int, reach: Float32) -> None:
    """Puts the opponent's reach into one root of a turn or river section, nothing into the others."""
    cards, work, o = game.boards.cards, game.works[0], 1 - p
    width = int(cards.width[o, place.board])
    at = int(cards.hand_at[o, place.board])
    rows = work.reach1 if place.river < 0 else work.reach2
    rows[: int(game.layout.betting.n_roots[place.section]) * width] = 0
    padded = np.zeros(int(cards.n_hands[o, 0]) + 1, np.float32)
    padded[:-1] = reach
    rows[root * width : (root + 1) * width] = padded[cards.root_hand[at : at + width]]


def _index(place: Place) -> int:
    return place.task if place.river < 0 else place.river


class EquityValues:
    """Showdowns without betting: the same deals, a tree of one runout."""

    def __init__(self, boards: Boards, *, half: bool) -> None:
        cards = boards.cards
        self._start = int(cards.start[0])
        self._layout = _runout_layout(self._start)
        own_reach = cards._replace(root_reach=cards.root_reach.copy())
        # The precision only decides which compiled kernel is used: nothing is stored.
        self._game = Game(self._layout, replace(boards, cards=own_reach), half=half)

    def measure(self, place: Place, p: int, reach: Float32) -> tuple[Float64, Float64]:
        """[root hand] wins minus losses over all runouts, and compatible reach (zero where there is none)."""
        game, boards = self._game, self._game.boards
        o = 1 - p
        street = 2 if place.board else 1 if place.section else self._start
        cards = boards.cards
        n_hands = int(cards.n_hands[p, 0])
        if street == self._start:
            cards.root_reach[o, : len(reach)] = reach
            values = game.values(p, BEST_RESPONSE) / (self._layout.unit / boards.scale[o])
        else:
            # Below a runout there is one section per street.
            inner = Place(street - self._start, place.task % len(boards.deals.turns), place.river, place.board)
            fill_root(game, inner, p, 0, reach)
            command = RIVER if street == 2 else TURN
            work = game.run_section(command, p, BEST_RESPONSE, inner.section, _index(inner), inner.task)
            row = int(game.layout.betting.root_value[p, game.layout.betting.root_at[inner.section]])
            width, at = int(cards.width[p, inner.board]), int(cards.hand_at[p, inner.board])
            value = work.value2 if street == 2 else work.value1
            values = np.zeros(n_hands + 1)
            values[cards.root_hand[at : at + width]] = value[row * width : (row + 1) * width]
            values = values[:-1]
        return values * self._layout.unit, compatible(boards, p, reach)


def _runout_layout(start: int) -> Layout:
    kind = Kind.SHOWDOWN if start == 2 else Kind.RUNOUT
    one = np.zeros(1, np.int32)
    zero = np.zeros((1, 2), np.int64)
    children = np.zeros(0, np.int32)
    kinds, streets = np.array([kind], np.int8), np.array([start], np.int8)
    tree = BettingTree(kinds, streets, one - 1, one, one, children, zero, zero, ("",))
    return build_layout(tree, 2, 0)


def compatible(boards: Boards, p: int, reach: Float32 | Float64) -> Float64:
    """[hand] the opponent's reach over hands that share no card with each hand of player ``p``."""
    own, other = boards.hands[p], boards.hands[1 - p]
    weight = reach.astype(np.float64)
    sums = np.bincount(other.card1, weight, 53) + np.bincount(other.card2, weight, 53)
    twin = np.zeros(1327)
    twin[other.combo] = weight
    result = weight.sum() - sums[own.card1] - sums[own.card2] + twin[own.combo]
    # What subtraction leaves of nothing is no reach.
    return np.where(result > 1e-12 * max(weight.sum(), 1e-300), result, 0.0)
