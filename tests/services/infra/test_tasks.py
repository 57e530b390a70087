"""Tasks are ended, also those that lose a wish to stop."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from services.infra import tasks


async def test_a_task_that_loses_its_cancellation_is_ended_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "ASK_AGAIN_S", 0.01)
    lost = 0

    async def deaf() -> None:
        nonlocal lost
        while lost < 2:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(60)
            lost += 1
        await asyncio.sleep(60)

    async def failing() -> None:
        raise ValueError

    first, second = asyncio.create_task(deaf()), asyncio.create_task(failing())
    await asyncio.sleep(0)
    await tasks.end(first, second)
    assert first.cancelled()
    assert lost == 2
