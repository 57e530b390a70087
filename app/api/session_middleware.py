"""ASGI: documents and sockets come with a session.

A document renews tokens that have gone stale, by the refresh token, and opens a guest's session where there is none,
for the socket's handshake to carry. A handshake gets a ticket in place of the cookies, which binds the socket to its
session for as long as both live and keeps the tokens out of everything behind. REST renews by ``POST
/api/auth/refresh``.

With Redis down, or too many guests from one address, the document is served without a session.
"""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.reuse import report_reuse
from services.accounts import cookies, sessions
from services.accounts.sessions import IssuedSession, RefreshReused, SessionsUnavailable
from services.accounts.throttle import GUEST_ADDRESS, address_of, take

SOCKET: Final = "/_event"
NO_DOCUMENTS: Final = ("/api", SOCKET, "/_upload", "/assets", "/health", "/metrics", "/ping")


class SessionMiddleware:
    """Around everything that Reflex serves."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or socket."""
        if scope["type"] in ("http", "websocket") and scope["path"].startswith(SOCKET):
            await self._app(await _bound(scope), receive, send)
        elif _wants_document(scope):
            await self._app(scope, receive, _with_cookies(scope, await _renewed(scope), send))
        else:
            await self._app(scope, receive, send)


async def _bound(scope: Scope) -> Scope:
    """The scope of a handshake with a ticket instead of our cookies; without one where nobody is recognised."""
    header = _cookie_header(scope)
    try:
        principal = await sessions.holder(header)
    except RefreshReused as reused:
        await report_reuse(reused)
        principal = None
    except SessionsUnavailable:
        # The session can't be looked at now, but the access token names it: it is looked at with every event.
        principal = None
        session_id = sessions.named_session(header)
        if session_id is not None:
            return _with_header(scope, header, sessions.ticket_of(session_id))
    return _with_header(scope, header, "" if principal is None else sessions.ticket_of(principal.session_id))


def _with_header(scope: Scope, header: str, ticket: str) -> Scope:
    kept = [(name, value) for name, value in scope["headers"] if name != b"cookie"]
    line = "; ".join(part for part in (ticket, cookies.others(header)) if part)
    return {**scope, "headers": [*kept, *([(b"cookie", line.encode("latin-1"))] if line else [])]}


async def _renewed(scope: Scope) -> IssuedSession | None:
    """New tokens for this document, where it needs some."""
    header = _cookie_header(scope)
    agent = b"".join(value for name, value in scope["headers"] if name == b"user-agent").decode("latin-1")
    try:
        if await sessions.resolve(header) is not None and sessions.session_secret(header) is not None:
            return None
        try:
            issued = await sessions.refresh(header)
        except RefreshReused as reused:
            await report_reuse(reused)
            issued = None
        if issued is not None:
            return issued
        if not (await take(GUEST_ADDRESS, address_of(scope))).passed:
            return None
        return await sessions.start_guest(device=agent, address=address_of(scope))
    except SessionsUnavailable:
        return None


def _with_cookies(scope: Scope, issued: IssuedSession | None, send: Send) -> Send:
    if issued is None:
        return send
    secure = cookies.is_secure(scope)
    tokens = ((cookies.ACCESS, issued.access), (cookies.REFRESH, issued.refresh))
    lines = [cookies.line(name, value, max_age_s=issued.max_age_s, secure=secure).encode() for name, value in tokens]

    async def send_with_cookies(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [(key, value) for key, value in message.get("headers", []) if key.lower() != b"cache-control"]
            added = [(b"set-cookie", line) for line in lines]
            message["headers"] = [*kept, *added, (b"cache-control", b"private, no-cache")]
        await send(message)

    return send_with_cookies


def _cookie_header(scope: Scope) -> str:
    return "; ".join(value.decode("latin-1") for name, value in scope["headers"] if name == b"cookie")


def _wants_document(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "GET" or scope["path"].startswith(NO_DOCUMENTS):
        return False
    return any(key == b"accept" and b"text/html" in value for key, value in scope["headers"])
