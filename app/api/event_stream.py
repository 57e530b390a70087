"""A server-sent event stream that says "it changed", nothing more: whoever hears it reads the resource again.

One message is sent at once, so that a page which was loaded before the stream was open, or lost it for a while, misses
nothing. The stream ends, and its place is free again, as soon as the client is gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from services.infra.tasks import end

HEARTBEAT_S = 15.0
"""Between two signs of life of a quiet stream; proxies cut connections that say nothing for about a minute."""


class ChangeStream(Response):
    """Sends the event ``name`` whenever the ``asyncio.Event`` that ``listen`` gives is set."""

    media_type = "text/event-stream"

    def __init__(self, name: str, listen: Callable[[], AbstractAsyncContextManager[asyncio.Event]]) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._message = f"event: {name}\ndata: {{}}\n\n".encode()
        self._listen = listen

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve until the client has gone; what ``listen`` raises is raised before anything is sent."""
        del scope
        async with self._listen() as changed:
            tasks = [asyncio.create_task(_gone(receive)), asyncio.create_task(self._write(changed, send))]
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                await end(*tasks)
            for task in done:
                task.result()

    async def _write(self, changed: asyncio.Event, send: Send) -> None:
        async def put(body: bytes) -> None:
            await send({"type": "http.response.body", "body": body, "more_body": True})

        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await put(b"retry: 3000\n" + self._message)
            while True:
                try:
                    async with asyncio.timeout(HEARTBEAT_S):
                        await changed.wait()
                except TimeoutError:
                    await put(b": still here\n\n")
                else:
                    changed.clear()
                    await put(self._message)
        except OSError:
            return  # the client left while we wrote


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
