"""Rivers on demand: the river subtree of a line, solved from the ranges with which both players get there.

The whole subtree is solved, stored like any other street and cached: in the process, then in Redis.

There are many rivers and one thread that solves them. Who plays a hand, who looks around, and what is prepared ahead
stand in lines of their own (`patient`), and in each the callers take turns: a player waits for the rivers of those who
look and of what is prepared, one each, and for one of every other player who waits as well, however many those ask for.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal
from weakref import WeakValueDictionary

from services.infra.cache import Cache
from services.infra.log import get_logger
from services.infra.waiting import Line as WaitingLine
from services.infra.waiting import caller
from services.solutions.catalog import Line
from services.solutions.codec import Artefact, encode_block, write_artefact
from services.solutions.export import serve_stored_strategies, stored_streets
from services.solutions.store import TREMBLE, StoredSolution, Street, Walk
from services.solutions.subgame import subgame_spot
from solver.solve import solve
from solver.spot import Spot, parse_spot

TARGET_PCT = 0.05
MAX_ITERATIONS = 2000
TIME_LIMIT_S = 2.0
"""A player waits for it: what is reached by then is served, and its exploitability says how good it is."""
_WARM = {
    "board": "2c3d5h8sKc",
    "ranges": {"oop": "AA", "ip": "QQ"},
    "pot": 10,
    "effective_stack": 10,
    "sizes": {"river": {"oop": {"bet": "50%,a", "raise": "a"}, "ip": {"bet": "50%,a", "raise": "a"}}},
}

_patient: ContextVar[tuple[Literal["look", "ahead"], str] | None] = ContextVar("patient", default=None)

_TTL_S = 7 * 24 * 3600
_DECODED = 64
_FORMAT = 2


@contextmanager
def patient(why: Literal["look", "ahead"], who: str) -> Generator[None]:
    """Rivers that are met inside the block are waited for in line: of those who look around, or of what is prepared."""
    token = _patient.set((why, who))
    try:
        yield
    finally:
        _patient.reset(token)


class Rivers:
    """Solves river subtrees, each once, and keeps them."""

    def __init__(self, cache: Cache, threads: int = 1) -> None:
        self._cache = cache
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="river")
        self._decoded: OrderedDict[str, Street] = OrderedDict()
        self._asked: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._lines = {
            "play": WaitingLine(threads, of_one=8, in_all=400),
            "look": WaitingLine(1, of_one=4, in_all=40),
            "ahead": WaitingLine(1, of_one=4, in_all=20),
        }

    async def warm(self) -> None:
        """Load the compiled solver, which the first river would otherwise wait for."""
        await asyncio.get_running_loop().run_in_executor(self._pool, _solve, parse_spot(_WARM), "warm")

    async def street(self, solution: StoredSolution, root: Line, walk: Walk) -> Street:
        """The river that begins at ``root``, reached as ``walk`` says.

        Raises:
            TooMany: The caller waits for too many already.
            Unavailable: The line is full.
        """
        key = f"river:{_FORMAT}:{solution.digest[:32]}:{'/'.join(root)}"
        if (street := self._known(key)) is not None:
            return street
        why, who = _patient.get() or ("play", "")
        who = caller() or who
        place = f"{why} {who} {key}"
        asked = self._asked.get(place) or self._asked.setdefault(place, asyncio.Lock())
        async with asked:  # who asks twice for a river holds one place
            if (street := self._known(key)) is not None:
                return street
            async with self._lines[why].turn(who):
                return await self._load(key, solution, root, walk)

    def _known(self, key: str) -> Street | None:
        if key in self._decoded:
            self._decoded.move_to_end(key)
        return self._decoded.get(key)

    async def _load(self, key: str, solution: StoredSolution, root: Line, walk: Walk) -> Street:
        async def load() -> bytes:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._pool, _solve, subgame_spot(solution, root, walk), key)

        street = Artefact(await self._cache.get_or_load(key, load, _TTL_S), key).block("")
        self._decoded[key] = street
        while len(self._decoded) > _DECODED:
            self._decoded.popitem(last=False)
        return street


def _solve(spot: Spot, key: str) -> bytes:
    started = time.perf_counter()
    solution = solve(
        spot, target_pct=TARGET_PCT, max_iterations=MAX_ITERATIONS, time_limit=TIME_LIMIT_S, tremble=TREMBLE
    )
    serve_stored_strategies(solution)
    streets = stored_streets(solution)
    header = {"spot": key, "exploitability_pct": solution.exploitability_pct, "iterations": solution.iterations}
    data = write_artefact(header, {name: encode_block(nodes, level=3) for name, nodes in streets.items()})
    get_logger().info(
        "river_solved",
        key=key,
        duration_ms=round(1000 * (time.perf_counter() - started), 1),
        iterations=solution.iterations,
        exploitability_pct=round(solution.exploitability_pct, 4),
    )
    return data
