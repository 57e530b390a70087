"""The guard and what belongs around it: events that never reach a middleware, failures, and Reflex's own log lines.

Reflex queues an event of an unknown name, keeps it for ever and logs it whole, cookie included, before any middleware
runs; a malformed one it puts into an exception's text. So both are dropped where they arrive, and a socket that keeps
sending them is closed.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from reflex.state import StateUpdate
from reflex_base.registry import RegistrationContext

from services.accounts.session_records import SessionsUnavailable, ended_among, renewed_among
from services.accounts.sessions import named_session, resolve
from services.infra.log import get_logger
from services.infra.redis import page_state_answers
from state.guard import Guard
from state.session import RECONNECTING, SESSION_ENDED, notice_past_the_state, report_failure

if TYPE_CHECKING:
    import reflex as rx
    from reflex.app import EventNamespace

log = get_logger()

PATIENCE: Final = 20
"""Malformed events before a socket is closed."""
MAX_PLACE_CHARACTERS: Final = 8192
"""Of what a page says about its own address. It is kept with the tab's state, so nobody may keep a book there."""
MOST_WAITING: Final = 60
"""Events of a tab that wait for the one at work; the guard counts them only when their turn comes."""
MOST_BEFORE_LARGE: Final = 4
"""Of them, where another one has more than `LARGE_CHARACTERS`."""
LARGE_CHARACTERS: Final = 8192
LOOK_S: Final = 2.0
"""Between two looks at the sessions of the open sockets."""

OnEvent = Callable[[str, Any], Awaitable[None]]
Disconnect = Callable[[str], Awaitable[None]]
Waiting = Callable[[str], int]


def guard_events(app: rx.App) -> None:
    """Put the guard in front of every event of ``app``."""
    app.add_middleware(Guard(), index=0)
    app.backend_exception_handler = report_failure  # pyright: ignore[reportAttributeAccessIssue]
    app.frontend_exception_handler = note_page_failure
    for name in ("reflex_base.event.processor.event_processor", "reflex.app"):
        logging.getLogger(name).addFilter(redact_event)
    namespace = app.event_namespace
    if namespace is not None:
        checked: Any = known_events_only(
            waiting_shown(namespace), hanging_up(app, namespace), waiting_of(app, namespace)
        )
        namespace.on_event = checked


def note_page_failure(exception: Exception) -> None:
    """A page says that it failed. Its words are any client's, so they are counted and not logged."""
    log.warning("page_failed", characters=len(str(exception)))


def hanging_up(app: rx.App, namespace: EventNamespace) -> Disconnect:
    """Ends a socket itself: leaving the namespace alone would let the client join it again on the same socket."""

    async def hang_up(sid: str) -> None:
        server: Any = app.sio
        engine_sid = server.manager.eio_sid_from_sid(sid, namespace.namespace)
        await namespace.disconnect(sid)
        if engine_sid is not None:
            await server.eio.disconnect(engine_sid)

    return hang_up


def waiting_of(app: rx.App, namespace: EventNamespace) -> Waiting:
    """How many events of a socket's tab wait, the one at work included. Reflex lets any number of them wait."""

    def count(sid: str) -> int:
        queues = app.event_processor._token_queues  # noqa: SLF001 nothing else tells
        return len(queues.get(namespace.sid_to_token.get(sid, ""), ()))

    return count


def waiting_shown(namespace: EventNamespace) -> OnEvent:
    """``on_event`` that says "Reconnecting" in the tab while Redis hangs.

    Reflex then waits for the tab's state without an end, before any middleware runs. The event itself stays in the
    queue and is done when Redis is back; nothing is lost.
    """
    on_event = namespace.on_event

    async def told(sid: str, data: Any) -> None:
        token = namespace.sid_to_token.get(sid)
        headers = namespace._static_router_data.get(sid, {}).get("headers", {})  # noqa: SLF001 read at the handshake
        if not await _redis_answers(headers.get("cookie")) and token is not None:
            update = StateUpdate(delta=notice_past_the_state(token, RECONNECTING))
            await namespace.emit_update(update, token)
        await on_event(sid, data)

    return told


