"""Idempotency-Key: a call whose reply was lost is repeated without being done again.

A route class. The first call with a key is done and its reply kept for `KEPT_S`; the same call again by the same caller
gets that reply, cookies and one-time secrets included. A call that was refused is not kept: it has done nothing.

Replies lie in Redis, sealed under the caller's own secret, which Redis does not hold: a copy of it opens none. The
caller is known by that secret and not by the session, which the first call may have ended (signing in gives another).
With Redis lost a repeated call is done again, as one without a key.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Awaitable, Callable, Coroutine
from typing import Annotated, Any, Final, cast
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from fastapi import Depends, Header, Request, Response
from fastapi.routing import APIRoute

from app.api.session_cookies import bearer
from services.accounts import sessions
from services.accounts.session_records import OUTAGES, REDIS_TIMEOUT_S, SessionsUnavailable
from services.infra.errors import Conflict, FieldError, Invalid
from services.infra.log import get_logger
from services.infra.redis import redis

log = get_logger()

KEPT_S: Final = 600
UNDER_WAY_S: Final = 60
"""After this a call that never ended, because the server did, may be tried again."""
HEADER: Final = "Idempotency-Key"
_KEY: Final = "mixline:idempotency:"
_FINGERPRINT: Final = 32
_NONCE: Final = 12


def _declared(
    _key: Annotated[
        UUID | None, Header(alias=HEADER, description="A random UUID: the same call with it again is done once.")
    ] = None,
) -> None:
    """For the document, and to refuse what is no UUID."""


_DECLARED: Final = Depends(_declared)


class IdempotentRoute(APIRoute):
    """A route whose POST takes an ``Idempotency-Key``: ``APIRouter(route_class=IdempotentRoute)``."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        held = list(options.pop("dependencies", None) or [])
        if "POST" in (options.get("methods") or ()) and _DECLARED not in held:
            held.append(_DECLARED)
        super().__init__(path, endpoint, dependencies=held, **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's own handler, behind the look for a reply that was given before."""
        handle = super().get_route_handler()

        async def once(request: Request) -> Response:
            call = await _Call.of(request) if request.method == "POST" else None
            if call is None:
                return await handle(request)
            return await call.replayed() or await call.done(handle, request)

        return once


class _Call:
    """One call with a key, by whoever holds the secret."""

    def __init__(self, secret: bytes, key: UUID, path: str, body: bytes) -> None:
        place = f"{path}\0{key}".encode()
        self._name = _KEY + hmac.new(secret, b"name\0" + place, "sha256").hexdigest()
        self._box = AESGCM(hmac.new(secret, b"seal\0" + place, "sha256").digest())
        self._fingerprint = hmac.new(secret, b"body\0" + body, hashlib.sha256).digest()

    @classmethod
    async def of(cls, request: Request) -> _Call | None:
        """The call, or None for one without a good key or a caller."""
        secret = bearer(request.headers) or sessions.session_secret("; ".join(request.headers.getlist("cookie")))
        try:
            key = UUID(request.headers.get(HEADER, ""))
        except ValueError:
            return None
        return None if secret is None else cls(secret.encode(), key, request.url.path, await request.body())

    async def replayed(self) -> Response | None:
        """The reply that was given before; None: nobody has made this call, and now it is ours.

        Raises:
            Invalid: The key was used for another body.
            Conflict: The first call is still under way.
            SessionsUnavailable: Redis does not answer.
        """
        try:
            async with asyncio.timeout(REDIS_TIMEOUT_S):
                if await redis().set(self._name, self._fingerprint, nx=True, ex=UNDER_WAY_S):
                    return None
                kept = await cast("Awaitable[bytes | None]", redis().get(self._name)) or self._fingerprint
        except OUTAGES as error:
            raise SessionsUnavailable from error
        if not hmac.compare_digest(kept[:_FINGERPRINT], self._fingerprint):
            text = "The key was used for another call."
            raise Invalid(text, code="idempotency-key-reused", errors=[FieldError(HEADER, text)])
        sealed = kept[_FINGERPRINT:]
        if not sealed:
            raise Conflict("The same call is under way. Ask again in a moment.", code="call-under-way")
        status, headers, body = json.loads(self._box.decrypt(sealed[:_NONCE], sealed[_NONCE:], None))
        answer = Response(base64.b64decode(body), status)
        answer.raw_headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        answer.headers["Idempotency-Replayed"] = "true"
        return answer

    async def done(self, handle: Callable[[Request], Awaitable[Response]], request: Request) -> Response:
        """Make the call and keep its reply."""
        try:
            answer = await handle(request)
        except Exception:
            await self._put(None)
            raise
        headers = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in answer.raw_headers]
        reply = json.dumps([answer.status_code, headers, base64.b64encode(answer.body).decode()])
        nonce = secrets.token_bytes(_NONCE)
        sealed = self._fingerprint + nonce + self._box.encrypt(nonce, reply.encode(), None)
        await self._put(sealed if answer.status_code < 400 else None)
        return answer

    async def _put(self, value: bytes | None) -> None:
        """Keep the reply, or let the key go; what is done is done, with or without Redis."""
        try:
            async with asyncio.timeout(REDIS_TIMEOUT_S):
                if value is None:
                    await redis().delete(self._name)
                else:
                    await redis().set(self._name, value, ex=KEPT_S)
        except OUTAGES:
            log.warning("reply_not_kept")
