"""Whether anybody plays: told by every door that players come through, asked by what should not disturb them."""

from __future__ import annotations

import asyncio
import time

from services.infra.log import log
from services.infra.redis import redis

KEY = "activity"
_TELL_EVERY_S = 10.0
_telling: set[asyncio.Task[None]] = set()
_told = 0.0


def touch() -> None:
    """Somebody does something; cheap, and never in anybody's way."""
    global _told  # noqa: PLW0603 one mark a process
    if time.monotonic() - _told < _TELL_EVERY_S:
        return
    _told = time.monotonic()
    task = asyncio.get_running_loop().create_task(_tell())
    _telling.add(task)
    task.add_done_callback(_telling.discard)


async def _tell() -> None:
    try:
        await redis().set(KEY, time.time())
    except Exception as error:  # noqa: BLE001 without Redis nobody knows, and nothing breaks
        log.debug("activity_not_told", error=str(error))


async def quiet_for() -> float:
    """Seconds since anybody did anything, in any process; infinite when nobody ever did."""
    last = await redis().get(KEY)
    return max(0.0, time.time() - float(last)) if last else float("inf")
