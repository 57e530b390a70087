"""The limit on calls of the REST API: per caller and per network address, told in the fields of every answer.

The caller is the session or the personal token as it was sent, so that it need not be looked up first; a made-up one
wins nothing, because its address is counted as well. Routes that are worth attacking have limits of their own on top
(`services.accounts.throttle`). Live feeds stay open, so they are counted as well, by address.
"""

from __future__ import annotations

from collections import Counter

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.envelope import problem
from services.accounts.sessions import session_secret
from services.infra.log import log
from services.infra.rate_limits import Limit, Verdict, address_of, take
from services.infra.settings import get_settings

WINDOW_S = 60
STREAM = "/events"


class RateLimit:
    """ASGI: at most so many calls a minute, and how many are left in ``RateLimit``."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._streams: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        verdict = await self._verdict(scope)
        if not verdict.passed:
            log.warning("request_refused", reason="rate", limit=verdict.limit.name, path=scope["path"])
            text = "Too many calls. Wait before you call again."
            await problem(429, "too-many", text, scope["path"], headers=verdict.fields)(scope, receive, send)
            return

        address = address_of(scope)
        streams = scope["path"].endswith(STREAM)
        if streams and self._streams[address] >= get_settings().streams_per_address:
            log.warning("request_refused", reason="streams", path=scope["path"])
            text = "Too many live feeds are open. Close one first."
            headers = {"Retry-After": "5"}
            await problem(429, "too-many-feeds", text, scope["path"], headers=headers)(scope, receive, send)
            return

        async def send_with_fields(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if "ratelimit" not in headers:  # a route's own limit says more
                    headers.update(verdict.fields)
            await send(message)

        if streams:
            self._streams[address] += 1
        try:
            await self._app(scope, receive, send_with_fields)
        finally:
            if streams:
                self._streams[address] -= 1
                self._streams += Counter()  # forgets whoever has none

    @staticmethod
    async def _verdict(scope: Scope) -> Verdict:
        """The caller's own limit; the address's where that refuses, or where the caller sent no credential."""
        settings = get_settings()
        by_address = await take(Limit("address", settings.api_calls_per_address, WINDOW_S), address_of(scope))
        headers = Headers(scope=scope)
        caller = headers.get("authorization") or session_secret("; ".join(headers.getlist("cookie")))
        if not by_address.passed or not caller:
            return by_address
        return await take(Limit("caller", settings.api_calls_per_caller, WINDOW_S), caller)
