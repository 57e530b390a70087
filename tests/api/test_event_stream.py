"""The stream of changes speaks server-sent events and frees its place when the client leaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from app.api import event_stream
from app.api.event_stream import ChangeStream
from services.infra.errors import TooMany


class Client:
    """One ASGI client of a response."""

    def __init__(self, response: ChangeStream) -> None:
        self.sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._left = asyncio.Event()
        self.task = asyncio.create_task(response({"type": "http"}, self._receive, self._send))

    async def _receive(self) -> dict[str, Any]:
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        if self._left.is_set():
            raise OSError("gone")
        await self.sent.put(message)

    async def next(self) -> dict[str, Any]:
        async with asyncio.timeout(2):
            return await self.sent.get()

    async def leave(self) -> None:
        self._left.set()
        async with asyncio.timeout(2):
            await self.task


class Board:
    """Counts who listens."""

    def __init__(self) -> None:
        self.changed = asyncio.Event()
        self.open = 0

    @asynccontextmanager
    async def listen(self) -> AsyncIterator[asyncio.Event]:
        self.open += 1
        try:
            yield self.changed
        finally:
            self.open -= 1


async def test_it_sends_one_event_at_once_and_one_for_each_change() -> None:
    board = Board()
    client = Client(ChangeStream("board", board.listen))
    start = await client.next()
    headers = dict(start["headers"])
    assert start["status"] == 200
    assert headers[b"content-type"].startswith(b"text/event-stream")
    assert headers[b"cache-control"] == b"no-store"
    assert b"content-length" not in headers
    assert (await client.next())["body"] == b"retry: 3000\nevent: board\ndata: {}\n\n"
    board.changed.set()
    assert (await client.next())["body"] == b"event: board\ndata: {}\n\n"
    assert client.sent.empty()
    await client.leave()


async def test_a_client_that_leaves_gives_its_place_back() -> None:
    board = Board()
    client = Client(ChangeStream("board", board.listen))
    await client.next()
    assert board.open == 1
    await client.leave()
    assert board.open == 0


async def test_a_client_that_vanishes_while_it_is_written_to_gives_its_place_back() -> None:
    board = Board()
    response = ChangeStream("board", board.listen)

    async def never() -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    async def broken(_message: Any) -> None:
        raise BrokenPipeError

    async with asyncio.timeout(2):
        await response({"type": "http"}, never, broken)
    assert board.open == 0


async def test_a_quiet_stream_shows_signs_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "HEARTBEAT_S", 0.05)
    client = Client(ChangeStream("board", Board().listen))
    for _ in range(2):
        await client.next()
    assert (await client.next())["body"] == b": still here\n\n"
    assert not client.task.done()
    await client.leave()


async def test_a_refusal_reaches_the_caller_before_anything_is_sent() -> None:
    @asynccontextmanager
    async def full() -> AsyncIterator[asyncio.Event]:
        raise TooMany("full")
        yield asyncio.Event()

    client = Client(ChangeStream("board", full))
    with pytest.raises(TooMany):
        await client.task
    assert client.sent.empty()


async def test_stopping_the_server_frees_the_place() -> None:
    board = Board()
    client = Client(ChangeStream("board", board.listen))
    await client.next()
    client.task.cancel()
    await asyncio.gather(client.task, return_exceptions=True)
    assert board.open == 0
