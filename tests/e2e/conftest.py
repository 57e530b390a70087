"""The real product in a real browser.

`product` builds the front end, starts `mixline up` on a free port with a data folder of its own and ends it after the
run. These tests run in a pytest process of their own (`./mixline test` sees to it): Playwright's synchronous interface
keeps an event loop of its own running, which the other tests' loops can't share a thread with.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from app.commands import chromium
from services.infra.embedded import free_port
from services.infra.settings import ROOT
from tests import oidc_provider
from tests.e2e.pages.table_page import TablePage

START_S = 600.0
DESKTOP = (1440, 900)
PHONE = (390, 844)
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
]


OpenTable = Callable[..., TablePage]


@dataclass(frozen=True, slots=True)
class Product:
    """A running product."""

    origin: str
    data: Path
    process: subprocess.Popen[str]

    @property
    def log(self) -> str:
        """What the server has logged so far."""
        path = self.data / "log" / "server.log"
        return path.read_text() if path.exists() else ""


@contextmanager
def running(settings: dict[str, str]) -> Iterator[Product]:
    """The product as a user starts it, with these variables and a data folder of its own."""
    data = Path(tempfile.mkdtemp(prefix="mixline-e2e-"))
    port = free_port()
    environment = {
        k: v for k, v in os.environ.items() if not re.match(r"MIXLINE_|DATABASE_URL|REDIS_URL|CLICKHOUSE_URL", k)
    }
    environment |= {"MIXLINE_DATA": str(data)} | settings
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
def product() -> Iterator[Product]:
    """The product in small sets, so that a test reaches the end of one, and beside it a site that can sign in."""
    with oidc_provider.running() as issuer:
        club = {
            "MIXLINE_OIDC_ISSUER": issuer,
            "MIXLINE_OIDC_NAME": "The club",
            "MIXLINE_OIDC_CLIENT_ID": oidc_provider.CLIENT_ID,
            "MIXLINE_OIDC_CLIENT_SECRET": oidc_provider.CLIENT_SECRET,
        }
        with running({"MIXLINE_SET_SIZE": "3", "MIXLINE_BOARD_MINIMUM": "2"} | club) as started:
            yield started


@pytest.fixture(scope="session")
def origin(product: Product) -> str:
    """Where the product answers."""
    return product.origin


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the run."""
    path = chromium.find(print)
    assert path is not None, chromium.ADVICE
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def complaints() -> list[str]:
    """Console errors, page errors and violations of the content security policy of every page of the test."""
    return []


@pytest.fixture
def new_table(browser: Browser, origin: str, complaints: list[str]) -> Iterator[OpenTable]:
    """Opens the product in a browser context of its own: a guest who has never been here."""
    contexts: list[Any] = []

    def listen(page: Page) -> None:
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))

    def open_one(size: tuple[int, int] = DESKTOP, theme: str = "dark") -> TablePage:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, has_touch=size == PHONE, reduced_motion="reduce"
        )
        context.add_init_script(f"localStorage.setItem('mixline-theme', '{theme}')")
        contexts.append(context)
        page = context.new_page()
        listen(page)
        table = TablePage(page, origin)
        table.open()
        return table

    yield open_one
    for context in contexts:
        context.close()


@pytest.fixture(autouse=True)
def no_client_left() -> None:
    """Nothing to close: the product runs in a process of its own, and the browser holds this one's loop."""
