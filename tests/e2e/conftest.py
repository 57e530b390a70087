"""The real product in a real browser.

`product` builds the front end, starts `mixline up` on a free port with a data folder of its own and ends it after the run. One xdist
worker runs all browser tests (mark `xdist_group("e2e")`, set for the whole folder below).
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from app.commands import chromium
from services.infra.embedded import free_port
from services.infra.settings import ROOT

ARTEFACTS = ROOT / "test-artefacts"
START_S = 240.0
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
]
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All browser tests in one worker: they share the product."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.xdist_group("e2e"))
            item.add_marker(pytest.mark.timeout(300))


@dataclass(frozen=True, slots=True)
class Product:
    """A running product."""

    base_url: str
    data: Path
    process: subprocess.Popen[str]

    @property
    def log(self) -> str:
        """What the server has logged so far."""
        path = self.data / "log" / "server.log"
        return path.read_text() if path.exists() else ""


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The product as a user starts it, in small sets so that a test reaches the end of one."""
    data = Path(tempfile.mkdtemp(prefix="mixline-e2e-"))
    port = free_port()
    environment = {k: v for k, v in os.environ.items() if not re.match(r"MIXLINE_|DATABASE_URL|REDIS_URL|CLICKHOUSE_URL", k)}
    environment |= {"MIXLINE_DATA": str(data), "MIXLINE_SET_SIZE": os.environ.get("MIXLINE_SET_SIZE", "3")}
    output = data / "up.log"
    with output.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "up", "--port", str(port)],
            cwd=ROOT,
            env=environment,
            stdout=file,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + START_S
        while "Mixline is ready" not in output.read_text():
            assert process.poll() is None, f"the product ended:\n{output.read_text()}"
            assert time.monotonic() < deadline, f"the product did not start:\n{output.read_text()}"
            time.sleep(0.2)
        yield Product(f"http://localhost:{port}", data, process)
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(scope="session")
def base_url(product: Product) -> str:
    """Where the product answers."""
    return product.base_url


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for the run."""
    path = await asyncio.to_thread(chromium.find, print)
    assert path is not None, chromium.ADVICE
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield started
        await started.close()


NewContext = Callable[..., Awaitable[BrowserContext]]


@pytest.fixture
async def new_context(browser: Browser, base_url: str, request: pytest.FixtureRequest) -> AsyncIterator[NewContext]:
    """Makes browser contexts (one is one visitor); a failed test leaves a screenshot of every page in test-artefacts/.

    Every page also fails the test on an uncaught script error or a violated content security policy.
    """
    contexts: list[BrowserContext] = []
    trouble: list[str] = []

    def watch(page: Page) -> None:
        page.on("pageerror", lambda error: trouble.append(f"script error: {error}"))
        page.on(
            "console",
            lambda message: trouble.append(message.text) if "Content Security Policy" in message.text else None,
        )

    async def make(**options: object) -> BrowserContext:
        context = await browser.new_context(base_url=base_url, **options)  # type: ignore[arg-type]
        context.set_default_timeout(15_000)
        context.on("page", watch)
        contexts.append(context)
        return context

    yield make
    ARTEFACTS.mkdir(exist_ok=True)
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", request.node.name)
    for number, context in enumerate(contexts):
        for index, page in enumerate(context.pages):
            with suppress(Exception):
                await page.screenshot(path=ARTEFACTS / f"{name}-{number}-{index}.png", full_page=True)
        await context.close()
    assert not trouble, trouble


@pytest.fixture
async def page(new_context: NewContext) -> Page:
    """A desktop page (1440 x 900) of a new visitor."""
    context = await new_context(viewport={"width": 1440, "height": 900})
    return await context.new_page()
