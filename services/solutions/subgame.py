"""What follows a deal as a spot of its own: the turn or river subgame of a stored solution.

The stored streets give both reaches (with a little tremble, so that a line nobody should take still has ranges); hands
that never get there keep a tiny weight, so that each of them is solved too. Sizes, thresholds and rake are the
solution's own. Its exploitability is that of the subgame: what both could still win there, from these ranges on.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from services.infra.errors import Invalid
from services.solutions.catalog import Line
from services.solutions.store import StoredSolution, Walk
from solver.ranges import Range
from solver.spot import Spot, StreetSizes

LEAST_WEIGHT = 1e-5
"""Weight of a hand that never gets here, relative to the most frequent one: it is solved, but moves nobody else."""


def check_root(line: Line) -> None:
    """Refuses a line that a subgame cannot begin with.

    Raises:
        Invalid: It does not end with a deal.
    """
    if not line or not line[-1].startswith("deal "):
        raise Invalid("a subgame begins with a card: end the line with a deal, e.g. 'deal 7d'", code="no-subgame")


def subgame_spot(solution: StoredSolution, root: Line, walk: Walk) -> Spot:
    """The subgame at ``root``, a line that ends with a deal; ``walk`` is both players' reach there."""
    position = solution.position(root)
    spot = solution.spot
    ranges = [_range(walk.reach[player], solution, player, position.board) for player in (0, 1)]
    oop, ip = spot.sizes[position.street]
    if oop.donk is not None and root[-2] == "call" and solution.position(root[:-2]).player == 0:
        oop = replace(oop, bet=oop.donk)
    none = (StreetSizes(), StreetSizes())
    sizes = (
        *[none] * position.street,
        (replace(oop, donk=None), ip),
        *spot.sizes[position.street + 1 :],
    )
    return spot.with_(
        board=position.board,
        oop_range=ranges[0],
        ip_range=ranges[1],
        pot=position.pot,
        effective_stack=min(position.stacks),
        sizes=sizes,
    )


def _range(reach: Range, solution: StoredSolution, player: int, board: tuple[int, ...]) -> Range:
    weights = np.zeros_like(reach)
    combos = solution.combos(player, board)
    most = float(reach[combos].max(initial=0.0)) or 1.0
    weights[combos] = np.maximum(reach[combos] / most, LEAST_WEIGHT)
    weights.setflags(write=False)
    return weights
