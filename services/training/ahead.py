"""What is prepared while hero thinks: the nodes behind each of hero's actions, the next hand, the next ranked item.

Hands follow from their seeds, so what will be needed is known and only has to be computed early (a river is solved when
somebody first gets there). All of it is a cache: losing it costs time, nothing else. Nothing here touches the database.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any
from uuid import UUID

from services.infra.log import get_logger
from services.solutions.catalog import SolutionInfo
from services.solutions.rivers import patient
from services.training.deals import derive, new_seed
from services.training.hand import Hand
from services.training.play import Deal, Line, Strategies, deal_hand, play_on

WORTH_PREPARING = 0.02
"""Actions that the solver takes less often are not prepared."""


class LookAhead:
    """Background preparation of one process; disabled, it does nothing and asks for everything when it is needed."""

    def __init__(self, strategies: Strategies, *, enabled: bool) -> None:
        self._strategies = strategies
        self._enabled = enabled
        self._tasks: dict[tuple[str, object], asyncio.Task[None]] = {}
        self._first: bytes | None = None

    def take_seed(self, library: Sequence[SolutionInfo]) -> bytes:
        """The seed of a new session, if possible one whose first hand is prepared; never the same twice."""
        seed, self._first = self._first, None
        self.prepare_first(library)
        return seed or new_seed()

    def prepare_first(self, library: Sequence[SolutionInfo]) -> None:
        """Prepare the first hand of a session that somebody will open."""

        async def run() -> None:
            seed = new_seed()
            await self._first_node(derive(seed, "hand 1"), library)
            self._first = seed

        if self._first is None and ("first", None) not in self._tasks:
            self._run(("first", None), run())

    def prepare(
        self, session_id: UUID, deal: Deal, hand: Hand, following: bytes | None, library: Sequence[SolutionInfo]
    ) -> None:
        """Prepare the pending decision of a hand, what follows its likely actions, and the hand of ``following``."""

        async def branches() -> None:
            if hand.pending is None:
                return
            node = await self._strategies.node(deal.solution_id, hand.line)
            if hand.dealt.ends != "end":  # the rest of a street is read with its first node
                return
            mix = node.strategy[:, node.row(deal.hero_combo)]
            for index in sorted(range(len(mix)), key=lambda action: -mix[action]):
                if mix[index] >= WORTH_PREPARING:
                    await self._next_node(deal, (*hand.line, node.position.actions[index]))

        self._run(("branches", session_id), branches())
        if following is not None:
            self._run(("hand", session_id), self._first_node(following, library))

    def prepare_next(self, session_id: UUID, work: Coroutine[Any, Any, None]) -> None:
        """Prepare the next hand of a session in another way than `prepare` does."""
        self._run(("hand", session_id), work)

    def follow(self, session_id: UUID, deal: Deal, line: Line) -> None:
        """Hero has acted: prepare what comes behind this line instead."""
        self._run(("branches", session_id), self._next_node(deal, line))

    def prepare_spot(self, session_id: UUID, solution_id: UUID, line: Line) -> None:
        """Have the decision of a ranked set's next spot ready."""

        async def run() -> None:
            await self._strategies.node(solution_id, line)

        self._run(("spot", session_id), run())

    async def settled(self) -> None:
        """Wait until nothing is being prepared."""
        while self._tasks:
            await asyncio.wait(list(self._tasks.values()))

    async def _first_node(self, seed: bytes, library: Sequence[SolutionInfo]) -> None:
        await self._next_node(await deal_hand(self._strategies, seed, library), ())

    async def _next_node(self, deal: Deal, line: Line) -> None:
        position = (await play_on(self._strategies, deal, line)).position
        if position.kind == "decision":
            await self._strategies.node(deal.solution_id, position.line)

    def _run(self, key: tuple[str, object], work: Coroutine[Any, Any, None]) -> None:
        """Run in the background; newer work under the same key replaces older (a river being solved goes on)."""
        if not self._enabled:
            work.close()
            return
        if (older := self._tasks.pop(key, None)) is not None:
            older.cancel()

        async def guarded() -> None:
            try:
                with patient("ahead", f"{key[0]} {key[1]}"):
                    await work
            except Exception as error:  # noqa: BLE001 the real request meets it again and reports it
                get_logger().warning("look_ahead_failed", kind=key[0], error=str(error))

        task = asyncio.create_task(guarded(), name=f"look ahead {key[0]}")
        self._tasks[key] = task
        task.add_done_callback(lambda done: self._tasks.pop(key) if self._tasks.get(key) is done else None)
