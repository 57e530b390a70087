"""Real servers for tests: one PostgreSQL and one Valkey for a whole run, a database of its own for every xdist worker.

A holder process starts them at first need and ends them when the pytest process that runs everything (the xdist
controller) ends, so that an interrupted run leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from services.infra import db as infra_db
from services.infra import kernel_cache
from services.infra import redis as infra_redis
from services.infra.embedded import publish_urls
from services.infra.settings import ROOT

TEMPLATE = "mixline_template"

kernel_cache.configure()
# Keys that are made at first need are not the developer's own.
os.environ["MIXLINE_DATA"] = tempfile.mkdtemp(prefix="mixline-tests-data-")


def _worker() -> tuple[str, int]:
    """Name and number of this xdist worker; ("main", 0) without xdist."""
    name = os.environ.get("PYTEST_XDIST_WORKER", "main")
    return name, int(name.removeprefix("gw")) if name.startswith("gw") else 0


@pytest.fixture(scope="session")
def servers() -> dict[str, str]:
    """URLs of this run's servers; the database is the one to copy for a worker."""
    controller = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
    data = Path(tempfile.gettempdir()) / f"mixline-tests-{os.getuid()}-{controller}"
    endpoints = data / "run" / "endpoints.json"
    with data.with_suffix(".lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not endpoints.exists():
            # The database of the developer's own product is never a test's database.
            environment = {
                k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "REDIS_URL", "CLICKHOUSE_URL")
            }
            # Not subprocess: the holder outlives this worker on purpose, and pytest counts a forgotten Popen as a leak.
            log = os.open(data.with_suffix(".log"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            holder = os.posix_spawn(
                sys.executable,
                [sys.executable, "-m", "services.infra.embedded", str(data), str(controller)],
                environment | {"PYTHONPATH": str(ROOT)},
                file_actions=[(os.POSIX_SPAWN_DUP2, log, 1), (os.POSIX_SPAWN_DUP2, log, 2)],
                setsid=True,
            )
            os.close(log)
            deadline = time.monotonic() + 90
            while not endpoints.exists():
                ended, _ = os.waitpid(holder, os.WNOHANG)
                assert not ended, f"the test servers ended: {data.with_suffix('.log').read_text()}"
                assert time.monotonic() < deadline, "the test servers did not start"
                time.sleep(0.05)
            urls = json.loads(endpoints.read_text())
            asyncio.run(_migrate_template(urls["DATABASE_URL"]))
    return json.loads(endpoints.read_text())


async def _admin(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url.rsplit("/", 1)[0] + "/postgres")
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def _migrate_template(url: str) -> None:
    await _admin(url, f"CREATE DATABASE {TEMPLATE}")
    await asyncio.to_thread(upgrade, url.rsplit("/", 1)[0] + f"/{TEMPLATE}")


def upgrade(url: str, revision: str = "head") -> None:
    """Migrate the database at ``url``."""
    subprocess.run(
        [sys.executable, "-m", "alembic", "-q", "upgrade", revision],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": url},
        check=True,
    )


@pytest.fixture(scope="session")
def server_urls(servers: dict[str, str]) -> Iterator[dict[str, str]]:
    """URLs of this worker's own database and Redis databases, which are also the settings of the process."""
    name, number = _worker()
    base = servers["DATABASE_URL"].rsplit("/", 1)[0]
    database = f"mixline_{name}"
    asyncio.run(
        _admin(
            servers["DATABASE_URL"],
            f"DROP DATABASE IF EXISTS {database} WITH (FORCE)",
            f"CREATE DATABASE {database} TEMPLATE {TEMPLATE}",
        )
    )
    redis_base = servers["REDIS_URL"].rsplit("/", 1)[0]
    urls = {
        "DATABASE_URL": f"{base}/{database}",
        "REDIS_URL": f"{redis_base}/{2 * number}",
        "MIXLINE_STATE_REDIS_URL": f"{redis_base}/{2 * number + 1}",
    }
    before = {key: os.environ.get(key) for key in urls}
    publish_urls(urls)
    yield urls
    for key, value in before.items():
        if value is None:
            os.environ.pop(key, None)
        else:
            os.environ[key] = value
    publish_urls({})


@pytest.fixture(scope="session")
async def database(server_urls: dict[str, str]) -> AsyncIterator[AsyncEngine]:
    """The engine on this worker's migrated database; transactions really commit. Prefer ``db``."""
    engine = infra_db.engine()
    yield engine
    await engine.dispose()
    await infra_db.dispose()  # another one when a test replaced it


@pytest.fixture
async def db(database: AsyncEngine) -> AsyncIterator[AsyncSession]:
    """A session whose work is rolled back after the test; ``transaction()`` of the code under test uses it too."""
    async with database.connect() as connection:
        outer = await connection.begin()
        session = AsyncSession(connection, expire_on_commit=False, join_transaction_mode="create_savepoint")

        @asynccontextmanager
        async def nested() -> AsyncIterator[AsyncSession]:
            async with session.begin_nested():
                yield session

        infra_db.session_override = nested
        try:
            yield session
        finally:
            infra_db.session_override = None
            await session.close()
            await outer.rollback()


@pytest.fixture
async def committed(database: AsyncEngine) -> AsyncIterator[AsyncEngine]:
    """For tests that need real, concurrent transactions: every table is emptied afterwards."""
    yield database
    for left in (2, 1, 0):
        try:
            await _empty(database)
            return
        except DBAPIError as error:  # a statement of the test's that still ended took the tables in another order
            if not left or getattr(error.orig, "sqlstate", "") != "40P01":
                raise


async def _empty(database: AsyncEngine) -> None:
    async with database.begin() as connection:
        await connection.execute(text("SET LOCAL session_replication_role = replica"))  # the append-only trigger rests
        tables = await connection.scalars(
            text(
                "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables "
                "WHERE schemaname NOT IN ('pg_catalog', 'information_schema', 'public')"
            )
        )
        await connection.execute(text(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY CASCADE"))


@pytest.fixture
async def redis_server(server_urls: dict[str, str]) -> AsyncIterator[str]:
    """The URL of this worker's Redis database, empty."""
    await infra_redis.redis().flushdb()
    yield server_urls["REDIS_URL"]
    await infra_redis.redis().flushdb()


@pytest.fixture
def logs_as_before() -> Iterator[None]:
    """For tests that send the logs elsewhere: to a stream that is closed when they are over."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture(autouse=True)
async def no_client_left() -> AsyncIterator[None]:
    """Closes what a test opened, and fails one that left a client of a loop that is over to whichever test is next."""
    yield
    await infra_redis.close()
