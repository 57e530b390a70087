"""The river that a line lies in, as a game of its own with what is stored of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.solutions.catalog import Line
from services.solutions.codec import StoredNode
from services.solutions.store import StoredSolution, Street, Walk
from services.solutions.subgame import subgame_spot
from solver.spot import Spot


@dataclass(frozen=True, slots=True)
class RiverGame:
    """A river from its first decision on.

    Attributes:
        root: The line that ends with the river's deal; () where the spot begins on the river.
        reach: [player, combo] at its beginning, with the tremble.
        combos: [player] the hands of the stored planes, ascending.
    """

    root: Line
    spot: Spot
    nodes: dict[Line, StoredNode]
    reach: NDArray[np.float32]
    combos: tuple[NDArray[np.int16], NDArray[np.int16]]


def river_game(solution: StoredSolution, root: Line, walk: Walk, street: Street) -> RiverGame:
    """The river at ``root``, reached as ``walk`` says."""
    board = solution.position(root).board
    return RiverGame(
        root=root,
        spot=subgame_spot(solution, root, walk) if root else solution.spot,
        nodes=dict(street),
        reach=walk.reach.copy(),
        combos=(solution.combos(0, board), solution.combos(1, board)),
    )
