"""The socket's gate in front of a socket that echoes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from app.api import socket
from app.api.socket import FRAME_BURST, MAX_FRAME_BYTES, SocketGuard
from services.infra import rate_limits
from services.infra.settings import get_settings

HOST = "play.example:3000"


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    assert (await receive())["type"] == "websocket.connect"
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message.get("text")})


class Client:
    """One client of the guarded socket."""

    def __init__(self, guard: SocketGuard, address: str = "192.0.2.1", **headers: str) -> None:
        given = {"host": HOST, "origin": f"http://{HOST}"} | headers
        self.scope: dict[str, Any] = {
            "type": "websocket",
            "scheme": "ws",
            "path": "/_event",
            "client": (address, 4000),
            "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        }
        self.inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.sent: list[MutableMapping[str, Any]] = []
        self.inbox.put_nowait({"type": "websocket.connect"})
        self.task = asyncio.create_task(guard(self.scope, self.inbox.get, self._send))

    async def _send(self, message: MutableMapping[str, Any]) -> None:
        self.sent.append(message)

    async def say(self, *frames: str | bytes) -> None:
        for frame in frames:
            kind = "text" if isinstance(frame, str) else "bytes"
            self.inbox.put_nowait({"type": "websocket.receive", kind: frame})
        await asyncio.sleep(0.05)

    async def settled(self) -> Client:
        await asyncio.sleep(0.1)
        return self

    async def leave(self) -> None:
        self.inbox.put_nowait({"type": "websocket.disconnect", "code": 1000})
        await self.task

    @property
    def accepted(self) -> bool:
        return any(message["type"] == "websocket.accept" for message in self.sent)

    @property
    def closed_with(self) -> int | None:
        return next((message["code"] for message in self.sent if message["type"] == "websocket.close"), None)


@pytest.fixture
def guard(redis_server: str) -> Iterator[SocketGuard]:
    rate_limits.forget()
    yield SocketGuard(echo)
    get_settings.cache_clear()


async def test_a_frame_over_the_limit_closes_the_socket(guard: SocketGuard) -> None:
    client = Client(guard)
    await client.say("x" * MAX_FRAME_BYTES, "x" * (MAX_FRAME_BYTES + 1))
    await client.task
    assert (len([m for m in client.sent if m["type"] == "websocket.send"]), client.closed_with) == (1, 1009)


@pytest.mark.parametrize("frame", ["\N{BLACK SPADE SUIT}" * (MAX_FRAME_BYTES // 3 + 1), b"x" * (MAX_FRAME_BYTES + 1)])
async def test_bytes_are_counted_not_characters(guard: SocketGuard, frame: str | bytes) -> None:
    client = Client(guard)
    await client.say(frame)
    await client.task
    assert client.closed_with == 1009


async def test_a_flood_of_frames_closes_the_socket_and_no_other(guard: SocketGuard) -> None:
    flooding, quiet = Client(guard), Client(guard)
    await flooding.say(*["x"] * 1000)
    await quiet.say("x")
    await flooding.task
    passed = [message for message in flooding.sent if message["type"] == "websocket.send"]
    assert flooding.closed_with == 1008
    assert FRAME_BURST <= len(passed) <= FRAME_BURST + 20
    assert quiet.closed_with is None
    await quiet.leave()


@pytest.mark.parametrize("query", ["token=a%2Fb", "token=" + "a" * 65, "token=", "token=caf\u00e9"])
async def test_a_tab_can_not_choose_what_its_state_is_kept_under(guard: SocketGuard, query: str) -> None:
    client = Client(guard)
    client.scope["query_string"] = query.encode("latin-1")
    assert not (await client.settled()).accepted
    assert client.closed_with == 1009


async def test_a_tab_with_a_name_as_browsers_give_them_is_served(guard: SocketGuard) -> None:
    client = Client(guard, cookie="theme=dark")
    client.scope["query_string"] = b"EIO=4&transport=websocket&token=6f58def9-1a32-447d-a565-08156eda0ba9"
    assert (await client.settled()).accepted
    await client.leave()


async def test_a_handshake_that_wants_much_kept_is_refused(guard: SocketGuard) -> None:
    client = Client(guard, cookie="z=" + "x" * 20_000)
    assert not (await client.settled()).accepted
    assert client.closed_with == 1009


async def test_an_address_holds_so_many_sockets_and_gets_the_next_when_one_is_left(
    guard: SocketGuard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIXLINE_SOCKETS_PER_ADDRESS", "2")
    get_settings.cache_clear()
    first, second = await Client(guard).settled(), await Client(guard).settled()
    assert not (await Client(guard).settled()).accepted
    elsewhere = await Client(guard, "192.0.2.2").settled()
    await first.leave()
    third = await Client(guard).settled()
    assert (elsewhere.accepted, third.accepted) == (True, True)
    for client in (second, third, elsewhere):
        await client.leave()
    assert not guard._open


async def test_a_session_holds_so_many_sockets_wherever_they_come_from(
    guard: SocketGuard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIXLINE_SOCKETS_PER_SESSION", "1")
    get_settings.cache_clear()
    cookie = f"mixline_refresh={'f' * 43}.{'r' * 43}"
    first = await Client(guard, cookie=cookie).settled()
    assert not (await Client(guard, "192.0.2.2", cookie=cookie).settled()).accepted
    await first.leave()


async def test_an_address_opens_so_many_sockets_a_minute(guard: SocketGuard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIXLINE_SOCKET_OPENS_PER_MINUTE", "5")
    get_settings.cache_clear()
    clients = [await Client(guard).settled() for _ in range(8)]
    assert [client.accepted for client in clients] == [True] * 5 + [False] * 3
    for client in clients[:5]:
        await client.leave()


async def test_other_addresses_are_not_looked_at(guard: SocketGuard) -> None:
    assert socket.SOCKET == "/_event"
    client = Client(guard)
    client.scope["path"] = "/other"
    await client.say("x" * (MAX_FRAME_BYTES + 1))
    assert client.closed_with is None
    await client.leave()
