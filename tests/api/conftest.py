"""Clients of the REST API in the test's own process, on real servers."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from app.api.main import build_api
from services.accounts import sessions, worker
from services.infra import rate_limits
from services.infra.settings import get_settings
from services.mail import delivery
from services.mail import service as mail
from services.solutions.models import SolveJobRow
from services.solutions.repository import add_job

ORIGIN = "http://mixline.test"
PASSWORD = "purple wagon eats seventeen"


class Browser:
    """A browser on one of our pages: keeps cookies, sends Origin, Sec-Fetch-Site and the CSRF token."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def token(self) -> str:
        return (await self.http.get("/api/auth/csrf")).json()["data"]["token"]

    async def get(self, path: str, **options: Any) -> httpx.Response:
        return await self.http.get(path, **options)

    async def call(self, method: str, path: str, json: Any = None, **options: Any) -> httpx.Response:
        headers = {"X-CSRF-Token": await self.token(), "Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}
        headers |= options.pop("headers", {})
        return await self.http.request(method, path, json=json, headers=headers, **options)

    async def post(self, path: str, json: Any = None, **options: Any) -> httpx.Response:
        return await self.call("POST", path, json, **options)

    async def register(self, name: str, password: str = PASSWORD, email: str | None = None) -> httpx.Response:
        body = {"email": email or f"{name.lower()}@example.org", "password": password, "name": name}
        return await self.post("/api/auth/register", body)

    async def sign_in(self, name: str, password: str = PASSWORD, **more: Any) -> httpx.Response:
        return await self.post(
            "/api/auth/login", {"email": f"{name.lower()}@example.org", "password": password, **more}
        )


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The empty folder of mails; settings that a test changes are forgotten after it."""
    shutil.rmtree(delivery.mailbox(), ignore_errors=True)
    yield delivery.mailbox()
    monkeypatch.undo()
    get_settings.cache_clear()


async def mails_to(address: str) -> list[Any]:
    """What has been sent to an address, newest first, after everything due was done."""
    await worker.work_through()
    await mail.deliver_due()
    return [one for one in delivery.read_mailbox() if one["To"] == address]


async def link_in_mail(address: str) -> str:
    """The secret of the newest link."""
    found = re.search(r"#(\S+)", (await mails_to(address))[0].get_content())
    assert found is not None
    return found.group(1)


def code_of(answer: httpx.Response) -> str:
    """The kind of problem."""
    return answer.json()["data"]["problem"]["type"].removeprefix("/problems/")


OpenBrowser = Callable[..., Awaitable[Browser]]


@pytest.fixture(scope="session")
def api() -> FastAPI:
    return build_api()


@pytest.fixture
async def open_browser(api: FastAPI, redis_server: str) -> AsyncIterator[OpenBrowser]:
    """Opens a browser without a cookie; a test opens as many as it needs, from any address."""
    sessions._cache.clear()
    rate_limits.forget()
    async with AsyncExitStack() as open_clients:

        async def open_one(address: str = "192.0.2.1") -> Browser:
            transport = httpx.ASGITransport(api, client=(address, 4000), raise_app_exceptions=False)
            client = httpx.AsyncClient(transport=transport, base_url=ORIGIN)
            return Browser(await open_clients.enter_async_context(client))

        yield open_one


@pytest.fixture
async def browser(open_browser: OpenBrowser, db: AsyncSession) -> Browser:
    """A visitor's browser; the database is rolled back after the test."""
    return await open_browser()


@pytest.fixture
async def member(browser: Browser) -> Browser:
    """Anna's browser, signed in."""
    assert (await browser.register("Anna")).status_code == 201
    return browser


async def waiting_solve(db: AsyncSession, owner_id: str) -> SolveJobRow:
    """A request for a solve that no worker has taken yet."""
    row = SolveJobRow(
        owner_id=UUID(owner_id),
        role="free",
        request_key="k",
        name="BTN vs BB",
        spot={},
        spot_hash="h",
        target_pct=0.5,
        max_seconds=20,
        memory_bytes=1_000_000,
    )
    await add_job(db, row)
    return row
