"""Events that Reflex itself would queue, keep or log before any middleware runs."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from reflex.state import StateUpdate

from services.accounts import sessions
from services.accounts.principals import Role
from services.infra.clock import new_id
from services.infra.settings import get_settings
from state.session import RECONNECTING, SESSION_ENDED, forget_failure, report_failure
from state.socket_guard import PATIENCE, known_events_only, redact_event, tell_ended, waiting_shown
from tests.state.conftest import APP, PROBE, ROOT, find_redis, lose_redis

HYDRATE = f"{ROOT}.hydrate"


class Socket:
    """Remembers what went through and whether it was closed."""

    def __init__(self) -> None:
        self.passed: list[Any] = []
        self.closed: list[str] = []
        self.waiting = 0
        with PROBE:
            self.on_event = known_events_only(self._pass, self._close, lambda _sid: self.waiting)

    async def _pass(self, sid: str, data: Any) -> None:
        self.passed.append(data)

    async def _close(self, sid: str) -> None:
        self.closed.append(sid)


async def test_an_event_of_a_registered_handler_passes() -> None:
    socket, event = Socket(), {"name": HYDRATE, "payload": {}, "router_data": {}}

    await socket.on_event("sid", event)

    assert socket.passed == [event]


@pytest.mark.parametrize(
    "data",
    [
        None,
        "text",
        b"bytes",
        7,
        [],
        {},
        {"name": None},
        {"name": ["x"]},
        {"name": "no.such.handler"},
        {"name": HYDRATE, "payload": []},
        {"name": HYDRATE, "payload": None},
        {"name": HYDRATE, "router_data": "x"},
        {"name": HYDRATE, "router_data": {"query": {"q": "no.such" * 2000}}},
    ],
    ids=str,
)
async def test_anything_else_is_dropped_without_a_trace_of_its_content(
    data: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    socket = Socket()

    await socket.on_event("sid", data)

    assert socket.passed == []
    assert "no.such" not in capsys.readouterr().out


async def test_a_tab_whose_event_takes_long_lets_only_so_many_wait_and_few_large_ones() -> None:
    """They lie in memory until their turn comes."""
    socket = Socket()
    small = {"name": HYDRATE, "payload": {}, "router_data": {}}
    large = {"name": HYDRATE, "payload": {"text": "x" * 60_000}, "router_data": {}}

    async def pass_through(event: dict[str, Any], waiting: int) -> bool:
        socket.waiting, before = waiting, len(socket.passed)
        await socket.on_event("sid", event)
        return len(socket.passed) > before

    assert [await pass_through(large, waiting) for waiting in (0, 4, 5, 59)] == [True, True, False, False]
    assert [await pass_through(small, waiting) for waiting in (0, 5, 59, 60)] == [True, True, True, False]
    socket.waiting = 60
    for _ in range(PATIENCE):
        await socket.on_event("sid", small)
    assert socket.closed == ["sid"]


async def test_a_socket_that_keeps_sending_them_is_closed_and_no_other() -> None:
    socket = Socket()

    for _ in range(PATIENCE + 1):
        await socket.on_event("bad", {"name": "x"})
    await socket.on_event("good", {"name": "x"})

    assert socket.closed == ["bad"]


@pytest.mark.parametrize(
    "line",
    [
        "Received event from session x with no associated token. Event data: {'cookie': 's3cret'}",
        "Failed to deserialize event data: {'headers': {'cookie': 's3cret'}}.",
        "Error processing event queue entry for Event(name='x', router_data={'cookie': 's3cret'}) [txid=1]:",
    ],
)
def test_reflexs_log_lines_with_a_clients_event_are_redacted(line: str) -> None:
    record = logging.LogRecord("reflex.app", logging.WARNING, __file__, 1, line, (), None)

    assert redact_event(record)

    assert "s3cret" not in record.getMessage()


def test_a_handlers_own_error_keeps_its_traceback() -> None:
    error = KeyError("x")
    record = logging.LogRecord("r", logging.ERROR, __file__, 1, "Error in task", (), (KeyError, error, None))

    redact_event(record)

    assert record.exc_info is not None


def test_reflex_accepts_the_failure_handler() -> None:
    with PROBE:
        app = APP
        app.backend_exception_handler = report_failure

        app._validate_exception_handlers()


class Wire:
    """As much of Reflex's socket namespace as is used: who is connected, and what is sent to them."""

    def __init__(self, cookie: str) -> None:
        self.sid_to_token = {"sid": "token"}
        self._static_router_data = {"sid": {"headers": {"cookie": cookie}}}
        self.passed: list[Any] = []
        self.sent: list[tuple[str, Any]] = []

    async def on_event(self, sid: str, data: Any) -> None:
        self.passed.append(data)

    async def emit_update(self, update: StateUpdate, token: str) -> None:
        self.sent.append((token, update.delta))


async def test_while_redis_is_away_the_tab_says_reconnecting_and_the_event_still_waits_its_turn(
    redis_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = Wire((await sessions.start_guest()).cookie_header)
    await lose_redis(monkeypatch)
    try:
        await waiting_shown(wire)("sid", {"name": "n"})  # type: ignore[arg-type]
    finally:
        await find_redis(monkeypatch)

    assert wire.passed == [{"name": "n"}]
    [(token, delta)] = wire.sent
    assert token == "token"
    assert RECONNECTING in str(delta)
    assert forget_failure("token")


async def test_the_tab_says_so_too_while_only_the_server_of_page_state_is_away(
    redis_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = Wire((await sessions.start_guest()).cookie_header)
    monkeypatch.setenv("MIXLINE_STATE_REDIS_URL", "redis://127.0.0.1:9/0")
    get_settings.cache_clear()
    try:
        await waiting_shown(wire)("sid", {"name": "n"})  # type: ignore[arg-type]
    finally:
        monkeypatch.undo()
        get_settings.cache_clear()

    assert wire.passed == [{"name": "n"}]
    assert RECONNECTING in str(wire.sent)
    assert forget_failure("token")


async def test_while_redis_answers_nothing_is_said(redis_server: str) -> None:
    wire = Wire("")

    await waiting_shown(wire)("sid", {"name": "n"})  # type: ignore[arg-type]

    assert wire.passed == [{"name": "n"}]
    assert wire.sent == []


async def test_a_tab_that_does_nothing_learns_that_its_session_has_ended_and_is_told_once(redis_server: str) -> None:
    issued, other = await sessions.start_guest(), await sessions.start_guest()
    wire = Wire(sessions.ticket_of(issued.principal.session_id))
    wire.sid_to_token["other"] = "other token"
    wire._static_router_data["other"] = {"headers": {"cookie": sessions.ticket_of(other.principal.session_id)}}
    told: set[str] = set()
    await tell_ended(wire, told)  # type: ignore[arg-type]
    assert wire.sent == []

    await sessions.end(issued.principal)
    for _ in range(3):
        await tell_ended(wire, told)  # type: ignore[arg-type]

    [(token, delta)] = wire.sent
    assert token == "token"
    assert SESSION_ENDED in str(delta)
    assert forget_failure("token")


async def test_a_tab_whose_session_got_a_new_id_is_left_to_show_what_is_shown_once(redis_server: str) -> None:
    issued = await sessions.start(new_id(), Role.FREE, "Anna")
    wire = Wire(sessions.ticket_of(issued.principal.session_id))
    told: set[str] = set()
    await sessions.renew_with_second_factor(issued.principal)

    for _ in range(2):
        await tell_ended(wire, told)  # type: ignore[arg-type]

    assert wire.sent == []
    assert await sessions.resolve(sessions.ticket_of(issued.principal.session_id)) is None
