"""A line for work that is dear and that anybody may ask for: so many at a time, so many of one caller, so many in all.

Whoever finds the line full is told to come back; nobody waits for a crowd, and what does not stand in the line at all
waits for no more than those whose turn it is.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from services.infra.errors import TooMany, Unavailable


class Line:
    """One line of this process.

    Args:
        at_once: How many have their turn at a time.
        of_one: How many places one caller may hold, the turns included.
        in_all: How many places there are.
    """

    def __init__(self, at_once: int, *, of_one: int, in_all: int) -> None:
        self._turns = asyncio.Semaphore(at_once)
        self._of_one, self._in_all = of_one, in_all
        self._held: Counter[str] = Counter()

    @asynccontextmanager
    async def turn(self, who: str) -> AsyncGenerator[None]:
        """Wait for one's turn and keep it for the block.

        Raises:
            TooMany: The caller holds as many places as one may.
            Unavailable: The line is full.
        """
        if self._held[who] >= self._of_one:
            raise TooMany("Wait for the answers to what you asked before.", code="too-many-at-once")
        if self._held.total() >= self._in_all:
            raise Unavailable("Too many people ask for this now. Try again in a moment.", code="busy")
        self._held[who] += 1
        try:
            async with self._turns:
                yield
        finally:
            self._held[who] -= 1
            self._held += Counter()  # forgets whoever holds none
