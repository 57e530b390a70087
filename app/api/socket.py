"""The gate of the socket's address, before the framework sees a byte: pure ASGI.

A browser always sends the Origin of the page that opens a socket, so another site's page is told by it. Behind the
handshake every frame is measured: its size, the rate of them, and how many sockets one address or session holds. The
policies of single events are looked after in `state.guard`.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.envelope import problem
from services.accounts.sessions import hash_secret, session_secret
from services.infra.log import log
from services.infra.rate_limits import Limit, address_of, take
from services.infra.settings import get_settings

SOCKET = "/_event"
MAX_FRAME_BYTES = 98_304
FRAMES_PER_S = 40.0
FRAME_BURST = 200.0
TAB = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""What a tab may call itself: its state is kept under this name."""
MAX_HEADER_BYTES = 16_384
"""Of the handshake. Reflex keeps all of them with the tab's state."""
REFUSED, TOO_BIG, TOO_MANY = 1008, 1009, 1013


def is_own_origin(scope: Scope) -> bool:
    """Whether a page of this server asks: its Origin has the host that was asked for.

    Without a public address the scheme may be https where we see http: a proxy may hold the certificate. The other way
    round somebody on the wire plays our page. Development accepts a missing Origin, for tools without a browser.
    """
    settings, headers = get_settings(), Headers(scope=scope)
    origin = headers.get("origin")
    if origin is None:
        return settings.env == "development"
    if origin in settings.origins:
        return True
    if settings.public_url:
        return origin == settings.public_url.rstrip("/")
    parts = urlsplit(origin)
    schemes = ("https",) if scope["scheme"] in ("https", "wss") else ("http", "https")
    return parts.scheme in schemes and parts.netloc != "" and parts.netloc == headers.get("host")


def _is_modest(scope: Scope) -> bool:
    """Whether the handshake asks to keep no more than a browser's does."""
    try:
        tabs = parse_qs(scope.get("query_string", b"").decode("ascii"), keep_blank_values=True).get("token", [])
    except ValueError:
        return False
    size = sum(len(name) + len(value) for name, value in scope["headers"])
    return size <= MAX_HEADER_BYTES and all(TAB.fullmatch(tab) for tab in tabs)


class SocketGuard:
    """Lets our own pages' sockets pass, within bounds."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._open: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or socket."""
        if scope["type"] == "lifespan" or not scope["path"].startswith(SOCKET):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if scope["type"] != "websocket":
            # The framework would open a session for it, which nobody closes and nobody counts.
            answer = problem(400, "websocket-only", "This address speaks WebSocket only.", SOCKET)
            await answer(scope, receive, send)
            return
        if not is_own_origin(scope):
            await self._refuse("origin", REFUSED, receive, send)
            return
        if not _is_modest(scope):
            await self._refuse("handshake_size", TOO_BIG, receive, send)
            return
        holders = self._holders(scope, headers)
        settings = get_settings()
        bounds = (settings.sockets_per_address, settings.sockets_per_session)
        opening = Limit("sockets", settings.socket_opens_per_minute, 60)
        if any(self._open[one] >= bound for one, bound in zip(holders, bounds, strict=False)):
            await self._refuse("sockets", TOO_MANY, receive, send)
        elif not (await take(opening, address_of(scope))).passed:
            await self._refuse("opening", TOO_MANY, receive, send)
        else:
            await self._serve(holders, scope, receive, send)

    @staticmethod
    def _holders(scope: Scope, headers: Headers) -> list[str]:
        """Address, and session where there is a cookie, that a socket counts for."""
        secret = session_secret("; ".join(headers.getlist("cookie")))
        return [f"address {address_of(scope)}", *([f"session {hash_secret(secret)}"] if secret else [])]

    async def _serve(self, holders: list[str], scope: Scope, receive: Receive, send: Send) -> None:
        self._open.update(holders)
        try:
            await self._app(scope, _Frames(receive, send).next, send)
        finally:
            self._open.subtract(holders)
            for one in holders:
                if self._open[one] <= 0:
                    del self._open[one]

    @staticmethod
    async def _refuse(reason: str, code: int, receive: Receive, send: Send) -> None:
        """Before the handshake was accepted, so that the client gets HTTP 403."""
        log.warning("socket_refused", reason=reason)
        await receive()
        await send({"type": "websocket.close", "code": code})


class _Frames:
    """The frames of one socket; past a bound the framework hears that the client has gone, and the client is closed."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._level = FRAME_BURST
        self._at = time.monotonic()
        self._closed = False

    async def next(self) -> Message:
        """The next message that is within bounds."""
        message = await self._receive()
        if message["type"] != "websocket.receive":
            return message
        clock = time.monotonic()
        self._level = min(FRAME_BURST, self._level + (clock - self._at) * FRAMES_PER_S) - 1.0
        self._at = clock
        text: str | None = message.get("text")
        # A text has at most four bytes a character; it is encoded only where that could be too much.
        size = len(message.get("bytes") or b"") if text is None else len(text)
        if text is not None and MAX_FRAME_BYTES // 4 < size <= MAX_FRAME_BYTES:
            size = len(text.encode("utf-8", "surrogatepass"))
        if size > MAX_FRAME_BYTES:
            return await self._close(TOO_BIG, "frame_size")
        if self._level < 0:
            return await self._close(REFUSED, "frame_rate")
        return message

    async def _close(self, code: int, reason: str) -> Message:
        if not self._closed:
            self._closed = True
            log.warning("socket_closed", reason=reason)
            await self._send({"type": "websocket.close", "code": code})
        return {"type": "websocket.disconnect", "code": code}
