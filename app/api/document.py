"""The OpenAPI document with the statuses that each route really has, which no ``default`` hides.

A status belongs to a route by what the route is made of: what it reads, what it changes, whom it asks for. What only
one route does stands at that route as ``responses=``.
"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

ERROR = {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorEnvelope"}}}
TEXTS = {
    "400": "The request could not be read",
    "401": "There is no session, or it may not do this",
    "403": "From another site, without the CSRF token, or not allowed to this caller",
    "404": "There is no such thing, or none that the caller may see",
    "408": "The body did not arrive in time",
    "409": "It was changed, answered or taken meanwhile",
    "413": "The body is too long",
    "414": "The address is longer than 64 KiB; without a body",
    "415": "The body is of another type",
    "422": "A field was refused",
    "429": "Over a limit; Retry-After says when to come back",
    "503": "A server behind the product does not answer",
}
UNSAFE = ("post", "put", "patch", "delete")


def statuses(method: str, path: str, operation: dict[str, Any]) -> list[str]:
    """The error statuses of an operation."""
    found = ["401", "403", "429", "503"]
    if method in UNSAFE:
        found += ["408", "409", "413"]
    if "{" in path or "requestBody" in operation:  # a body may name things as well
        found.append("404")
    if operation.get("parameters") or "requestBody" in operation:
        found += ["400", "414", "422"]
    return sorted({*found, *operation["responses"]} - {"default"})


def _response(status: str) -> dict[str, Any]:
    # an address of 64 KiB is refused by the server before anything here sees it
    return {"description": TEXTS[status]} | ({} if status == "414" else {"content": ERROR})


def install(api: FastAPI) -> None:
    """Give ``api`` its document."""

    def document() -> dict[str, Any]:
        if api.openapi_schema is None:
            made = get_openapi(title=api.title, version=api.version, description=api.description, routes=api.routes)
            for path, operations in made["paths"].items():
                for method, operation in operations.items():
                    held = operation["responses"]
                    operation["responses"] = {
                        status: _response(status) if status in TEXTS else held[status]
                        for status in statuses(method, path, operation)
                    }
            made["servers"] = [{"url": "/api"}]
            api.openapi_schema = made
        return api.openapi_schema

    api.openapi = document
