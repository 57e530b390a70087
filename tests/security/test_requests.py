"""Requests from other sites, headers of every answer, cookies, and bodies that never end."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from app.api.middleware import protect
from services.accounts import csrf
from services.infra import rate_limits
from services.infra.settings import get_settings
from tests.api.conftest import Browser, OpenBrowser
from tests.security.clients import ORIGIN, SECURE, calls, client, cookie_header, unsafe, whole
from tests.security.conftest import Figure

HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "",
    "permissions-policy": "camera=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "content-security-policy": "default-src",
    "strict-transport-security": "max-age=31536000",
}
EVIL = (
    "https://evil.example",
    "null",
    "http://mixline.test.evil.example",
    "http://evil-mixline.test",
    "https://mixline.test:8",
)


@pytest.mark.row("CSRF")
async def test_no_unsafe_call_passes_without_the_sessions_own_token(
    api: FastAPI, member: Browser, open_browser: OpenBrowser, figure: Figure
) -> None:
    other = await open_browser("192.0.2.2")
    stranger, own = await other.token(), await member.token()
    forged = csrf.issue("a secret of somebody else's making")
    attacks: list[dict[str, str]] = [
        {},
        {"X-CSRF-Token": stranger},
        {"X-CSRF-Token": forged},
        {"X-CSRF-Token": own[:-1] + ("0" if own[-1] != "0" else "1")},
        {"X-CSRF-Token": own, "Sec-Fetch-Site": "cross-site"},
        {"X-CSRF-Token": own, "Sec-Fetch-Site": "same-site"},
        {"X-CSRF-Token": own, "Sec-Fetch-Site": "none"},
        *({"X-CSRF-Token": own, "Origin": evil} for evil in EVIL),
    ]
    refused = tried = 0
    for call in unsafe(api):
        for headers in attacks:
            rate_limits.forget()
            tried += 1
            refused += (await member.http.request(*call, headers=headers, content=b"{}")).status_code == 403
    still_there = (await member.get("/api/users/me")).json()["data"]["name"] == "Anna"
    figure(f"{refused} of {tried} unsafe requests got 403", passed=refused == tried and still_there and tried > 100)


@pytest.mark.row("CORS")
async def test_no_answer_lets_another_site_read_it(api: FastAPI, member: Browser, figure: Figure) -> None:
    allowed, tried = [], 0
    async with client(whole(api)) as http:
        for method, path in calls(api):
            for evil in EVIL:
                for asked in (method, "OPTIONS"):
                    rate_limits.forget()
                    headers = {"Origin": evil, "Cookie": cookie_header(member), "Access-Control-Request-Method": method}
                    if path.endswith("/events") and asked == "GET":
                        continue  # a stream has no end; its head is asked for over the network
                    answer = await http.request(asked, path, headers=headers)
                    tried += 1
                    allowed += [name for name in answer.headers if name.startswith("access-control-")]
    figure(f"{len(allowed)} allow headers in {tried} answers to other sites", passed=not allowed and tried > 300)


@pytest.mark.row("headers")
async def test_every_answer_carries_every_header_errors_included(api: FastAPI, member: Browser, figure: Figure) -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/plain":
            await PlainTextResponse("x")(scope, receive, send)
        else:
            await api(scope, receive, send)

    answers: list[httpx.Response] = []
    too_long = b"x" * (get_settings().max_body_bytes + 1)
    async with client(protect(broken), SECURE) as http:
        for method, path in calls(api):
            rate_limits.forget()
            if not path.endswith("/events"):
                answers.append(await http.request(method, path))
        for method, path in (
            ("GET", "/plain"),
            ("GET", "/api/nothing"),
            ("PUT", "/api/auth/login"),
            ("GET", "/_event"),
        ):
            answers.append(await http.request(method, path, headers={"Origin": "https://evil.example"}))
        answers.append(await http.post("/api/auth/login", content=too_long))
        answers.append(await http.get("/health/live"))
        answers.append(await http.get("/metrics"))
    missing = [
        (answer.status_code, answer.request.url.path, name)
        for answer in answers
        for name, start in HEADERS.items()
        if start not in answer.headers.get(name, "\0")
    ]
    statuses = sorted({answer.status_code for answer in answers})
    figure(
        f"{len(answers)} answers ({', '.join(map(str, statuses))}): {len(missing)} headers missing",
        passed=not missing and {200, 401, 403, 404, 413} <= set(statuses),
    )


@pytest.mark.row("cookies")
async def test_every_cookie_over_https_is_bound_to_the_host_and_out_of_reach_of_scripts(
    api: FastAPI, redis_server: str, db: AsyncSession, figure: Figure
) -> None:
    rate_limits.forget()
    lines: list[str] = []
    async with client(whole(api), SECURE) as http:
        csrf_answer = await http.get("/api/auth/csrf")
        headers = {
            "X-CSRF-Token": csrf_answer.json()["data"]["token"],
            "Origin": SECURE,
            "Sec-Fetch-Site": "same-origin",
        }
        body = {"email": "anna@example.org", "password": "purple wagon eats seventeen", "name": "Anna"}
        answer = await http.post("/api/auth/register", json=body, headers=headers)
        lines += [*csrf_answer.headers.get_list("set-cookie"), *answer.headers.get_list("set-cookie")]
        assert answer.status_code in (201, 202), answer.text
    bad = [
        line
        for line in lines
        if not re.match(r"__Host-", line)
        or not {"Secure", "HttpOnly", "Path=/"} <= set(line.split("; "))
        or not re.search(r"SameSite=(Lax|Strict)", line)
        or "Domain=" in line
    ]
    names = sorted({line.split("=")[0] for line in lines})
    figure(
        f"{len(lines)} cookies ({', '.join(names)}): {len(bad)} without prefix or attribute",
        passed=bool(lines) and not bad,
    )


@pytest.mark.row("uploads")
async def test_a_body_is_cut_off_while_it_streams(api: FastAPI, member: Browser, figure: Figure) -> None:
    limit = get_settings().max_body_bytes
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 64 * limit:
            sent += 65_536
            yield b'{"email": "' + b"x" * 65_525
            await asyncio.sleep(0)

    async with client(whole(api)) as http:
        headers = {"X-CSRF-Token": await member.token(), "Cookie": cookie_header(member), "Origin": ORIGIN}
        streamed = await http.post("/api/auth/login", content=endless(), headers=headers)
        told = await http.post("/api/auth/login", content=b"", headers=headers | {"Content-Length": str(limit + 1)})
        wrong_type = await http.post("/api/auth/login", content=b"<x/>", headers=headers | {"Content-Type": "text/xml"})
    figure(
        f"a stream without end: {streamed.status_code} after {sent / limit:.2f} of the limit; a long Content-Length:"
        f" {told.status_code}; another type of content: {wrong_type.status_code}",
        passed=(streamed.status_code, told.status_code) == (413, 413)
        and wrong_type.status_code in (415, 422)
        and sent <= limit + 2 * 65_536,
    )
