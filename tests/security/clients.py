"""The whole server of REST and middleware in the test's process, and everything its document names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI
from starlette.routing import Mount
from starlette.types import ASGIApp

from app.api.middleware import protect
from tests.api.conftest import Browser

ORIGIN = "http://mixline.test"
SECURE = "https://mixline.test"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
NOBODYS_ID = "01890000-0000-7000-8000-000000000000"


def calls(api: FastAPI, fill: Any = NOBODYS_ID) -> Iterator[tuple[str, str]]:
    """Every documented call as method and address; ``fill`` is a value or a function of a parameter's name."""
    value = fill if callable(fill) else lambda _name: fill
    for mount in (route for route in api.routes if isinstance(route, Mount)):
        for path, methods in mount.app.openapi()["paths"].items():  # type: ignore[attr-defined]
            filled = re.sub(r"\{([^}]*)\}", lambda found: str(value(found[1])), path)
            for method in sorted(methods.keys() & {"get", "post", "put", "patch", "delete"}):
                yield method.upper(), mount.path + filled


def unsafe(api: FastAPI) -> list[tuple[str, str]]:
    """Every documented call that changes something."""
    return [(method, path) for method, path in calls(api) if method not in SAFE]


def whole(api: FastAPI) -> ASGIApp:
    """The REST API behind everything a request passes."""
    return protect(api, ["'sha256-abc='"])


@asynccontextmanager
async def client(app: ASGIApp, origin: str = ORIGIN, address: str = "192.0.2.1", **options: Any):
    """A client that sends what it is told and nothing else."""
    transport = httpx.ASGITransport(app, client=(address, 4000), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=origin, **options) as opened:
        yield opened


def cookie_header(browser: Browser) -> str:
    """All cookies a browser holds."""
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.http.cookies.jar)
