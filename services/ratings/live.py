"""Tells open pages that a board has changed.

A committed ranked decision is published on the channel of its board (``board:weekly``, ``board:daily``); each process
listens once for all clients of a board and wakes them together. Messages within ``SETTLE_S`` become one: a client
reloads at most once in that time, and never before standings computed without the new answer have left the cache
(``service.KEPT_S`` is no longer than this).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from redis.exceptions import RedisError
from sqlalchemy.ext.asyncio import AsyncSession

from services.infra.db import after_commit
from services.infra.errors import TooMany, Unavailable
from services.infra.log import log
from services.infra.redis import publish, subscribe
from services.infra.settings import get_settings
from services.ratings.periods import KINDS, Kind, period_named

SETTLE_S = 1.0
_RETRY_S = 2.0


def channel(kind: Kind) -> str:
    """Where changes of the boards of a kind are announced."""
    return f"board:{kind}"


def publish_after_commit(db: AsyncSession, set_id: str) -> None:
    """Announce a change of a set's board when the transaction of ``db`` has committed; never before."""
    kind = period_named(set_id).kind
    after_commit(db, lambda: publish(channel(kind), {"set_id": set_id}))


class BoardFeed:
    """One listener of a channel for all clients of this process; it runs while there is a client."""

    def __init__(self, kind: Kind) -> None:
        self._channel = channel(kind)
        self._clients: set[asyncio.Event] = set()
        self._listener: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def clients(self) -> int:
        """How many clients are connected."""
        return len(self._clients)

    @asynccontextmanager
    async def client(self) -> AsyncGenerator[asyncio.Event]:
        """An event that is set after each change, for as long as the block lasts; whoever waits for it clears it.

        Raises:
            TooMany: The process serves as many clients as it is allowed to.
        """
        if len(self._clients) >= get_settings().board_clients:
            raise TooMany("too many pages follow this board now; it still shows on reload", retry_after_s=30)
        changed = asyncio.Event()
        self._clients.add(changed)
        if self._listener is None or self._listener.done():
            self._listener = asyncio.create_task(self._listen(), name="board feed")
        try:
            yield changed
        finally:
            self._clients.discard(changed)
            if not self._clients:
                self._stop()

    def _stop(self) -> None:
        if self._listener is not None:
            self._listener.cancel()
            self._listener = None

    async def _listen(self) -> None:
        while True:
            try:
                async with subscribe(self._channel) as messages:
                    async for _ in messages:
                        self._wake_soon()
            except (RedisError, Unavailable, OSError) as error:
                log.warning("board_feed_lost", error=str(error))
                await asyncio.sleep(_RETRY_S)
                self._wake_soon()

    def _wake_soon(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(SETTLE_S, self._wake)

    def _wake(self) -> None:
        self._timer = None
        for changed in self._clients:
            changed.set()


feeds: dict[Kind, BoardFeed] = {kind: BoardFeed(kind) for kind in KINDS}
