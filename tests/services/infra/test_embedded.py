"""Embedded servers as a user's machine has them: real processes that crash, hang on and must not be left behind."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
from redis.asyncio import Redis

from services.infra.embedded import CACHE_URL, STATE_URL, AlreadyRunning, Servers, assert_durable, lock, serving
from services.infra.process import Child, StartError, run_lines
from services.infra.settings import ROOT, get_settings

HOLDER = """
import asyncio, sys
from pathlib import Path
from services.infra import embedded
async def main():
    held = embedded.lock(Path(sys.argv[1]))
    servers = embedded.Servers(Path(sys.argv[1]), clickhouse=False)
    await servers.start()
    print("up", flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""


@pytest.fixture
def no_urls(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As on a machine where nothing is configured."""
    for name in ("DATABASE_URL", "REDIS_URL", "CLICKHOUSE_URL", STATE_URL, CACHE_URL):
        monkeypatch.setenv(name, "")  # so that what a test publishes is taken away again
        monkeypatch.delenv(name)
    get_settings.cache_clear()
    yield
    monkeypatch.undo()
    get_settings.cache_clear()


@pytest.fixture
def data(no_urls: None) -> Iterator[Path]:
    """A data folder whose path is longer than the name of a Unix socket may be."""
    with tempfile.TemporaryDirectory(prefix="mixline-embedded-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder) / ("long" * 20) / ("path" * 20)


@pytest.fixture
async def own_servers(data: Path) -> AsyncIterator[tuple[Servers, dict[str, str]]]:
    """PostgreSQL and Valkey on the long path."""
    held = lock(data)
    started = Servers(data, clickhouse=False)
    try:
        yield started, await started.start()
    finally:
        await started.stop()
        os.close(held)


def processes_on(data: Path) -> list[int]:
    """Process ids of servers that were started for this data folder."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and str(data).encode() in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
    return found


async def answers(url: str) -> bool:
    try:
        connection = await asyncpg.connect(url, timeout=2)
    except (OSError, asyncpg.PostgresError, TimeoutError):
        return False
    await connection.close()
    return True


async def test_the_servers_answer_on_a_long_path_and_the_database_is_durable(
    own_servers: tuple[Servers, dict[str, str]],
):
    _, urls = own_servers
    await assert_durable(urls["DATABASE_URL"])
    async with Redis.from_url(urls["REDIS_URL"]) as client:
        await client.set("k", "v")
        assert await client.get("k") == b"v"


async def test_pages_and_cache_fill_their_own_server_and_push_no_session_out(
    own_servers: tuple[Servers, dict[str, str]],
):
    """Anybody can open tabs and type into them; a full server forgets what it was asked for least."""
    _, urls = own_servers
    async with Redis.from_url(urls["REDIS_URL"]) as sessions, Redis.from_url(urls[STATE_URL]) as pages:
        for number in range(100):
            await sessions.set(f"session {number}", "v", ex=3600)
        for number in range(300):
            await pages.set(f"page {number}", b"x" * 1_000_000, ex=3600)
        assert await pages.dbsize() < 300
        assert await sessions.dbsize() == 100
    address, cache = urls[STATE_URL].rsplit("/", 1)[0], urls[CACHE_URL].rsplit("/", 1)[0]
    assert address == cache != urls["REDIS_URL"].rsplit("/", 1)[0]
    assert urls[STATE_URL] != urls[CACHE_URL], "who writes page state runs code"


async def test_nobody_gets_in_without_the_password(own_servers: tuple[Servers, dict[str, str]]):
    _, urls = own_servers
    address = urls["DATABASE_URL"].split("@")[1]
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(f"postgresql://mixline:guess@{address}", timeout=2)
    async with Redis.from_url("redis://" + urls["REDIS_URL"].split("@")[1]) as client:
        with pytest.raises(Exception, match="Authentication required"):
            await client.get("k")


async def test_the_endpoints_are_told_to_their_owner_only(own_servers: tuple[Servers, dict[str, str]]):
    started, urls = own_servers
    path = started.run / "endpoints.json"
    assert json.loads(path.read_text()) == urls
    assert path.stat().st_mode & 0o077 == 0


async def test_a_killed_database_is_back_and_has_lost_nothing(own_servers: tuple[Servers, dict[str, str]]):
    started, urls = own_servers
    connection = await asyncpg.connect(urls["DATABASE_URL"])
    await connection.execute("CREATE TABLE t (x int); INSERT INTO t VALUES (1)")
    postgres = next(child for child in started._children if child.name == "postgres")
    assert postgres.process is not None
    postgres.process.kill()
    connection.terminate()
    deadline = time.monotonic() + 30
    while not await answers(urls["DATABASE_URL"]):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)
    connection = await asyncpg.connect(urls["DATABASE_URL"])
    assert await connection.fetchval("SELECT x FROM t") == 1
    await connection.close()


async def test_a_second_start_on_the_same_folder_is_refused_with_the_first_ones_pid(data: Path):
    held = lock(data)
    with pytest.raises(AlreadyRunning) as refused:
        lock(data)
    assert refused.value.pid == os.getpid()
    os.close(held)
    os.close(lock(data))


async def test_a_killed_supervisor_leaves_no_process_behind(data: Path):
    holder = subprocess.Popen(  # noqa: ASYNC220 it has to be killed like any process
        [sys.executable, "-c", HOLDER, str(data)], cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert holder.stdout is not None
    assert await asyncio.to_thread(holder.stdout.readline) == "up\n"
    assert len(processes_on(data)) >= 2
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    holder.stdout.close()
    deadline = time.monotonic() + 15
    while processes_on(data):
        assert time.monotonic() < deadline, processes_on(data)
        await asyncio.sleep(0.1)


async def test_a_url_in_the_environment_replaces_the_server(data: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/db")
    get_settings.cache_clear()
    held = lock(data)
    servers = Servers(data, clickhouse=False)
    try:
        urls = await servers.start()
        assert urls["DATABASE_URL"] == "postgresql://elsewhere/db"
        assert sorted(child.name for child in servers._children) == ["pages", "valkey"]
    finally:
        await servers.stop()
        os.close(held)


async def test_page_state_lies_beside_a_redis_of_ones_own(data: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/db")
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere/0")
    get_settings.cache_clear()
    held = lock(data)
    servers = Servers(data, clickhouse=False)
    try:
        assert set(await servers.start()) == {"DATABASE_URL", "REDIS_URL"}
        assert not servers._children
    finally:
        await servers.stop()
        os.close(held)


async def test_a_database_that_may_forget_is_refused(server_urls: dict[str, str]):
    with pytest.raises(StartError, match="fsync"):
        await assert_durable(server_urls["DATABASE_URL"])


async def test_a_command_uses_the_servers_of_the_running_product(
    own_servers: tuple[Servers, dict[str, str]], data: Path, monkeypatch: pytest.MonkeyPatch
):
    _, urls = own_servers
    async with serving(data) as found:
        assert found == urls
    assert await answers(urls["DATABASE_URL"]), "a guest must not stop the servers"
    for name in urls:
        monkeypatch.delenv(name, raising=False)


async def test_a_child_that_never_gets_ready_is_stopped_and_its_log_is_told(tmp_path: Path):
    async def never() -> None:
        raise OSError("nobody listens")

    child = Child(
        "sleeper",
        lambda: ["/bin/sh", "-c", "echo the reason; exec sleep 60"],
        never,
        tmp_path / "log",
        ready_timeout_s=0.5,
    )
    with pytest.raises(StartError, match="the reason"):
        await child.start()
    assert child.process is None


async def test_a_child_that_ends_is_started_again(tmp_path: Path):
    async def ready() -> None:
        return None

    child = Child("short", lambda: ["/bin/sh", "-c", "echo started"], ready, tmp_path / "log")
    await child.start()
    deadline = time.monotonic() + 10
    while (tmp_path / "log").read_text().count("started") < 3:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
    await child.stop()


async def test_a_child_that_ignores_the_stop_signal_is_killed(tmp_path: Path):
    async def ready() -> None:
        assert (tmp_path / "log").read_text()

    child = Child(
        "stubborn",
        lambda: ["/bin/sh", "-c", "trap '' TERM; echo up; sleep 60 & wait; wait"],
        ready,
        tmp_path / "log",
        grace_s=0.3,
    )
    await child.start()
    started = time.monotonic()
    await child.stop()
    assert time.monotonic() - started < 3


async def test_a_cancelled_command_ends(tmp_path: Path):
    lines: list[str] = []
    running = asyncio.create_task(
        run_lines(["/bin/sh", "-c", "echo $$; exec sleep 60"], lines.append, os.environ, tmp_path)
    )
    while not lines:
        await asyncio.sleep(0.01)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    assert not Path(f"/proc/{lines[0]}").exists()
