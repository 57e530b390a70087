"""Ending asyncio tasks for sure."""

from __future__ import annotations

import asyncio
from typing import Any

ASK_AGAIN_S = 1.0


async def end(*tasks: asyncio.Future[Any]) -> None:
    """Cancel tasks and wait until all of them are over; their results and failures are dropped.

    A cancellation that meets a time-out inside a library can be lost, so it is repeated until it is heeded.
    """
    waiting = {task for task in tasks if not task.done()}
    while waiting:
        for task in waiting:
            task.cancel()
        waiting = (await asyncio.wait(waiting, timeout=ASK_AGAIN_S))[1]
    for task in tasks:
        _ = task.cancelled() or task.exception()
