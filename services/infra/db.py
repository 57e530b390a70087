"""PostgreSQL: one engine for the process and the only way to open a transaction.

Handlers, routes and workers open the transaction; services take the session and never commit. A server that is gone or
hangs becomes :class:`Unavailable` within the time-outs below, so that no request waits longer than about three seconds
for it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import lru_cache
from typing import Any

import asyncpg
from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from services.infra import tasks
from services.infra.errors import Unavailable
from services.infra.settings import get_settings
from services.infra.waiting import Share, caller, crowd, visitors_at

CONNECT_TIMEOUT_S = 2.0
COMMAND_TIMEOUT_S = 3.0
POOL_TIMEOUT_S = 2.0

OF_ONE = 4
"""Connections that one caller may hold at a time: calls that take long must leave the others theirs."""
_share = Share(OF_ONE, COMMAND_TIMEOUT_S)


@lru_cache(maxsize=1)
def _of_crowds() -> Share:
    """What one crowd may hold together: half of the connections that there can be. Callers cost nothing to make."""
    return Share(get_settings().database_pool, COMMAND_TIMEOUT_S)


@lru_cache(maxsize=1)
def _of_visitors_at() -> Share:
    """What those of a visitors' crowd who come from one address may hold of its part: half."""
    return Share(max(1, get_settings().database_pool // 2), COMMAND_TIMEOUT_S)


_CONNECTION_ERRORS = (asyncpg.InterfaceError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError)

# Tests put a session here whose work is rolled back; None: every transaction is its own.
session_override: Callable[[], AbstractAsyncContextManager[AsyncSession]] | None = None


def async_url(url: str) -> URL:
    """``url`` with the asyncpg driver, whatever driver it names or omits."""
    return make_url(url).set(drivername="postgresql+asyncpg")


@lru_cache(maxsize=1)
def engine() -> AsyncEngine:
    """The engine of this process.

    Raises:
        Unavailable: No database is configured.
    """
    settings = get_settings()
    url = settings.database_url.get_secret_value()
    if not url:
        raise Unavailable("no database is configured: start the product with ./mixline up or set DATABASE_URL")
    return create_async_engine(
        async_url(url),
        pool_size=settings.database_pool,
        max_overflow=settings.database_pool,
        pool_timeout=POOL_TIMEOUT_S,
        pool_pre_ping=True,
        connect_args={"timeout": CONNECT_TIMEOUT_S, "command_timeout": COMMAND_TIMEOUT_S},
    )


async def dispose() -> None:
    """Close every connection; the next :func:`engine` starts afresh."""
    if engine.cache_info().currsize:
        await engine().dispose()
        engine.cache_clear()


def _is_outage(error: BaseException) -> bool:
    """Whether the driver could not reach the server; errors of the code inside a transaction pass as they are."""
    if isinstance(error, DBAPIError):
        cause = error.orig.__cause__ if error.orig is not None else None
        return (
            error.connection_invalidated
            or isinstance(error, (OperationalError, InterfaceError))
            or isinstance(cause, (*_CONNECTION_ERRORS, OSError, TimeoutError))
        )
    if isinstance(error, (PoolTimeout, *_CONNECTION_ERRORS)):
        return True
    # A refused or timed-out attempt to connect comes as a plain OSError or TimeoutError out of asyncpg itself.
    step = error.__traceback__
    while step is not None:
        if step.tb_frame.f_globals.get("__name__", "").startswith("asyncpg."):
            return True
        step = step.tb_next
    return False


@asynccontextmanager
async def outages_as_unavailable() -> AsyncGenerator[None]:
    """Turn the driver's ways to say "no server" into :class:`Unavailable`."""
    try:
        yield
    except (DBAPIError, PoolTimeout, OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        if _is_outage(error):
            raise Unavailable("the database does not answer") from error
        raise


@asynccontextmanager
async def transaction() -> AsyncGenerator[AsyncSession]:
    """One transaction: commits at the end of the block, rolls back when the block raises.

    Raises:
        Unavailable: The database does not answer.
        TooMany: The caller's other calls, or those of his crowd, hold as many connections as they may, and keep them.
    """
    if session_override is not None:
        async with session_override() as session:
            yield session
        return
    async with (
        _share.part(caller()),
        _of_visitors_at().part(f"{crowd()} at {visitors_at()}" if visitors_at() else ""),
        _of_crowds().part(crowd()),
        outages_as_unavailable(),
        AsyncSession(engine(), expire_on_commit=False) as session,
        session.begin(),
    ):
        yield session


def after_commit(db: AsyncSession, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Start ``work`` when the transaction of ``db`` has committed; never before, and nobody waits for it."""
    event.listen(db.sync_session, "after_commit", lambda _session: tasks.soon(work()), once=True)