async def _redis_answers(cookie: str | None) -> bool:
    try:
        await resolve(cookie)
    except SessionsUnavailable:
        return False
    return await page_state_answers()


async def tell_ended(namespace: EventNamespace, told: set[str]) -> None:
    """Say so in every open tab whose session has ended since; a tab that does nothing would not learn of it.

    Where the session goes on under a new id nothing is said: the page that did it shows what is shown once, and loads
    itself anew then. Events of such a tab are refused like those of any ended session.

    Args:
        namespace: The open sockets.
        told: The sockets that know already; gone ones are taken out.
    """
    sockets = namespace._static_router_data  # noqa: SLF001 read at the handshake
    told.intersection_update(sockets)
    bound = {sid: named_session(data.get("headers", {}).get("cookie")) for sid, data in list(sockets.items())}
    waiting = {sid: session_id for sid, session_id in bound.items() if session_id is not None and sid not in told}
    ended = await ended_among(set(waiting.values()))
    renewed = await renewed_among(ended)
    for sid, session_id in waiting.items():
        token = namespace.sid_to_token.get(sid)
        if session_id in ended and token is not None:
            told.add(sid)
            if session_id not in renewed:
                await namespace.emit_update(StateUpdate(delta=notice_past_the_state(token, SESSION_ENDED)), token)


def watch_sessions(app: rx.App) -> Callable[[], AbstractAsyncContextManager[None]]:
    """The lifespan task that runs `tell_ended` every `LOOK_S`."""

    async def watch() -> None:
        told: set[str] = set()
        while app.event_namespace is not None:
            with suppress(SessionsUnavailable):
                await tell_ended(app.event_namespace, told)
            await asyncio.sleep(LOOK_S)

    @asynccontextmanager
    async def watching() -> AsyncGenerator[None]:
        task = asyncio.create_task(watch(), name="watch sessions")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    return watching


def known_events_only(on_event: OnEvent, disconnect: Disconnect, waiting: Waiting = lambda _sid: 0) -> OnEvent:
    """``on_event`` for well-formed events of registered handlers; the rest is dropped and counted.

    So is what would make too many of one tab wait: they lie in memory meanwhile, up to a hundred kilobytes each.
    """
    handlers = RegistrationContext.get().event_handlers
    dropped: dict[str, int] = {}

    async def guarded(sid: str, data: Any) -> None:
        reason = "unknown"
        if _is_event(data) and data["name"] in handlers:
            if _has_room(data, waiting(sid)):
                await on_event(sid, data)
                return
            reason = "waiting"
        if len(dropped) > 10_000:
            dropped.clear()
        dropped[sid] = dropped.get(sid, 0) + 1
        if dropped[sid] == 1:
            log.warning("event_refused", reason=reason)
        if dropped[sid] > PATIENCE:
            del dropped[sid]
            log.warning("socket_closed", reason=f"{reason}_events")
            await disconnect(sid)

    return guarded


def _is_event(data: Any) -> bool:
    return (
        isinstance(data, dict)
        and isinstance(data.get("name"), str)
        and isinstance(data.get("payload", {}), dict)
        and isinstance(data.get("router_data", {}), dict)
        and _is_short(data.get("router_data", {}), MAX_PLACE_CHARACTERS)
    )


def _has_room(data: dict[str, Any], waiting: int) -> bool:
    if waiting <= MOST_BEFORE_LARGE:
        return True
    return waiting < MOST_WAITING and _is_short(data.get("payload", {}), LARGE_CHARACTERS)


def _is_short(part: dict[str, Any], most: int) -> bool:
    try:
        return len(json.dumps(part)) <= most
    except (ValueError, RecursionError):
        return False


def redact_event(record: logging.LogRecord) -> bool:
    """Take a client's event out of a line of Reflex's own log; a handler's exception keeps its traceback."""
    text = record.getMessage()
    if "vent data" in text or "Event(" in text or "router_data" in text:
        record.msg, record.args = "refused an event that is unknown or malformed", ()
        record.exc_info, record.exc_text = None, None
    return True
