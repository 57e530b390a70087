"""What every request passes, whatever answers it: pure ASGI, outside of Reflex and FastAPI.

From the outside in: request id, log line and metrics; security headers; the socket's gate; the size of a body. No
cross-origin access exists, so every CORS header that a library adds is taken off again.
"""

from __future__ import annotations

import asyncio
import re
import time
import uuid
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import structlog
from granian.utils.proxies import wrap_asgi_with_proxy_headers
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.envelope import problem
from app.api.socket import SocketGuard
from services.accounts.cookies import is_secure
from services.infra import metrics
from services.infra.log import log
from services.infra.settings import get_settings

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
# Files whose name holds a hash of their content.
IMMUTABLE = re.compile(r"^/assets/.*-[A-Za-z0-9_-]{8}\.(?:js|css|woff2?|svg|png|webp)$")
QUIET = ("/health", "/metrics", "/assets/")
# By address, not by content type: a 304 has none, and its headers replace those of the cached page.
NO_PAGES = ("/api", "/health", "/metrics")
BODY_S = 30.0
LINE_BREAK = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
LOGGED_PATH = 300
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"})
OTHER_METHOD = "other"
"""What any further method is counted and logged as: a caller may make up as many as it likes, of any length."""
NOTHING = "default-src 'none'; frame-ancestors 'none'"
PERMISSIONS = "accelerometer=(), camera=(), geolocation=(), gyroscope=(), microphone=(), payment=(), usb=()"


