"""One node in a few figures: how often each action is taken, what the range wins, how much of the pot it would hold.

A hand counts with its reach times the opponent's compatible reach, as everywhere a range is averaged. The EV is that of
the stored strategy of this node followed by best responses to the opponent's stored one: the stored values of the
actions are of that kind, and the difference to the profile's own EV is within the node's exploitability.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.solutions.catalog import NodeStrategy
from solver.equity import compatible_weight, hand_equities


@dataclass(frozen=True, slots=True, eq=False)
class NodeSummary:
    """Averages over the range of the player who acts.

    Attributes:
        frequency: [action] share of the range.
        ev: Chips from here on, folding is 0; NaN when the opponent never gets here.
        equity: Of the acting range against the opponent's, in [0, 1].
        combos: The acting range's size, weights added up.
        equities: [hand] of the node's combos, in [0, 1]; NaN where nothing of the opponent's range goes with the hand.
    """

    frequency: tuple[float, ...]
    ev: float
    equity: float
    combos: float
    equities: NDArray[np.float64]


def summarise(node: NodeStrategy) -> NodeSummary:
    """The figures of a node."""
    player = node.position.player
    ours, theirs = node.reach[player], node.reach[1 - player]
    weight = ours[node.combos].astype(np.float64) * compatible_weight(theirs)[node.combos]
    total = float(weight.sum())
    frequency = node.strategy.astype(np.float64) @ weight / max(total, 1e-12)
    equities = hand_equities(node.combos, theirs, node.position.board).share[node.combos]
    value = np.where(node.strategy > 0, node.strategy * node.q, 0.0).sum(axis=0)
    met = weight > 0
    return NodeSummary(
        frequency=tuple(float(share) for share in frequency),
        ev=float(weight[met] @ value[met]) / total if total > 0 else float("nan"),
        equity=float(weight[met] @ equities[met]) / total if total > 0 else float("nan"),
        combos=float(ours[node.combos].sum()),
        equities=equities,
    )
