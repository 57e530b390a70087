"""Health and metrics: ``/health`` reports, ``/health/ready`` decides about traffic, ``/health/live`` about the process.

PostgreSQL is needed to serve. Without Redis or ClickHouse the product is degraded, not down.
"""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import Awaitable, Callable

import numpy as np
from fastapi import APIRouter
from sqlalchemy import text
from starlette.responses import JSONResponse, Response

from services.infra import metrics
from services.infra.clickhouse import clickhouse
from services.infra.db import transaction
from services.infra.errors import Unavailable
from services.infra.redis import cache_redis, page_redis, redis
from services.infra.settings import ROOT

CHECK_S = 2.0

router = APIRouter(include_in_schema=False)
stopping = asyncio.Event()


async def _database() -> None:
    async with transaction() as db:
        await db.execute(text("SELECT 1"))


async def _redis() -> None:
    for client in (redis(), page_redis(), cache_redis()):
        await client.execute_command("PING")


async def _clickhouse() -> None:
    await clickhouse().ping()


async def solver_answers() -> None:
    """The solver's compiled kernels rank a hand, in a thread as every solve does; the first call loads them.

    Raises:
        Unavailable: They don't.
    """

    def best_rank() -> int:
        from solver.hand_rank import rank_board  # noqa: PLC0415 numba takes a second to import

        return int(rank_board((48, 44, 40, 36, 0), np.arange(1326)).max())  # Ac Kc Qc Jc 2c

    if await asyncio.to_thread(best_rank) <= 0:
        raise Unavailable("the solver ranks no hand")


_CHECKS: dict[str, tuple[Callable[[], Awaitable[None]], str, str]] = {
    "database": (_database, "connected", "disconnected"),
    "redis": (_redis, "connected", "disconnected"),
    "clickhouse": (_clickhouse, "connected", "disconnected"),
    "ai_service": (solver_answers, "responding", "not responding"),
}


_asked: dict[Callable[[], Awaitable[None]], asyncio.Task[bool]] = {}


async def _state(check: Callable[[], Awaitable[None]], good: str, bad: str) -> str:
    """Whoever asks while a check runs gets its answer: however many ask, they take one connection."""
    task = _asked.get(check)
    if task is None or task.done() or task.get_loop() is not asyncio.get_running_loop():
        task = _asked[check] = asyncio.create_task(_passes(check))
    return good if await asyncio.shield(task) else bad


async def _passes(check: Callable[[], Awaitable[None]]) -> bool:
    try:
        await asyncio.wait_for(check(), CHECK_S)
    except Exception:  # noqa: BLE001 a report has to be made whatever broke
        return False
    return True


def version() -> str:
    """The product's version out of pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


async def report() -> dict[str, object]:
    """State of every dependency and of the whole."""
    states = await asyncio.gather(*(_state(*check) for check in _CHECKS.values()))
    dependencies = dict(zip(_CHECKS, states, strict=True))
    good = {name: state == _CHECKS[name][1] for name, state in dependencies.items()}
    status = "unhealthy" if not good["database"] else "healthy" if all(good.values()) else "degraded"
    return {"status": status, "dependencies": dependencies, "version": version()}


@router.get("/health")
async def health() -> JSONResponse:
    """The whole product: 503 only when it can't serve."""
    state = await report()
    return JSONResponse(state, status_code=503 if state["status"] == "unhealthy" else 200)


@router.get("/health/live")
async def live() -> JSONResponse:
    """The process answers; touches no dependency."""
    return JSONResponse({"status": "alive"})


@router.get("/health/ready")
async def ready() -> JSONResponse:
    """Whether to send traffic here."""
    if stopping.is_set():
        return JSONResponse({"status": "stopping"}, status_code=503)
    up = await _state(_database, "ready", "not ready")
    return JSONResponse({"status": up}, status_code=200 if up == "ready" else 503)


@router.get("/metrics")
async def exposition() -> Response:
    """Metrics for Prometheus."""
    return Response(metrics.render(), media_type="text/plain; version=0.0.4; charset=utf-8")