class RequestLog:
    """Gives every request an id, logs it once and counts it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or socket."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.perf_counter()
        status = 500

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        finally:
            self._record(scope, status, time.perf_counter() - started)

    @staticmethod
    def _record(scope: Scope, status: int, seconds: float) -> None:
        if scope["type"] != "http":
            return
        path: str = scope["path"]
        route = getattr(scope.get("route"), "path", None) or ("page" if not path.startswith("/api") else "unknown")
        method = scope["method"] if scope["method"] in METHODS else OTHER_METHOD
        metrics.http_seconds.labels(method, route, str(status)).observe(seconds)
        if not path.startswith(QUIET):
            log.info(
                "http_request",
                method=method,
                path=path[:LOGGED_PATH],
                status=status,
                duration_ms=round(seconds * 1000, 1),
            )


class SecurityHeaders:
    """Adds the security headers to every response, errors included.

    Args:
        app: The application inside.
        script_hashes: CSP sources of the inline scripts of the built pages.
    """

    def __init__(self, app: ASGIApp, script_hashes: Iterable[str] = ()) -> None:
        self._app = app
        self._policy = "; ".join(
            (
                "default-src 'self'",
                "script-src " + " ".join(("'self'", *script_hashes)),
                "style-src 'self' 'unsafe-inline'",
                "img-src 'self' data: blob:",
                "font-src 'self' data:",
                "connect-src 'self'",
                "object-src 'none'",
                "base-uri 'self'",
                "form-action 'self'",
                "frame-ancestors 'none'",
            )
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add(MutableHeaders(scope=message), scope, message["status"])
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def _add(self, headers: MutableHeaders, scope: Scope, status: int) -> None:
        for name in [name for name in headers if name.startswith("access-control-")]:
            del headers[name]
        path: str = scope["path"]
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
        headers["Permissions-Policy"] = PERMISSIONS
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        headers["Content-Security-Policy"] = NOTHING if path.startswith(NO_PAGES) else self._policy
        if is_secure(scope):
            headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
        if IMMUTABLE.match(path) and status in (200, 304):
            headers["Cache-Control"] = "public, max-age=31536000, immutable"
        elif "cache-control" not in headers:
            headers["Cache-Control"] = "no-store" if path.startswith("/api") else "no-cache"


LONGEST_COOKIES = 16_384
QUOTED = re.compile(rb'["\\\\]')
MOST_FIELDS = 500
"""Of a body, at all depths; the largest that there is, a spot with every size, has under a hundred."""
FIELD = re.compile(rb'"[ \t\r\n]*+:')


class BodyLimit:
    """Ends requests whose body is too long, told by its header or counted on arrival, or takes too long to arrive.

    Fields count as well: each that a route does not know makes an error of its own, and they would be dear.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
            return
        limit = get_settings().max_body_bytes
        length = Headers(scope=scope).get("content-length", "0")
        if not length.isdecimal() or int(length) > limit:
            await self._refuse(limit, scope, receive, send)
            return
        received = fields = 0
        answered = False
        complete = False
        deadline = asyncio.get_running_loop().time() + BODY_S

        async def counted() -> Message:
            nonlocal received, fields, complete
            if complete:  # whoever waits for the client to go may wait for ever
                return await receive()
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError:
                raise _BodyTooSlow from None
            body = message.get("body", b"")
            received += len(body)
            fields += sum(1 for _ in FIELD.finditer(body))
            complete = not message.get("more_body", False)
            if received > limit or fields > MOST_FIELDS:
                raise _BodyTooLarge
            return message

        async def watched(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            await self._app(scope, counted, watched)
        except _BodyTooLarge:
            if not answered:
                await self._refuse(limit, scope, receive, send)
        except _BodyTooSlow:
            if not answered:
                text = f"The body did not arrive within {BODY_S:.0f} seconds."
                await problem(408, "too-slow", text, scope["path"])(scope, receive, send)

    @staticmethod
    async def _refuse(limit: int, scope: Scope, receive: Receive, send: Send) -> None:
        text = f"The body may have at most {limit} bytes and {MOST_FIELDS} fields."
        answer = problem(413, "too-large", text, scope["path"])
        await answer(scope, receive, send)


class PlainCookies:
    """Takes cookies with quotes or backslashes out of requests, and all of a header that is too long.

    No cookie of the product has them, and frameworks undo them in a time that grows with the square of their length
    under some Pythons that are still about.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or socket."""
        if scope["type"] in ("http", "websocket"):
            scope = {**scope, "headers": [*self._plain(scope["headers"])]}
        await self._app(scope, receive, send)

    @staticmethod
    def _plain(headers: Iterable[tuple[bytes, bytes]]) -> Iterator[tuple[bytes, bytes]]:
        for name, value in headers:
            if name.lower() != b"cookie":
                yield name, value
            elif len(value) <= LONGEST_COOKIES:
                yield name, b";".join(part for part in value.split(b";") if not QUOTED.search(part))


class PlainPaths:
    """Answers addresses of the API that hold a line break: routers stop reading there and would let them through."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and scope["path"].startswith("/api") and LINE_BREAK.search(scope["path"]):
            await problem(404, "not-found", "There is nothing at this address.", "/api")(scope, receive, send)
            return
        await self._app(scope, receive, send)


class PageAddresses:
    """Serves a page at its address as the product writes it: the files of ``/sign-in`` lie in a folder of that name.

    Args:
        app: What serves the folders, and would send the browser to ``/sign-in/`` first.
        pages: The addresses that have one.
    """

    def __init__(self, app: ASGIApp, pages: Collection[str]) -> None:
        self._app = app
        self._pages = frozenset(pages)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and scope["path"] in self._pages:
            scope = {**scope, "path": scope["path"] + "/", "raw_path": scope["path"].encode() + b"/"}
        await self._app(scope, receive, send)


class _BodyTooLarge(BaseException):
    """Passes the framework's handlers, which catch Exception, on its way out to :class:`BodyLimit`."""


class _BodyTooSlow(BaseException):
    """Like `_BodyTooLarge`."""


def protect(app: ASGIApp, script_hashes: Iterable[str] = (), pages: Collection[str] = ()) -> ASGIApp:
    """``app`` behind everything in this module."""
    inner = BodyLimit(PlainPaths(PageAddresses(app, pages)))
    whole: ASGIApp = PlainCookies(RequestLog(SecurityHeaders(SocketGuard(inner), script_hashes)))
    if proxies := get_settings().trusted_proxies:
        return wrap_asgi_with_proxy_headers(whole, trusted_hosts=proxies.replace(" ", "").split(","))
    return whole


def script_hashes(web_folder: Path) -> list[str]:
    """The CSP sources that were found when the front end in ``web_folder`` was built; none without a build."""
    path = web_folder / "script-hashes.txt"
    return path.read_text().split() if path.exists() else []


def page_addresses(web_folder: Path) -> list[str]:
    """The addresses of the pages that were built into ``web_folder``, but for the first."""
    root = web_folder / "build" / "client"
    found = (path.parent.relative_to(root).as_posix() for path in root.glob("**/index.html"))
    return [f"/{address}" for address in found if address != "."]
