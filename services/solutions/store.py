"""One solved spot in memory: its tree, its stored streets and the walk along a line.

A flop solution stores one turn card per class of cards that differ only by exchanging suits which neither board nor
ranges tell apart. For the others the stored street is read through that exchange of suits (Waugh 2013, "suit
isomorphism"); the streets handed out are always in terms of the real cards.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from services.infra.errors import FieldError, Invalid
from services.solutions.catalog import Line, SolutionInfo
from services.solutions.codec import Artefact, StoredNode
from solver.cards import COMBO_CARDS, N_COMBOS, card_to_text, parse_cards
from solver.errors import SpotError
from solver.isomorphism import SuitMap, combo_map, map_card, symmetries
from solver.ranges import Range
from solver.spot import Spot
from solver.tree import BettingTree, LinePosition, build_tree, position

TREMBLE = 0.0005
"""Share of every frequency that is spread evenly over the actions: while the solver trains, so that actions nobody
takes are answered sensibly, and when ranges are carried along a line, so that such a line has ranges at all.

Small on purpose. At 18 pots behind, 0.2% of random all-ins costs 0.1% of the pot in exploitability; 0.05% costs nothing
that can be measured.
"""

Street = Mapping[Line, StoredNode]
"""All decision nodes of one street of one line, by the actions since the street began."""

_DECODED_STREETS = 48

_TOUCHES = np.zeros((52, N_COMBOS), np.bool_)
_TOUCHES[COMBO_CARDS[:, 0], np.arange(N_COMBOS)] = True
_TOUCHES[COMBO_CARDS[:, 1], np.arange(N_COMBOS)] = True


def combos_on(weights: Range, board: tuple[int, ...]) -> NDArray[np.int16]:
    """Combos of a range that a board leaves possible, ascending."""
    return np.flatnonzero((weights > 0) & ~_TOUCHES[list(board)].any(axis=0)).astype(np.int16)


class Walk:
    """Both players' reach along a line, carried on action by action.

    Attributes:
        reach: [player, combo] with the tremble.
        plain: [player, combo] without it.
        passed: Of each decision on the way its local exploitability, % of its pot, and that pot in chips.
    """

    def __init__(self, ranges: tuple[Range, Range], board: tuple[int, ...]) -> None:
        self.reach = np.stack(ranges).astype(np.float32)
        self.reach[:, _TOUCHES[list(board)].any(axis=0)] = 0
        self.plain = self.reach.copy()
        self.passed: list[tuple[float, int]] = []

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

    @property
    def digest(self) -> str:
        """Of everything that is stored: what was derived from it goes with it."""
        return self._artefact.digest

    @property
    def streets(self) -> list[str]:
        """The line at which each stored street begins."""
        return self._artefact.keys

    @cached_property
    def _symmetries(self) -> list[SuitMap]:
        return symmetries(self.spot.board, self.spot.ranges)

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
        for suits in self._symmetries:
            image = map_card(suits, card)
            key = "/".join((*root[:-1], f"deal {card_to_text(image)}"))
            if key in self._artefact:
                nodes = self._artefact.block(key)
                return {line: self._translate(node, card, image, suits) for line, node in nodes.items()}
        return None

    def _translate(self, node: StoredNode, card: int, image: int, suits: SuitMap) -> StoredNode:
        """A node stored for ``image`` in terms of the real card."""
        weights = self.spot.ranges[node.player]
        here = combos_on(weights, (*self.spot.board, card))
        stored = combos_on(weights, (*self.spot.board, image))
        order = np.searchsorted(stored, combo_map(suits)[here])
        return replace(node, strategy=node.strategy[:, order], q=node.q[:, order])

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
            walk.passed.append((node.exploitability_pct, node.pot))
