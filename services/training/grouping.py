"""Sizes in groups: hero says "bet small", and the least costly size of the group is what counts.

Grouped: small up to 45% of the pot, medium up to 70%, large up to the pot, overbets above; a raise counts by what it
adds after the call. All-in is a group of its own. Action only: every bet, or every raise, all-in included, is one
action. L(group) is the least L in it, and that size is the one that is played, so the losses of a hand still add up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from services.training.plan import SizeGroups
from solver.tree import LinePosition

_BOUNDS = ((0.45, "small"), (0.70, "medium"), (1.0, "large"), (float("inf"), "overbet"))
_SLACK = 0.005
"""Sizes are whole chips: 45% of an odd pot may be a little more."""


@dataclass(frozen=True, slots=True)
class Group:
    """What hero may say, and the places of the actions that it stands for."""

    name: str
    members: tuple[int, ...]


def groups(position: LinePosition, sizes: SizeGroups) -> tuple[Group, ...]:
    """The groups of a decision, in the order of its actions."""
    members: dict[str, list[int]] = {}
    for index, action in enumerate(position.actions):
        members.setdefault(_group(position, action, sizes), []).append(index)
    return tuple(Group(name, tuple(places)) for name, places in members.items())


def _group(position: LinePosition, action: str, sizes: SizeGroups) -> str:
    kind, _, amount = action.partition(" ")
    if sizes == "exact" or kind not in ("bet", "raise", "allin"):
        return action
    if sizes == "action":
        return "raise" if position.to_call else "bet"
    if kind == "allin":
        return action
    share = (int(amount) - max(position.street_bets)) / (position.pot + position.to_call)
    return f"{kind} {next(name for bound, name in _BOUNDS if share <= bound + _SLACK)}"


def best_member(group: Group, q: ArrayLike, mix: ArrayLike) -> int:
    """The place of the member that costs least; of equals the one that the solver takes most."""
    values, shares = np.asarray(q, dtype=np.float64), np.asarray(mix, dtype=np.float64)
    return max(group.members, key=lambda place: (values[place], shares[place]))


def group_values(parts: tuple[Group, ...], q: NDArray[np.float64]) -> NDArray[np.float64]:
    """[group, ...] the best value in each group, from [action, ...]."""
    return np.stack([q[list(part.members)].max(axis=0) for part in parts])


def group_shares(parts: tuple[Group, ...], mix: NDArray[np.float64]) -> NDArray[np.float64]:
    """[group, ...] the frequencies of each group added up."""
    return np.stack([mix[list(part.members)].sum(axis=0) for part in parts])
