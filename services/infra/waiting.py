"""A line for work that is dear and that anybody may ask for: so many at a time, so many of one caller, so many in all.

Callers take turns: whoever asked for many things waits for one of everybody else's between two of his own. Callers who
are not signed in cost nothing to make, so those of one network address take their turns together, like one member.
Whoever finds the line full is told to come back.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from weakref import WeakValueDictionary

from services.infra.errors import TooMany, Unavailable

_caller: ContextVar[str] = ContextVar("caller", default="")
_crowd: ContextVar[str] = ContextVar("crowd", default="")
_visitors_at: ContextVar[str] = ContextVar("visitors_at", default="")

VISITORS = "visitors"
"""The crowd of all who are not signed in, from wherever: anybody can be any number of them."""
ENTERING = "entering"
"""The crowd of those among them who want to sign in: whatever the others do, members find the door."""


def acting_for(who: str, crowd: str = "", *, visitor_at: str = "") -> None:
    """What runs in this task from now on, and in tasks that it starts, is asked for by ``who``, one of a crowd.

    Args:
        who: A player, or an address.
        crowd: `VISITORS`, `ENTERING`, or a member's network address.
        visitor_at: The network address of who is not signed in.
    """
    _caller.set(who)
    _crowd.set(crowd)
    _visitors_at.set(visitor_at)


def visitors_at() -> str:
    """The address of a caller who is not signed in; empty for members and the product itself."""
    return _visitors_at.get()


def crowd() -> str:
    """Whom the caller shares one part of everything with; empty for the product itself."""
    return _crowd.get()


def caller() -> str:
    """Who asked for what runs now, for sharing fairly; empty for the product itself. It says nothing about rights."""
    return _caller.get()


class Line:
    """One line of this process.

    Args:
        at_once: How many have their turn at a time.
        of_one: How many places one caller may hold, the turns included; the product itself as many as there are.
        in_all: How many places there are; the last half of them is for members, and visitors of one network address
            find a quarter.
    """

    def __init__(self, at_once: int, *, of_one: int, in_all: int) -> None:
        self._free = at_once
        self._of_one, self._in_all = of_one, in_all
        self._held: Counter[str] = Counter()
        self._waiting: OrderedDict[str, OrderedDict[str, deque[asyncio.Future[None]]]] = OrderedDict()

    @asynccontextmanager
    async def turn(self, who: str) -> AsyncGenerator[None]:
        """Wait for one's turn and keep it for the block.

        Raises:
            TooMany: The caller holds as many places as one may, or those at the caller's address do.
            Unavailable: The line is full.
        """
        address = visitors_at()
        by, side = f"by {who}", f"at {address}" if address else f"for {who}"
        if (who and self._held[by] >= self._of_one) or (address and self._held[side] >= self._in_all // 4):
            raise TooMany("Wait for the answers to what you asked before.", code="too-many-at-once")
        if self._held["all"] >= (self._in_all // 2 if address else self._in_all):
            raise Unavailable("Too many people ask for this now. Try again in a moment.", code="busy")
        places = Counter(("all", by, side))
        self._held += places
        try:
            await self._take(side, who)
            try:
                yield
            finally:
                self._pass_on()
        finally:
            self._held -= places  # forgets whoever holds none

    async def _take(self, side: str, who: str) -> None:
        if self._free:
            self._free -= 1
            return
        mine = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(side, OrderedDict()).setdefault(who, deque()).append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if not mine.cancelled():  # the turn came together with the end
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        """Give the turn to the next side's next caller's oldest; side and caller then stand last."""
        while self._waiting:
            side, callers = self._waiting.popitem(last=False)
            who, places = callers.popitem(last=False)
            following = places.popleft()
            if places:
                callers[who] = places
            if callers:
                self._waiting[side] = callers
            if not following.done():
                following.set_result(None)
                return
        self._free += 1


class Share:
    """What one caller may hold of something that all share; who holds that much waits, and holds nothing meanwhile.

    Who holds a part already gets a second one inside of it without waiting, so that nobody waits for oneself.

    Args:
        of_one: How much one caller may hold; the product itself and those who hold a part may always have more.
        wait_s: How long a caller waits.
    """

    def __init__(self, of_one: int, wait_s: float) -> None:
        self._of_one, self._wait_s = of_one, wait_s
        self._gates: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._inside: ContextVar[bool] = ContextVar("inside", default=False)

    @asynccontextmanager
    async def part(self, who: str) -> AsyncGenerator[None]:
        """Hold a part for the block.

        Raises:
            TooMany: The caller's other calls took too long.
        """
        if not who or self._inside.get():
            yield
            return
        gate = self._gates.get(who) or self._gates.setdefault(who, asyncio.Semaphore(self._of_one))
        try:
            async with asyncio.timeout(self._wait_s):
                await gate.acquire()
        except TimeoutError:
            raise TooMany("Too much is asked for at once. Try again in a moment.", code="too-many-at-once") from None
        self._inside.set(True)
        try:
            yield
        finally:
            self._inside.set(False)
            gate.release()
