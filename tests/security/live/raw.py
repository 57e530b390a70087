"""A client of the socket that obeys nobody: any Origin, any cookie, any token, any frame."""

from __future__ import annotations

import json
import socket
import time
import uuid
from collections.abc import Iterator
from typing import Any, ClassVar
from urllib.parse import urlsplit

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Message,
    Ping,
    RejectConnection,
    Request,
    TextMessage,
)

ROOT = "reflex___state____state"
OWN = "own"


class Refused(Exception):
    """The handshake was answered with a status other than 101, or (0) the namespace could not be joined."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(f"refused with {status}")


class RawSocket:
    """One socket of Reflex's protocol: Engine.IO 4, Socket.IO 5, its namespace ``/_event``.

    Args:
        target: Where the product answers.
        address: The loopback address to come from.
        origin_header: What to say as Origin; ``OWN`` for the product's own, None for none at all.
    """

    opened: ClassVar[list[RawSocket]] = []

    def __init__(
        self,
        target: str,
        cookie: str = "",
        *,
        address: str = "127.0.0.1",
        origin_header: str | None = OWN,
        token: str | None = None,
    ) -> None:
        parts = urlsplit(target)
        self.token = token or str(uuid.uuid4())
        self.closed: int | None = None
        self._socket = socket.create_connection(("127.0.0.1", parts.port or 80), 10, (address, 0))
        self.opened.append(self)
        self._wire = WSConnection(ConnectionType.CLIENT)
        self._text = ""
        headers = [(b"cookie", cookie.encode())] if cookie else []
        if origin_header is not None:
            headers.append((b"origin", (target if origin_header == OWN else origin_header).encode()))
        path = f"/_event/?EIO=4&transport=websocket&token={self.token}"
        self._send(self._wire.send(Request(host=parts.netloc, target=path, extra_headers=headers)))
        self._waiting: list[Any] = []
        answer = self._next(10)
        if isinstance(answer, RejectConnection):
            self._socket.close()
            raise Refused(answer.status_code)
        assert isinstance(answer, AcceptConnection), answer
        assert (self.frame() or "").startswith("0"), "no Engine.IO greeting"
        self.text("40/_event,")
        if not (self.frame() or "").startswith("40"):
            raise Refused(0)

    def _send(self, data: bytes) -> None:
        try:
            self._socket.sendall(data)
        except OSError:
            self.closed = self.closed or 0

    def text(self, text: str) -> None:
        """Send a frame as it is."""
        if self.closed is None:
            self._send(self._wire.send(TextMessage(data=text)))

    def bytes(self, data: bytes) -> None:
        """Send a binary frame."""
        if self.closed is None:
            self._send(self._wire.send(BytesMessage(data=data)))

    def event(self, name: str, payload: Any = None, **router_data: Any) -> None:
        """Send an event of Reflex's."""
        data = {"pathname": "/", "asPath": "/", "query": {}} | router_data
        self.raw_event({"name": name, "payload": {} if payload is None else payload, "router_data": data})

    def raw_event(self, event: Any) -> None:
        """Send anything as an event."""
        self.text("42/_event," + json.dumps(["event", event]))

    def _next(self, wait_s: float) -> Any:
        deadline = time.monotonic() + wait_s
        while not self._waiting:
            if (left := deadline - time.monotonic()) <= 0 or self.closed is not None:
                return None
            self._socket.settimeout(left)
            try:
                data = self._socket.recv(65_536)
            except TimeoutError:
                return None
            except OSError:
                data = b""
            if not data:
                self.closed = self.closed or 0
                return None
            self._wire.receive_data(data)
            self._waiting = list(self._wire.events())
        return self._waiting.pop(0)

    def frame(self, wait_s: float = 10) -> str | None:
        """The next text frame; None after ``wait_s`` without one, or when the server has closed (`closed`)."""
        deadline = time.monotonic() + wait_s
        while (got := self._next(max(0.0, deadline - time.monotonic()))) is not None:
            if isinstance(got, CloseConnection):
                self.closed = int(got.code)
            elif isinstance(got, Ping):
                self._send(self._wire.send(got.response()))
            elif isinstance(got, Message):
                self._text += str(got.data)
                if got.message_finished:
                    text, self._text = self._text, ""
                    if text == "2":
                        self.text("3")
                    else:
                        return text
        return None

    def frames(self, quiet_s: float = 0.5, limit_s: float = 20) -> Iterator[str]:
        """All frames until nothing has come for ``quiet_s``."""
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline and (frame := self.frame(quiet_s)) is not None:
            yield frame

    def hydrate(self) -> dict[str, Any]:
        """What a tab asks for first; the state as it was sent."""
        self.event(f"{ROOT}.hydrate_and_load")
        return merged(self.frames())

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


def close_all() -> None:
    """Hang up every socket of the test."""
    while RawSocket.opened:
        RawSocket.opened.pop().close()


def merged(frames: Iterator[str]) -> dict[str, Any]:
    """The state that deltas give, by the full name of each state."""
    state: dict[str, Any] = {}
    for frame in frames:
        if not frame.startswith("42"):
            continue
        _, update = json.loads(frame[frame.index("[") :])
        update = json.loads(update) if isinstance(update, str) else update
        for name, values in (update.get("delta") or {}).items():
            state.setdefault(name, {}).update(values)
    return state
