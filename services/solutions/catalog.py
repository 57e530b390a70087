"""What the rest of the product knows about solutions: descriptions and the strategy at a node."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID, uuid5

import numpy as np
from numpy.typing import NDArray

from services.infra.errors import NotFound
from solver.tree import LinePosition

Line = tuple[str, ...]
"""Actions and deals from the root: ``("check", "bet 18", "call", "deal 2c")``."""


class SolutionGone(NotFound):
    """The solution that something was dealt from does not exist any more."""

    def __init__(self) -> None:
        super().__init__("there is no such solution")


PotType = Literal["SRP", "3BP", "4BP", "custom"]
_LIBRARY = UUID("6c1f3c1e-5d0b-5b0e-9a53-6d69786c696e")


def library_id(name: str) -> UUID:
    """The fixed id of a library entry: it survives a rebuild with other figures."""
    return uuid5(_LIBRARY, name)


def texture(board: Sequence[int]) -> frozenset[str]:
    """Words for the flop: ``monotone``, ``two-tone`` or ``rainbow``, and ``paired`` when a rank repeats."""
    flop = board[:3]
    suits = len({card & 3 for card in flop})
    words = {("monotone", "two-tone", "rainbow")[suits - 1]}
    return frozenset(words | {"paired"}) if len({card >> 2 for card in flop}) < len(flop) else frozenset(words)


def parse_line(text: str) -> Line:
    """A line written with ``/`` between steps; the empty text is the root."""
    return tuple(step.strip() for step in text.split("/")) if text.strip() else ()


def street_root(line: Line) -> Line:
    """The part of the line up to and including its last deal: where the current street began."""
    for index in range(len(line), 0, -1):
        if line[index - 1].startswith("deal "):
            return line[:index]
    return ()


@dataclass(frozen=True, slots=True)
class SolutionInfo:
    """One solved spot, without its strategies.

    Attributes:
        name: For people, e.g. ``BTN vs BB SRP Td9d6h``.
        street: Where the game starts: 0 flop, 1 turn, 2 river.
        positions: Names of the players, out of position first.
        exploitability_pct: Of the strategies that are served, % of the starting pot.
        tree_hash: Of every action and amount of the betting tree.
        config_hash: Of how it was solved and stored.
        before: What led to a board of four or five cards, from the flop to the last card dealt; empty where the ranges
            were given.
    """

    id: UUID
    spot_hash: str
    name: str
    family: str
    pot_type: PotType
    street: int
    board: tuple[int, ...]
    pot: int
    effective_stack: int
    big_blind: int
    positions: tuple[str, str]
    exploitability_pct: float
    tree_hash: str
    config_hash: str
    source: Literal["library", "solve"]
    before: Line = ()


@dataclass(frozen=True, slots=True)
class NodeStrategy:
    """Everything that grading needs at one decision.

    Attributes:
        combos: [hand] combos of the player to act that the board leaves possible, at zero reach too.
        reach: [player, combo] range weight times the probability of the player's own actions so far. Every stored
            frequency has a little tremble mixed in (``store.TREMBLE``): a line nobody should take still has ranges.
        in_range: [hand] whether the stored strategy, without the tremble, gets here with that hand.
        strategy: [action, hand] as served; sums to 1 over actions.
        q: [action, hand] chips from here on, fold 0: the action's value against the opponent's stored strategy with
            best responses afterwards. NaN where the opponent never gets here.
        exploitability_pct: Of the subgame at this node, % of its pot: "solved to".
        passed: The same of every decision that the line passed, in order, with the pot there in chips. NaN where one
            of the players never gets there.
    """

    solution_id: UUID
    position: LinePosition
    combos: NDArray[np.int16]
    reach: NDArray[np.float32]
    in_range: NDArray[np.bool_]
    strategy: NDArray[np.float32]
    q: NDArray[np.float64]
    exploitability_pct: float
    tree_hash: str
    config_hash: str
    big_blind: int
    passed: tuple[tuple[float, int], ...] = ()

    def row(self, combo: int) -> int:
        """Index of a combo in ``combos``.

        Raises:
            KeyError: The combo is not in the player's range or touches the board.
        """
        index = int(np.searchsorted(self.combos, combo))
        if index == len(self.combos) or self.combos[index] != combo:
            raise KeyError(combo)
        return index
