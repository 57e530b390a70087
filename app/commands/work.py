"""A command's asynchronous work: run to its end, with nothing left open behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from services.infra import db as database
from services.infra import redis as redis_server
from services.infra.embedded import serving
from services.infra.settings import get_settings

_T = TypeVar("_T")


def run(work: Coroutine[Any, Any, _T]) -> _T:
    """Work for which no server has to be there."""
    return asyncio.run(_closing(work))


def run_on_servers(work: Coroutine[Any, Any, _T]) -> _T:
    """Work on the running product's servers, or on our own for as long as it takes."""

    async def served() -> _T:
        async with serving(get_settings().data_folder):
            return await _closing(work)

    return asyncio.run(served())


async def _closing(work: Coroutine[Any, Any, _T]) -> _T:
    try:
        return await work
    finally:
        await redis_server.close()
        await database.dispose()
