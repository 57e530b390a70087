"""`mixline up`: servers, migrations, front end, compiled solver, and then the product until it is asked to stop."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import socket
import sys
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from app import frontend
from app.commands.migrate import upgrade
from services.infra import kernel_cache, log
from services.infra.embedded import AlreadyRunning, Servers, assert_durable, lock, publish_urls
from services.infra.process import Child, StartError
from services.infra.settings import Settings, get_settings

ALREADY_RUNNING = 3
STOP_WEB_S = 10.0

T = TypeVar("T")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: ./mixline up --port 8080")(up)


def up(port: Annotated[int | None, typer.Option(help="Port of the product.", min=1, max=65535)] = None) -> None:
    """Start the product; Ctrl-C stops it."""
    if port is not None:
        os.environ["MIXLINE_PORT"] = str(port)
        get_settings.cache_clear()
    settings = get_settings()
    log.configure("warning")
    kernel_cache.configure()
    try:
        held = lock(settings.data_folder)
        try:
            asyncio.run(_Product(settings).run())
        finally:
            os.close(held)
    except AlreadyRunning as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(ALREADY_RUNNING) from None
    except StartError as error:
        typer.echo(f"Mixline could not start: {error}", err=True)
        raise typer.Exit(1) from None


class _Product:
    """One run of the product on one data folder."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._servers = Servers(settings.data_folder)
        self._web: Child | None = None
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Start, serve until a signal comes, stop in order.

        Raises:
            StartError: Something did not start; what had started is stopped.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop.set)
        _refuse_used_port(self._settings)
        starting = asyncio.create_task(self._start())
        stopping = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                starting.result()
                await stopping
        finally:
            started = time.monotonic()
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
            if self._web is not None:
                await self._web.stop()
            await self._servers.stop()
            typer.echo(f"Stopped in {time.monotonic() - started:.1f} s.")

    async def _start(self) -> None:
        build = asyncio.create_task(_step("Front end", frontend.build(_say("Front end"))))
        compile_ = asyncio.create_task(_step("Solver", kernel_cache.warm(_say("Solver"))))
        try:
            urls = await _step("Databases", self._servers.start())
            publish_urls(urls)
            await assert_durable(urls["DATABASE_URL"])
            await _step("Migrations", upgrade())
            web_folder = await build
            await compile_
        except BaseException:
            build.cancel()
            compile_.cancel()
            await asyncio.gather(build, compile_, return_exceptions=True)
            raise
        self._web = self._web_child(web_folder)
        await _step("Server", self._web.start())
        typer.echo(f"\nMixline is ready: http://localhost:{self._settings.port}   (Ctrl-C stops it)")

    def _web_child(self, web_folder: Path) -> Child:
        settings = self._settings
        url = f"http://127.0.0.1:{settings.port}/health/live"

        async def ready() -> None:
            import httpx  # noqa: PLC0415 a second `up` is refused without it

            async with httpx.AsyncClient(trust_env=False) as client:
                (await client.get(url, timeout=2)).raise_for_status()

        command = [
            *(sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "app.app:app"),
            *("--host", settings.host, "--port", str(settings.port), "--workers", "1", "--respawn-failed-workers"),
            *("--workers-kill-timeout", str(int(STOP_WEB_S) - 2), "--log-level", "warning", "--no-access-log"),
        ]
        environment = os.environ | {
            "__REFLEX_SKIP_COMPILE": "true",
            "__REFLEX_MOUNT_FRONTEND_COMPILED_APP": "true",
            "REFLEX_ENV_MODE": "prod",
            "REFLEX_WEB_WORKDIR": str(web_folder),
            "REFLEX_OPLOCK_ENABLED": "1",
            "REFLEX_TELEMETRY_ENABLED": "false",
            "REFLEX_CHECK_LATEST_VERSION": "false",
            "MIXLINE_SUPERVISED": "1",
        }
        return Child(
            "server",
            lambda: command,
            ready,
            settings.data_folder / "log" / "server.log",
            grace_s=STOP_WEB_S,
            ready_timeout_s=240,
            environment=environment,
            folder=frontend.ROOT,
        )


def _refuse_used_port(settings: Settings) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise StartError(
                f"port {settings.port} is not free ({error.strerror}). Choose another one: ./mixline up --port 8080"
            ) from None


def _say(name: str) -> Any:
    """Shows what a step is doing: in place on a terminal, and nothing into a file."""
    frames = itertools.cycle("|/-\\")

    def say(text: str) -> None:
        if sys.stdout.isatty() and text:
            sys.stdout.write(f"\r\033[2K  {next(frames)} {name}: {text[:90]}")
            sys.stdout.flush()

    return say


async def _step(name: str, work: Coroutine[Any, Any, T]) -> T:
    started = time.monotonic()
    result = await work
    clear = "\r\033[2K" if sys.stdout.isatty() else ""
    typer.echo(f"{clear}  {name:<12} {time.monotonic() - started:5.1f} s")
    return result
