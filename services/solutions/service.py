"""Stored strategies for everybody: which solutions exist, where a line leads, what the solver does there.

Two sources: the library that ships with the product (files) and solves that players asked for (the database). Flop and
turn nodes are read from the artefact, rivers are solved on demand and cached.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from functools import lru_cache
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncSession

from services.infra.cache import Cache
from services.infra.db import transaction
from services.infra.errors import Invalid, NotFound
from services.infra.log import get_logger
from services.solutions import repository
from services.solutions.catalog import Line, NodeStrategy, SolutionGone, SolutionInfo, street_root
from services.solutions.codec import Artefact
from services.solutions.export import RIVER
from services.solutions.growth import grown_folder
from services.solutions.manifest import FOLDER, Library, describe
from services.solutions.river_game import RiverGame, river_game
from services.solutions.rivers import Rivers
from services.solutions.store import StoredSolution, Street, Walk
from services.solutions.study import admit, pass_kept
from services.solutions.subgame import check_root, subgame_spot
from solver.spot import Spot, parse_spot
from solver.tree import LinePosition

_SOLVES_HELD = 16


class StrategyService:
    """See the module; one object a process (``get_strategies``)."""

    def __init__(self, library: Library, rivers: Rivers) -> None:
        self._library = library
        self._rivers = rivers
        self._solves: OrderedDict[UUID, StoredSolution] = OrderedDict()
        self._prefetching: set[asyncio.Task[object]] = set()

    async def list(
        self, *, street: int | None = None, family: str | None = None, pot_type: str | None = None
    ) -> list[SolutionInfo]:
        """The library, in its declared order; filters narrow it."""
        return [
            info
            for info in self._library.infos()
            if street in (None, info.street) and family in (None, info.family) and pot_type in (None, info.pot_type)
        ]

    async def info(self, solution_id: UUID) -> SolutionInfo:
        """The description of a solution.

        Raises:
            NotFound: There is none with this id.
        """
        return (await self._solution(solution_id)).info

    async def visible(self, db: AsyncSession, solution_id: UUID, user_id: UUID | None, line: Line = ()) -> SolutionInfo:
        """The description of a solution that this user may see: the library's and those they asked for.

        It is taken down that they looked. ``line`` is where they look: its cards may complete a kept flop.

        Raises:
            NotFound: There is none that they may see.
            BoardKept: A ranked set runs on its board, or on the one at the end of the line.
            Invalid: The line is not in the tree.
        """
        if self._library.get(solution_id) is None and (
            user_id is None or not await repository.owns_solution(db, user_id, solution_id)
        ):
            raise NotFound("there is no such solution")
        info = await self.info(solution_id)
        await admit(db, user_id, info.board, "look")
        if line:
            await pass_kept(db, user_id, (await self.position(solution_id, line)).board)
        return info

    async def owned(
        self, db: AsyncSession, user_id: UUID, limit: int = 20, before: UUID | None = None
    ) -> list[SolutionInfo]:
        """Solutions this user asked for, newest first; ``before`` is the id at which the list before ended."""
        return [await self.info(key) for key in await repository.owned_solutions(db, user_id, limit, before)]

    async def forget(self, db: AsyncSession, user_id: UUID, solution_id: UUID) -> None:
        """Delete this user's requests for a solution, and the solution when nobody else asked for it.

        Raises:
            NotFound: They never asked for it.
        """
        if not await repository.disown_solution(db, user_id, solution_id):
            raise NotFound("there is no such solution of yours")
        await repository.delete_unused_solution(db, solution_id)
        self._solves.pop(solution_id, None)

    async def spot(self, solution_id: UUID) -> Spot:
        """The game that was solved."""
        return (await self._solution(solution_id)).spot

    async def ranges(self, solution_id: UUID) -> NDArray[np.float32]:
        """[player, combo] weights at the root."""
        return np.stack((await self._solution(solution_id)).spot.ranges)

    async def position(self, solution_id: UUID, line: Line) -> LinePosition:
        """Where a line leads; reads no strategy.

        Raises:
            Invalid: A step is not possible: ``errors[0].path`` is ``line[i]``.
        """
        return (await self._solution(solution_id)).position(line)

    async def node(self, solution_id: UUID, line: Line) -> NodeStrategy:
        """The strategy at a decision; a river that nobody visited yet is solved first.

        Raises:
            Invalid: The line is not in the tree, or nobody decides at its end.
        """
        solution = await self._solution(solution_id)
        position = solution.position(line)
        if position.kind != "decision":
            raise Invalid("nobody decides at the end of this line", code="no-decision")
        walk, street = await self._walk(solution, line)
        node = street[line[len(street_root(line)) :]]
        combos = solution.combos(node.player, position.board)
        q = node.q
        if position.actions[0] == "fold":  # worth exactly nothing, whatever storage rounded it to
            q = np.vstack([np.where(np.isnan(q[:1]), q[:1], 0.0), q[1:]])
        return NodeStrategy(
            solution_id=solution_id,
            position=position,
            combos=combos,
            reach=walk.reach,
            in_range=walk.plain[node.player, combos] > 0,
            strategy=node.strategy,
            q=q,
            exploitability_pct=node.exploitability_pct,
            tree_hash=solution.info.tree_hash,
            config_hash=solution.info.config_hash,
            big_blind=solution.info.big_blind,
            passed=tuple(walk.passed),
        )

    async def river(self, solution_id: UUID, line: Line) -> RiverGame:
        """The river that a line lies in, as a game of its own.

        Raises:
            Invalid: The line is not in the tree, or has not reached the river.
        """
        solution = await self._solution(solution_id)
        if solution.position(line).street != RIVER:
            raise Invalid("this line has not reached the river", code="no-river")
        root = street_root(line)
        walk, street = await self._walk(solution, root)
        return river_game(solution, root, walk, street)

    async def prefetch(self, solution_id: UUID, line: Line) -> None:
        """Start on the river of a line (which may end with its deal) and return at once; trouble shows at ``node``."""

        async def run() -> None:
            try:
                await self._walk(await self._solution(solution_id), line)
            except Exception as error:  # noqa: BLE001 nobody waits for it; the real request reports it
                get_logger().warning("prefetch_failed", solution_id=str(solution_id), error=str(error))

        task = asyncio.create_task(run())
        self._prefetching.add(task)
        task.add_done_callback(self._prefetching.discard)

    async def warm(self) -> None:
        """Load the compiled solver ahead of the first river."""
        await self._rivers.warm()

    async def settle(self) -> None:
        """Wait for every river that was asked for in advance."""
        await asyncio.gather(*self._prefetching)

    async def subgame(self, solution_id: UUID, line: Line) -> Spot:
        """What follows a deal as a spot of its own, from both players' reaches there.

        Raises:
            Invalid: The line does not end with a deal, or is not in the tree.
        """
        check_root(line)
        solution = await self._solution(solution_id)
        board = solution.position(line).board
        walk, _ = await self._walk(solution, line[:-1])
        walk.deal(board[-1])
        return subgame_spot(solution, line, walk)

    async def _walk(self, solution: StoredSolution, line: Line) -> tuple[Walk, Street]:
        walk = Walk(solution.spot.ranges, solution.spot.board)
        street: Street = {}
        for root in solution.street_roots(line):
            position = solution.position(root)
            if root:
                walk.deal(position.board[-1])
            street = solution.street(root) or await self._rivers.street(solution, root, walk)
            solution.follow(walk, root, line, street)
        return walk, street

    async def _solution(self, solution_id: UUID) -> StoredSolution:
        held = self._library.get(solution_id) or self._solves.get(solution_id)
        if held is not None:
            return held
        async with transaction() as db:
            row = await repository.solution(db, solution_id)
        if row is None:
            raise SolutionGone
        artefact = Artefact(row.artefact, row.name)
        solution = StoredSolution(
            describe(artefact.header, row.id, "solve"), parse_spot(artefact.header["spot"]), artefact
        )
        self._solves[solution_id] = solution
        while len(self._solves) > _SOLVES_HELD:
            self._solves.popitem(last=False)
        return solution


@lru_cache(maxsize=1)
def get_strategies() -> StrategyService:
    """The service of this process."""
    return StrategyService(Library(FOLDER, grown_folder()), Rivers(Cache()))
