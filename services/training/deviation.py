"""A villain who departs from the solution on the river, and what hero's actions are worth against exactly him.

The departure is declared, not learned. At each of villain's river decisions a share of the wrong kind of action moves
to the right kind for his leak:

- *calls*: folds become calls,
- *folds*: calls and raises become folds,
- *attacks*: checks, calls and folds become bets or raises,
- *waits*: bets and raises become checks or calls.

Of a hand whose action would change, ``strength x exp(-L / 10% of the pot)`` of it changes, where L is what the changed
action costs that hand against the solution: the nuts are hardly ever folded, air is hardly ever called with. New bets
take the size that costs the hand least.

Up to the river villain plays the solution. From there his strategy is fixed, so hero's Q* is one best-response pass
over the river's whole tree (solver.best_response) with the ranges of both at its beginning: exact, no new equilibrium.
Flops and turns would need every river below them; such drills are refused, not estimated.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, replace
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncSession

from services.solutions.catalog import Line, NodeStrategy, SolutionInfo
from services.solutions.codec import StoredNode
from services.solutions.export import MEASURING_TREMBLE, RIVER
from services.solutions.river_game import RiverGame
from services.training.plan import Deviation, Villain
from services.training.play import Strategies
from solver.solve import solve
from solver.spot import Spot
from solver.tree import LinePosition

Float64 = NDArray[np.float64]

READINESS_PCT = 10.0
"""% of the pot: a hand to which the leak costs this much follows it e times less often."""

_KEPT = 48

_WORDS = {
    "calls": "calls too much",
    "folds": "folds too much",
    "attacks": "bets and raises too much",
    "waits": "bets and raises too little",
}


def villain_words(villain: Villain) -> str:
    """``calls too much (50%)``; empty for the solution."""
    return f"{_WORDS[villain.kind]} ({villain.strength}%)" if villain.deviates else ""


def deviated(villain: Villain, actions: tuple[str, ...], strategy: Float64, q: Float64, pot: float) -> Float64:
    """[action, hand] villain's strategy at one decision.

    Args:
        villain: The leak.
        actions: Of the decision.
        strategy: [action, hand] the solution's; sums to 1.
        q: [action, hand] chips; a hand with NaN can't meet hero and stays as it is.
        pot: Chips at the decision.
    """
    source, target = _moved(villain.kind, actions)
    if not source or not target:
        return strategy
    losses = q.max(axis=0) - q
    cheapest = np.array(target)[np.argmin(np.nan_to_num(losses[target], nan=np.inf), axis=0)]
    hands = np.arange(strategy.shape[1])
    cost = np.nan_to_num(losses[cheapest, hands], nan=np.inf)
    share = villain.strength / 100 * np.exp(-cost / (READINESS_PCT / 100 * pot))
    result = strategy.astype(np.float64).copy()
    moved = result[source] * share
    result[source] -= moved
    result[cheapest, hands] += moved.sum(axis=0)
    return result


def _moved(kind: Deviation, actions: tuple[str, ...]) -> tuple[list[int], list[int]]:
    """Places that frequency is taken from, and those it may go to."""
    words = [action.partition(" ")[0] for action in actions]
    sized = [place for place, word in enumerate(words) if word in ("bet", "raise", "allin")]
    passive = [place for place, word in enumerate(words) if word in ("check", "call")]
    folds = [place for place, word in enumerate(words) if word == "fold"]
    match kind:
        case "calls":
            return folds, passive
        case "folds":
            return (passive + sized, folds) if folds else ([], [])
        case "attacks":
            return folds + passive, sized
        case "waits":
            return sized, passive
        case _:
            return [], []


@dataclass(frozen=True, slots=True)
class _River:
    """[action, hand] by the actions since the river's beginning: villain's strategies, hero's Q*."""

    strategy: dict[Line, Float64]
    q: dict[Line, Float64]


_rivers: OrderedDict[tuple[UUID, str, Line, Villain, int], _River] = OrderedDict()


