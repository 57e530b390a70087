"""What every request passes, in front of a small application."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, MutableMapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from app.api import middleware
from app.api.middleware import page_addresses, protect
from services.infra import log, metrics
from services.infra.settings import get_settings

HEADERS = (
    "x-content-type-options",
    "referrer-policy",
    "permissions-policy",
    "cross-origin-opener-policy",
    "content-security-policy",
    "x-request-id",
)


async def page(_: Request) -> Response:
    return HTMLResponse("<p>", headers={"Access-Control-Allow-Credentials": "true"})


async def echo(request: Request) -> Response:
    return JSONResponse(len(await request.body()))


async def socket(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.close()


inner = Starlette(
    routes=[
        Route("/", page),
        Route("/assets/index-AbCd1234.js", page),
        Route("/api/echo", echo, methods=["POST"]),
        WebSocketRoute("/_event", socket),
    ]
)
protected = protect(inner, ["'sha256-abc='"])


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=protected)
    async with httpx.AsyncClient(transport=transport, base_url="http://play.example:3000") as client:
        yield client


async def socket_accepted(origin: str | None, scheme: str = "ws") -> bool:
    """Open a socket as a browser on a page of ``origin`` does."""
    headers = [(b"host", b"play.example:3000")]
    if origin is not None:
        headers.append((b"origin", origin.encode()))
    scope = {
        "type": "websocket",
        "scheme": scheme,
        "path": "/_event",
        "headers": headers,
        "query_string": b"",
        "subprotocols": [],
    }
    sent: list[str] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message["type"])

    await protected(scope, receive, send)
    return "websocket.accept" in sent


@pytest.mark.parametrize("path", ["/", "/api/echo", "/nothing", "/_event"])
async def test_every_answer_carries_the_security_headers(client: httpx.AsyncClient, path: str):
    answer = await client.get(path)
    assert [name for name in HEADERS if name not in answer.headers] == []


@pytest.mark.parametrize("origin", ["http://play.example:3000", "https://evil.example"])
@pytest.mark.parametrize("upgrade", [{}, {"Upgrade": "websocket", "Connection": "keep-alive"}])
async def test_the_sockets_address_answers_nothing_but_sockets(
    client: httpx.AsyncClient, origin: str, upgrade: dict[str, str]
):
    headers = {"Origin": origin, **upgrade}
    for path in ("/_event", "/_event/?EIO=4&transport=polling", "/_event/?EIO=4&transport=websocket"):
        for method in ("GET", "POST"):
            answer = await client.request(method, path, headers=headers)
            assert answer.status_code == 400
            assert answer.json()["data"]["problem"]["type"] == "/problems/websocket-only"


async def test_hsts_is_sent_over_https_only(client: httpx.AsyncClient):
    assert "strict-transport-security" not in (await client.get("/")).headers
    assert "strict-transport-security" in (await client.get("https://play.example/")).headers


async def test_pages_may_run_their_own_inline_scripts_and_nothing_else(client: httpx.AsyncClient):
    policy = (await client.get("/")).headers["content-security-policy"]
    assert "script-src 'self' 'sha256-abc=';" in policy
    assert "unsafe-eval" not in policy
    assert (await client.post("/api/echo")).headers["content-security-policy"].startswith("default-src 'none'")


async def test_no_answer_allows_another_origin(client: httpx.AsyncClient):
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    for method in ("GET", "OPTIONS"):
        answer = await client.request(method, "/", headers=headers)
        assert [name for name in answer.headers if name.startswith("access-control")] == []


async def test_files_named_by_their_content_are_kept_for_ever_and_pages_are_not(client: httpx.AsyncClient):
    assert "immutable" in (await client.get("/assets/index-AbCd1234.js")).headers["cache-control"]
    assert (await client.get("/")).headers["cache-control"] == "no-cache"


async def test_a_request_id_comes_back_unless_it_is_nonsense(client: httpx.AsyncClient):
    assert (await client.get("/", headers={"X-Request-ID": "abcd-1234"})).headers["x-request-id"] == "abcd-1234"
    assert (await client.get("/", headers={"X-Request-ID": "a b\tc{}"})).headers["x-request-id"] != "a b\tc{}"


async def test_a_request_is_logged_with_its_id_and_duration(client: httpx.AsyncClient, logs_as_before: None):
    stream = io.StringIO()
    log.configure("info", stream)
    await client.get("/", headers={"X-Request-ID": "abcd-1234"})
    line = next(one for one in map(json.loads, stream.getvalue().splitlines()) if one["event"] == "http_request")
    assert (line["request_id"], line["path"], line["status"]) == ("abcd-1234", "/", 200)
    assert line["duration_ms"] >= 0


async def test_a_body_over_the_limit_is_refused_by_its_header(client: httpx.AsyncClient):
    answer = await client.post("/api/echo", content=b"x" * (get_settings().max_body_bytes + 1))
    assert (answer.status_code, answer.json()["data"]["problem"]["type"]) == (413, "/problems/too-large")


async def test_a_body_over_the_limit_is_refused_while_it_streams(client: httpx.AsyncClient):
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(2 + get_settings().max_body_bytes // 65_536):
            yield b"x" * 65_536

    assert (await client.post("/api/echo", content=chunks())).status_code == 413


async def test_a_body_of_very_many_fields_is_refused_unread(client: httpx.AsyncClient):
    few = {f"field {number}": number for number in range(middleware.MOST_FIELDS)}
    assert (await client.post("/api/echo", json=few)).status_code != 413
    for text in (json.dumps(few | {"one": "more"}), json.dumps([{"a": 1}] * 600), '{"a" \n :1,' * 600):
        answer = await client.post("/api/echo", content=text, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["data"]["problem"]["type"]) == (413, "/problems/too-large")


async def test_an_address_of_the_api_with_a_line_break_is_answered_in_the_envelope(client: httpx.AsyncClient):
    answer = await client.get("/api/spots/x%0Ay")
    assert (answer.status_code, answer.json()["data"]["problem"]["type"]) == (404, "/problems/not-found")


async def test_a_body_that_drips_is_refused(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(middleware, "BODY_S", 0.2)

    async def drops() -> AsyncIterator[bytes]:
        for _ in range(50):
            await asyncio.sleep(0.05)
            yield b"x"

    answer = await client.post("/api/echo", content=drops())
    assert (answer.status_code, answer.json()["data"]["problem"]["type"]) == (408, "/problems/too-slow")


async def test_a_body_within_the_limit_passes(client: httpx.AsyncClient):
    assert (await client.post("/api/echo", content=b"x" * 1000)).json() == 1000


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://play.example:3000.evil.example", "http://evil-play.example:3000", None],
)
async def test_a_socket_from_elsewhere_is_refused(origin: str | None):
    assert not await socket_accepted(origin)


async def test_a_socket_of_an_own_page_is_accepted():
    assert await socket_accepted("http://play.example:3000")


async def test_a_page_without_tls_opens_no_socket_of_a_server_with_it():
    assert await socket_accepted("https://play.example:3000", "wss")
    assert not await socket_accepted("http://play.example:3000", "wss")


async def test_the_api_answers_unknown_addresses_and_methods_in_the_envelope(server_urls: dict[str, str]):
    from app.api.main import build_api

    transport = httpx.ASGITransport(app=build_api())
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        for method, path, status in (("GET", "/api/nothing", 404), ("PUT", "/api/leaderboards/weekly", 403)):
            answer = await client.request(method, path)
            body = answer.json()
            assert (answer.status_code, body["code"], body["success"]) == (status, status, False)
            assert set(body) == {"success", "code", "message", "data", "timestamp"}
            assert body["data"]["problem"]["instance"] == path
        document = (await client.get("/api/openapi.json")).json()
        assert document["openapi"].startswith("3.1")
        live = await client.get("/health/live")
        assert live.json() == {"status": "alive"}


@pytest.mark.parametrize(
    ("path", "allowed"), [("/api/solves", "GET, POST"), ("/api/solves/estimate", "POST"), ("/api/auth/csrf", "GET")]
)
async def test_a_method_that_is_not_possible_is_told_which_are(
    server_urls: dict[str, str], redis_server: str, path: str, allowed: str
):
    from app.api.main import build_api

    transport = httpx.ASGITransport(app=build_api())
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        for method in ("OPTIONS", "TRACE"):
            answer = await client.request(method, path)
            assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


async def test_a_page_is_served_at_its_address_and_not_only_with_a_slash_behind_it(tmp_path: Path) -> None:
    for folder in ("", "sign-in", "admin/users", "assets"):
        (tmp_path / "build/client" / folder).mkdir(parents=True, exist_ok=True)
    for page in ("", "sign-in", "admin/users"):
        (tmp_path / "build/client" / page / "index.html").write_text(page or "home")
    files = StaticFiles(directory=tmp_path / "build/client", html=True)
    served = protect(files, (), page_addresses(tmp_path))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(served), base_url="http://play.example") as client:
        answers = {path: await client.get(path) for path in ("/", "/sign-in", "/sign-in/", "/admin/users")}

    assert sorted(page_addresses(tmp_path)) == ["/admin/users", "/sign-in"]
    assert {path: (one.status_code, one.text) for path, one in answers.items()} == {
        "/": (200, "home"),
        "/sign-in": (200, "sign-in"),
        "/sign-in/": (200, "sign-in"),
        "/admin/users": (200, "admin/users"),
    }


async def test_methods_that_are_made_up_take_no_memory(client: httpx.AsyncClient):
    """Each would be a label of the metrics for ever, and a line of the log as long as the caller likes."""
    await client.request("MADEUP", "/")
    before = len(metrics.render())
    for number in range(20):
        await client.request(f"MADEUP{number}" + "X" * 5000, "/")
    text = metrics.render()
    assert b"MADEUP" not in text
    assert len(text) < before + 200


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        (b"mixline_session=a.b-c_d; other=1", b"mixline_session=a.b-c_d; other=1"),
        (b'one="' + b"\\" * 9000 + b'"; mixline_session=abc', b" mixline_session=abc"),
        (b"one=a\\054b", b""),
        (b"mixline_session=abc; long=" + b"x" * 20_000, None),
    ],
)
async def test_cookies_that_are_dear_to_read_reach_nobody(sent: bytes, seen: bytes | None):
    found: list[bytes | None] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        found.append(dict(scope["headers"]).get(b"cookie"))

    async def nothing(*_: object) -> Any:
        raise AssertionError

    for kind in ("http", "websocket"):
        scope = {"type": kind, "headers": [(b"host", b"x"), (b"cookie", sent)]}
        await middleware.PlainCookies(app)(scope, nothing, nothing)
    assert found == [seen, seen]
