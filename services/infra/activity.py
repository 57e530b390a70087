"""Whether anybody plays: marked by every door that players come through, asked by what should not disturb them."""

from __future__ import annotations

import asyncio
import time

from services.infra.log import log
from services.infra.redis import redis

KEY = "activity"
TELL_S = 2.0
_last = 0.0


def touch() -> None:
    """Somebody does something; costs a moment of arithmetic."""
    global _last  # noqa: PLW0603 one mark a process
    _last = time.time()


async def run_activity() -> None:
    """Tell the other processes when this one was last used, until cancelled."""
    told = 0.0
    while True:
        if _last != told:
            try:
                await redis().set(KEY, _last)
            except Exception as error:  # noqa: BLE001 without Redis nobody knows, and nothing breaks
                log.debug("activity_not_told", error=str(error))
            else:
                told = _last
        await asyncio.sleep(TELL_S)


async def quiet_for() -> float:
    """Seconds since anybody did anything, in any process; infinite when nobody ever did."""
    last = await redis().get(KEY)
    return max(0.0, time.time() - max(float(last or 0.0), _last)) if last or _last else float("inf")