def river_values(spot: Spot, nodes: dict[Line, StoredNode], villain: Villain, hero: int) -> _River:
    """Villain's strategy everywhere on a river, and hero's best-response values against it.

    Args:
        spot: The river as a game of its own, with both ranges at its beginning.
        nodes: The stored strategies of all its decisions.
        villain: The leak.
        hero: 0 out of position, 1 in position.
    """
    solution = solve(spot, target_pct=100.0, max_iterations=1)
    strategy: dict[Line, Float64] = {}

    def change(line: Line, _trained: NDArray[np.float32]) -> NDArray[np.float32]:
        node = nodes[line]
        play = node.strategy.astype(np.float64)
        if node.player != hero:
            play = deviated(villain, solution.position(line).actions, play, node.q, node.pot)
            strategy[line] = play
        return play.astype(np.float32)

    solution.set_tremble(MEASURING_TREMBLE)
    solution.replace_strategies(change, (RIVER,))
    q: dict[Line, Float64] = {}
    for line, node in nodes.items():
        if node.player == hero:
            value = solution.node(line)
            q[line] = value.best_response[:, np.argsort(value.combos, kind="stable")]
    return _River(strategy, q)


class Facing:
    """The solution's strategies with one seat's river play replaced: training's ``Strategies`` against a deviator."""

    def __init__(self, base: Strategies, villain: Villain, hero: int) -> None:
        self._base, self._villain, self._hero = base, villain, hero

    async def node(self, solution_id: UUID, line: Line) -> NodeStrategy:
        """As the solution's; on rivers villain's strategy is his own and hero's Q* and mix are the best reply."""
        node = await self._base.node(solution_id, line)
        if node.position.street != RIVER:
            return node
        game = await self._base.river(solution_id, line)
        river = await self._river(node, game)
        below = line[len(game.root) :]
        reach = await self._reach(game, river, line, node)
        if node.position.player != self._hero:
            return replace(node, reach=reach, strategy=river.strategy[below].astype(np.float32))
        q = river.q[below]
        if node.position.actions[0] == "fold":
            q = np.vstack([np.where(np.isnan(q[:1]), q[:1], 0.0), q[1:]])
        reply = np.zeros_like(node.strategy)
        # of equal actions the one that the solution takes most
        close = q >= q.max(axis=0) - 1e-6 * node.position.pot
        reply[np.argmax(np.where(close, 1 + node.strategy, 0), axis=0), np.arange(q.shape[1])] = 1
        return replace(node, reach=reach, strategy=reply, q=q, exploitability_pct=0.0)

    async def _river(self, node: NodeStrategy, game: RiverGame) -> _River:
        key = (node.solution_id, node.config_hash, game.root, self._villain, self._hero)
        if key not in _rivers:
            _rivers[key] = await asyncio.to_thread(river_values, game.spot, game.nodes, self._villain, self._hero)
            while len(_rivers) > _KEPT:
                _rivers.popitem(last=False)
        return _rivers[key]

    async def _reach(self, game: RiverGame, river: _River, line: Line, node: NodeStrategy) -> NDArray[np.float32]:
        """[player, combo] with villain's own river actions in place of the solution's."""
        villain = 1 - self._hero
        reach = node.reach.copy()
        reach[villain] = game.reach[villain]
        for end in range(len(game.root), len(line)):
            at = await self._base.position(node.solution_id, line[:end])
            if at.player != villain:
                continue
            play = river.strategy[line[len(game.root) : end]]
            share = play[at.actions.index(line[end])]
            played = (1 - MEASURING_TREMBLE) * share + MEASURING_TREMBLE / len(at.actions)
            reach[villain, game.combos[villain]] *= played
        return reach

    async def list(self) -> list[SolutionInfo]:
        """The library."""
        return await self._base.list()

    async def info(self, solution_id: UUID) -> SolutionInfo:
        """The description of a solution."""
        return await self._base.info(solution_id)

    async def visible(self, db: AsyncSession, solution_id: UUID, user_id: UUID | None) -> SolutionInfo:
        """The description of a solution that this user may see."""
        return await self._base.visible(db, solution_id, user_id)

    async def spot(self, solution_id: UUID) -> Spot:
        """The game that was solved."""
        return await self._base.spot(solution_id)

    async def ranges(self, solution_id: UUID) -> NDArray[np.float32]:
        """[player, combo] weights at the root."""
        return await self._base.ranges(solution_id)

    async def position(self, solution_id: UUID, line: Line) -> LinePosition:
        """Where a line leads."""
        return await self._base.position(solution_id, line)

    async def river(self, solution_id: UUID, line: Line) -> RiverGame:
        """The river that a line lies in, as the solution has it."""
        return await self._base.river(solution_id, line)


def facing(strategies: Strategies, villain: Villain | None, hero: int) -> Strategies:
    """What hero in this seat plays against."""
    return Facing(strategies, villain, hero) if villain is not None and villain.deviates else strategies
