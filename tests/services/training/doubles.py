"""Strategies without a solver: real trees, and at every decision frequencies and values drawn from a hash of the line.

For the tests of dealing, committing and resuming, where it does not matter how good the solver's play is. Where values
matter (losses that add up, reasons) the tests use solved spots.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from uuid import UUID, uuid5

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncSession

from services.infra.errors import NotFound
from services.solutions.catalog import Line, NodeStrategy, SolutionInfo
from services.training.deals import without_cards
from solver.cards import cards_to_text
from solver.spot import Spot, parse_spot
from solver.tree import BettingTree, LinePosition, build_tree, position

_NAMESPACE = UUID("b5b6fbb0-8f0a-4c43-9c8e-6c1c8a3f0d11")


def spot_of(board: str, *, stack: int = 300, rake: dict[str, float] | None = None) -> Spot:
    """A small spot: one bet size a street, an all-in raise."""
    sizes = {"bet": "50%", "raise": "a"}
    streets = {3: ("flop", "turn", "river"), 4: ("turn", "river"), 5: ("river",)}[len(board) // 2]
    return parse_spot(
        {
            "board": board,
            "ranges": {"oop": "66+,A8s+,KTs+,AJo+", "ip": "QQ-22,AQs-A2s,KJs+,QJo"},
            "pot": 60,
            "effective_stack": stack,
            "sizes": {street: {"oop": sizes, "ip": sizes} for street in streets},
            **({"rake": rake} if rake else {}),
        }
    )


@dataclass
class HashedStrategies:
    """A library of a few spots; ``visits`` lists the nodes that were asked for."""

    spots: dict[UUID, Spot] = field(default_factory=dict)
    infos: dict[UUID, SolutionInfo] = field(default_factory=dict)
    trees: dict[UUID, BettingTree] = field(default_factory=dict)
    visits: list[Line] = field(default_factory=list)
    broken: bool = False

    def add(self, spot: Spot, pot_type: str = "SRP") -> UUID:
        name = f"BTN vs BB {pot_type} {cards_to_text(spot.board)}"
        solution_id = uuid5(_NAMESPACE, name)
        self.spots[solution_id] = spot
        self.trees[solution_id] = build_tree(spot)
        self.infos[solution_id] = SolutionInfo(
            id=solution_id,
            spot_hash="0" * 64,
            name=name,
            family="BTN vs BB",
            pot_type=pot_type,
            street=spot.street,
            board=spot.board,
            pot=spot.pot,
            effective_stack=spot.effective_stack,
            big_blind=spot.big_blind,
            positions=("BB", "BTN"),
            exploitability_pct=0.1,
            tree_hash="t" * 64,
            config_hash="c" * 64,
            source="library",
        )
        return solution_id

    async def list(self) -> list[SolutionInfo]:
        return [*self.infos.values()]

    async def info(self, solution_id: UUID) -> SolutionInfo:
        return self.infos[solution_id]

    async def visible(self, db: AsyncSession, solution_id: UUID, user_id: UUID | None) -> SolutionInfo:
        if solution_id not in self.infos:
            raise NotFound("there is no such solution")
        return self.infos[solution_id]

    async def spot(self, solution_id: UUID) -> Spot:
        return self.spots[solution_id]

    async def ranges(self, solution_id: UUID) -> NDArray[np.float32]:
        return np.stack(self.spots[solution_id].ranges)

    async def position(self, solution_id: UUID, line: Line) -> LinePosition:
        return position(self.trees[solution_id], self.spots[solution_id], line)

    async def node(self, solution_id: UUID, line: Line) -> NodeStrategy:
        if self.broken:
            raise ConnectionError("the solver is gone")
        self.visits.append(line)
        where = await self.position(solution_id, line)
        assert where.kind == "decision"
        reach = np.stack([without_cards(weights, where.board) for weights in await self.ranges(solution_id)])
        combos = np.flatnonzero(reach[where.player]).astype(np.int16)
        digest = hashlib.sha256("/".join(line).encode() + solution_id.bytes).digest()
        rng = np.random.default_rng(int.from_bytes(digest[:8], "big"))
        mix = rng.dirichlet(np.full(len(where.actions), 0.5), size=len(combos)).T
        # As in a solution, the more an action costs, the less it is taken.
        best = rng.normal(0, where.pot / 10, size=len(combos))
        cost = rng.uniform(0, where.pot / 25, size=len(combos))  # some hands are hard to get wrong
        q = best + cost * np.log((mix / mix.max(axis=0)).clip(1e-6))
        if where.actions[0] == "fold":
            q -= q[0]
        return NodeStrategy(
            solution_id=solution_id,
            position=where,
            combos=combos,
            reach=reach.astype(np.float32),
            in_range=np.ones(len(combos), dtype=bool),
            strategy=mix.astype(np.float32),
            q=q,
            exploitability_pct=0.05,
            tree_hash="t" * 64,
            config_hash="c" * 64,
            big_blind=10,
        )


def library() -> HashedStrategies:
    """A flop, a turn and a river spot."""
    strategies = HashedStrategies()
    for board, pot_type in (("Td9d6h", "SRP"), ("QsJh2c4d", "SRP"), ("AcKd7h5s2s", "3BP")):
        strategies.add(spot_of(board), pot_type)
    return strategies
