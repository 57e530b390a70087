"""Every error of the API as an envelope: the one map from exceptions to answers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from app.api.envelope import problem
from services.infra.errors import DomainError, FieldError, TooMany
from services.infra.log import log
from solver.errors import Cancelled, SpotError, TooLarge

MOST_ERRORS = 50
"""Of one request that are told; the rest would bury them."""
UNSTORABLE = "22021"
_SLUGS = {
    400: "bad-request",
    404: "not-found",
    405: "method-not-allowed",
    413: "too-large",
    415: "unsupported-media-type",
}


async def _domain(request: Request, error: DomainError) -> Response:
    headers = {"Retry-After": str(error.retry_after_s), **error.headers} if isinstance(error, TooMany) else None
    if error.status == 503:
        headers = {"Retry-After": "2"}
    if error.status == 401:
        headers = {"WWW-Authenticate": 'Bearer realm="Mixline"'}
    return problem(error.status, error.code, error.message, request.url.path, error.errors, headers)


async def _spot(request: Request, error: SpotError) -> Response:
    fields = [FieldError(p.path, p.message, p.position) for p in error.problems]
    return problem(422, "invalid-spot", "The spot was refused.", request.url.path, fields)


async def _too_large(request: Request, error: TooLarge) -> Response:
    return problem(422, "solve-too-large", f"The tree is too large: {error}.", request.url.path)


async def _cancelled(request: Request, _error: Cancelled) -> Response:
    return problem(409, "cancelled", "The solve was cancelled.", request.url.path)


def _allowed(request: Request) -> str:
    """What ``Allow`` says: the documented methods at this address, a literal one before those with parameters."""
    path = request.url.path.removeprefix(request.scope.get("root_path", ""))
    paths: dict[str, dict[str, Any]] = request.app.openapi()["paths"]
    here = [paths[path]] if path in paths else [one for form, one in paths.items() if _fits(form, path)]
    return ", ".join(sorted({method.upper() for methods in here for method in methods}))


def _fits(form: str, path: str) -> bool:
    return re.fullmatch(re.sub(r"\\\{.*?\\\}", "[^/]+", re.escape(form)), path) is not None


async def _validation(request: Request, error: RequestValidationError) -> Response:
    errors = error.errors()
    # `GET /solves/estimate` is no solve of that name: the address is another route's, which has no such method.
    if any(one["loc"][:1] == ("path",) for one in errors):
        allowed = _allowed(request)
        if request.method not in allowed.split(", "):
            return await _http(request, HTTPException(405))
    return problem(422, "invalid", "The request was refused.", request.url.path, field_errors(errors[:MOST_ERRORS]))


def field_errors(errors: Sequence[Any]) -> list[FieldError]:
    """Pydantic's errors with paths as a client writes them: ``body`` itself is left out, values are never repeated."""
    found: list[FieldError] = []
    for error in errors:
        place = [str(part) for part in error["loc"]]
        message = re.sub(r"^(Value|Assertion) error, ", "", error["msg"])
        position = error["loc"][-1] if error["type"] == "json_invalid" and isinstance(error["loc"][-1], int) else None
        path = "" if position is not None else ".".join(place[1:] if place[:1] == ["body"] else place)
        found.append(FieldError(path, message, position))
    return found


async def _http(request: Request, error: HTTPException) -> Response:
    slug = _SLUGS.get(error.status_code, "error")
    detail = (
        error.detail
        if error.status_code not in (404, 405) or error.detail not in ("Not Found", "Method Not Allowed")
        else ""
    )
    if error.status_code == 404:
        detail = detail or f"There is nothing at {request.url.path}."
    if error.status_code == 405:
        detail = detail or f"{request.method} is not possible here."
    headers = dict(error.headers) if error.headers else None
    if error.status_code == 405:
        headers = {"Allow": _allowed(request)}
    return problem(error.status_code, slug, detail, request.url.path, headers=headers)


async def _database(request: Request, error: DBAPIError) -> Response:
    """A text that no database stores (a NUL) is the caller's mistake, wherever it was not caught before."""
    if getattr(error.orig, "sqlstate", None) == UNSTORABLE:
        return problem(422, "invalid", "A text holds a character that can't be stored.", request.url.path)
    return await _unexpected(request, error)


async def _unexpected(request: Request, error: Exception) -> Response:
    log.error("request_failed", path=request.url.path, exc_info=error)
    return problem(500, "internal", "Something went wrong here; it was logged.", request.url.path)


def install(api: FastAPI) -> None:
    """Answer every error of ``api`` in the envelope."""
    for kind, handler in (
        (DomainError, _domain),
        (SpotError, _spot),
        (TooLarge, _too_large),
        (Cancelled, _cancelled),
        (RequestValidationError, _validation),
        (HTTPException, _http),
        (DBAPIError, _database),
        (Exception, _unexpected),
    ):
        api.add_exception_handler(kind, handler)  # type: ignore[arg-type]  # each takes its own kind of error
