"""Starting asyncio tasks that nobody waits for, and ending tasks for sure."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

ASK_AGAIN_S = 1.0

_under_way: set[asyncio.Task[None]] = set()


def soon(work: Coroutine[Any, Any, None]) -> None:
    """Do ``work`` without waiting for it; it handles its own failures."""
    task = asyncio.get_running_loop().create_task(work)
    _under_way.add(task)  # the loop itself would forget it
    task.add_done_callback(_under_way.discard)


async def settled() -> None:
    """Wait until what was started by :func:`soon` is done."""
    here = asyncio.get_running_loop()
    await asyncio.gather(*(task for task in _under_way if task.get_loop() is here), return_exceptions=True)


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
