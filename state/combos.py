"""The combos of a range one by one, as the page's table of them shows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solver.cards import COMBO_CLASS, combo_to_text
from state.amounts import Unit, column, number

_UNKNOWN = "–"


@dataclass(frozen=True)
class ComboView:
    """One combo as text; ``ev`` of its mix, ``frequencies`` and ``evs`` by action, for the player who acts."""

    name: str = ""
    hand_class: int = 0
    weight: str = ""
    equity: str = ""
    ev: str = ""
    frequencies: tuple[str, ...] = ()
    evs: tuple[str, ...] = ()


def combo_views(
    combos: NDArray[np.integer[Any]],
    weights: NDArray[np.floating[Any]],
    equities: NDArray[np.floating[Any]],
    acting: tuple[NDArray[np.floating[Any]], NDArray[np.floating[Any]]] | None,
    pot: int,
    big_blind: int,
    unit: Unit = "bb",
) -> tuple[ComboView, ...]:
    """The rows of the table.

    Args:
        combos: [hand] ascending.
        weights: [hand] in [0, 1].
        equities: [hand] in [0, 1], NaN where unknown.
        acting: [action, hand] strategy and values in chips, NaN where unknown; None of the player who waits.
        pot: Chips at the decision.
        big_blind: Chips per bb.
        unit: Of the EVs; the table's head says it.
    """

    def value(chips: float) -> str:
        return _UNKNOWN if math.isnan(chips) else column(chips, pot, big_blind, unit)

    strategy, q = acting or (np.zeros((0, len(combos))), np.zeros((0, len(combos))))
    evs: Sequence[float] = np.where(strategy > 0, strategy * q, 0.0).sum(axis=0).tolist()
    return tuple(
        ComboView(
            name=combo_to_text(int(combo)),
            hand_class=int(COMBO_CLASS[combo]),
            weight=f"{number(100 * float(weight), 0)}%",
            equity=_UNKNOWN if math.isnan(equity) else f"{number(100 * float(equity))}%",
            ev="" if acting is None else value(evs[index]),
            frequencies=tuple(f"{number(100 * float(share), 0)}%" for share in strategy[:, index]),
            evs=tuple(value(float(one)) for one in q[:, index]),
        )
        for index, (combo, weight, equity) in enumerate(zip(combos, weights, equities, strict=True))
    )
