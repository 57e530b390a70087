"""What runs beside the requests for as long as the server does, and the projectors that have to be known to it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import sentry_sdk

import services.ratings.projector
import services.reviews.projections
import services.solutions.erasure
import services.training.projections  # noqa: F401 registers its projectors, as the lines above do
from app.api import health
from services.accounts.worker import run_accounts
from services.analytics.sink import run_sink
from services.audit.anchor import run_anchor
from services.infra import activity, db, metrics, process, redis
from services.infra.log import log
from services.infra.settings import get_settings
from services.mail.service import run_mail
from services.solutions.growth import run_growth
from services.solutions.worker import run_worker
from services.training.worker import run_ranked, run_training

TASKS: tuple[Callable[[], Awaitable[None]], ...] = (
    run_training,
    run_ranked,
    run_worker,
    activity.run_activity,
    run_growth,
    run_sink,
    run_accounts,
    run_mail,
    metrics.watch_loop,
    run_anchor,
)
RESTART_S = 5.0


async def _keep_running(task: Callable[[], Awaitable[None]]) -> None:
    """Run ``task`` until cancelled; one that fails is logged and starts again."""
    while True:
        try:
            await task()
        except Exception as error:  # noqa: BLE001 the others go on
            log.error("background_task_failed", task=task.__name__, exc_info=error)
        await asyncio.sleep(RESTART_S)


@asynccontextmanager
async def lifespan() -> AsyncIterator[None]:
    """Everything between the server's start and its end."""
    settings = get_settings()
    if os.environ.get("MIXLINE_SUPERVISED"):
        process.die_with_parent(signal.SIGTERM)
    if settings.sentry_dsn.get_secret_value():
        sentry_sdk.init(settings.sentry_dsn.get_secret_value(), send_default_pii=False)
    loading = asyncio.create_task(health.solver_answers(), name="load the solver")
    running = [asyncio.create_task(_keep_running(task), name=task.__name__) for task in TASKS]
    log.info("server_started", pid=os.getpid())
    try:
        yield
    finally:
        health.stopping.set()
        for task in (loading, *running):
            task.cancel()
        await asyncio.wait((loading, *running), timeout=5)
        await redis.close()
        await db.dispose()
        log.info("server_stopped")
