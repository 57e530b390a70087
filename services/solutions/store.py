"""One solved spot in memory: its tree, its stored streets and the walk along a line.

A flop solution stores one turn card per class of cards that differ only by exchanging suits which neither board nor
ranges tell apart. For the others the stored street is read through that exchange of suits (Waugh 2013, "suit
isomorphism"); the streets handed out are always in terms of the real cards.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from functools import cached_property
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from solver.cards import COMBO_CARDS, COMBO_INDEX, N_COMBOS, card_to_text, parse_cards
from solver.errors import SpotError
from solver.ranges import Range
from solver.spot import Spot
from solver.tree import BettingTree, LinePosition, build_tree, position

from services.infra.errors import FieldError, Invalid
from services.solutions.catalog import Line, SolutionInfo
from services.solutions.codec import Artefact, StoredNode

TREMBLE = 0.002
"""Share of every stored frequency that is spread evenly over the actions when ranges are carried along a line."""

Street = Mapping[Line, StoredNode]
"""All decision nodes of one street of one line, by the actions since the street began."""

_DECODED_STREETS = 48

_TOUCHES = np.zeros((52, N_COMBOS), np.bool_)
_TOUCHES[COMBO_CARDS[:, 0], np.arange(N_COMBOS)] = True
_TOUCHES[COMBO_CARDS[:, 1], np.arange(N_COMBOS)] = True


def combos_on(weights: Range, board: tuple[int, ...]) -> NDArray[np.int16]:
    """Combos of a range that a board leaves possible, ascending."""
    return np.flatnonzero((weights > 0) & ~_TOUCHES[list(board)].any(axis=0)).astype(np.int16)


def suit_swap(first: int, second: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Cards and combos after two suits were exchanged: ``[card] -> card`` and ``[combo] -> combo``."""
    suits = np.arange(4)
    suits[[first, second]] = second, first
    cards = np.arange(52) // 4 * 4 + suits[np.arange(52) % 4]
    return cards, COMBO_INDEX[cards[COMBO_CARDS[:, 0]], cards[COMBO_CARDS[:, 1]]].astype(np.int64)


class Walk:
    """Both players' reach along a line, carried on action by action.

    Attributes:
        reach: [player, combo] with the tremble.
        plain: [player, combo] without it.
    """

    def __init__(self, ranges: tuple[Range, Range], board: tuple[int, ...]) -> None:
        self.reach = np.stack(ranges).astype(np.float32)
        self.reach[:, _TOUCHES[list(board)].any(axis=0)] = 0
        self.plain = self.reach.copy()

    def deal(self, card: int) -> None:
        """A card comes: hands that hold it are gone."""
        self.reach[:, _TOUCHES[card]] = 0
        self.plain[:, _TOUCHES[card]] = 0

    def act(self, player: int, combos: NDArray[np.int16], strategy: NDArray[np.float32], action: int) -> None:
        """``player`` takes an action with the stored strategy ``[action, hand]``."""
        frequency = strategy[action]
        self.plain[player, combos] *= frequency
        self.reach[player, combos] *= (1 - TREMBLE) * frequency + TREMBLE / len(strategy)


class StoredSolution:
    """A solution that can be asked: where a line leads, and what is stored there."""

    def __init__(self, info: SolutionInfo, spot: Spot, artefact: Artefact) -> None:
        self.info = info
        self.spot = spot
        self._artefact = artefact
        self._streets: OrderedDict[Line, Street] = OrderedDict()

    @cached_property
    def tree(self) -> BettingTree:
        """The betting tree, built at first use."""
        return build_tree(self.spot)

    @cached_property
    def _symmetries(self) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Exchanges of two suits that leave the board and both ranges as they are."""
        board = set(self.spot.board)
        found = []
        for first, second in combinations(range(4), 2):
            cards, combos = suit_swap(first, second)
            same_board = {int(cards[card]) for card in board} == board
            if same_board and all(np.array_equal(weights, weights[combos]) for weights in self.spot.ranges):
                found.append((cards, combos))
        return found

    def position(self, line: Line) -> LinePosition:
        """Where a line leads.

        Raises:
            Invalid: A step is not possible; ``errors[0].path`` is ``line[i]``.
        """
        try:
            return position(self.tree, self.spot, line)
        except SpotError as error:
            errors = [FieldError(p.path, p.message, p.position) for p in error.problems]
            raise Invalid("the line is not in this solution's tree", code="line-not-in-tree", errors=errors) from error

    def street(self, root: Line) -> Street | None:
        """The stored street that begins at ``root``; None when it has to be solved (rivers)."""
        if root in self._streets:
            self._streets.move_to_end(root)
            return self._streets[root]
        street = self._load(root)
        if street is not None:
            self._streets[root] = street
            if len(self._streets) > _DECODED_STREETS:
                self._streets.popitem(last=False)
        return street

    def _load(self, root: Line) -> Street | None:
        key = "/".join(root)
        if key in self._artefact:
            return self._artefact.block(key)
        if not root or self.spot.street != 0 or self.position(root).street != 1:
            return None
        (card,) = parse_cards(root[-1].removeprefix("deal "))
        for cards, combos in self._symmetries:
            stored = "/".join((*root[:-1], f"deal {card_to_text(int(cards[card]))}"))
            if stored in self._artefact:
                nodes = self._artefact.block(stored)
                return {line: self._translate(node, card, int(cards[card]), combos) for line, node in nodes.items()}
        return None

    def _translate(self, node: StoredNode, card: int, stored_card: int, swap: NDArray[np.int64]) -> StoredNode:
        weights = self.spot.ranges[node.player]
        here = combos_on(weights, (*self.spot.board, card))
        stored = combos_on(weights, (*self.spot.board, stored_card))
        order = np.searchsorted(stored, swap[here])
        return StoredNode(
            node.line, node.player, node.pot, node.exploitability_pct, node.strategy[:, order], node.q[:, order]
        )

    def combos(self, player: int, board: tuple[int, ...]) -> NDArray[np.int16]:
        """The hands of the stored planes for a player on a board."""
        return combos_on(self.spot.ranges[player], board)

    def street_roots(self, line: Line) -> list[Line]:
        """Where each street along a line began, the root first."""
        roots: list[Line] = [()]
        roots += [line[: index + 1] for index, step in enumerate(line) if step.startswith("deal ")]
        return roots

    def follow(self, walk: Walk, root: Line, line: Line, street: Street) -> None:
        """Carry ``walk`` from the street's beginning ``root`` over the actions of ``line`` on that street."""
        board = self.position(root).board
        for index in range(len(root), len(line)):
            if line[index].startswith("deal "):
                break
            node = street[line[len(root) : index]]
            action = self.position(line[:index]).actions.index(line[index])
            walk.act(node.player, self.combos(node.player, board), node.strategy, action)

