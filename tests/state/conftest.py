"""Tabs that send events through Reflex's own processor, as the socket does, with the guard in front."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
import reflex as rx
import structlog
from reflex.istate.manager import StateManager
from reflex.istate.manager.memory import StateManagerMemory
from reflex.istate.manager.redis import StateManagerRedis
from reflex.state import StateUpdate
from reflex_base.event import Event
from reflex_base.event.processor import BaseStateEventProcessor
from reflex_base.registry import RegistrationContext

from services.accounts import sessions
from services.accounts.sessions import IssuedSession
from services.infra import redis as infra_redis
from services.infra.redis import redis
from services.infra.settings import get_settings
from state.guard import Guard
from state.session import SessionState, report_failure

ROOT = "reflex___state____state"


def _registered() -> tuple[RegistrationContext, rx.App]:
    context = RegistrationContext.ensure_context().fork()
    with context:
        importlib.import_module("tests.state.probe")
        return context, rx.App(theme=None, app_wraps={}, toaster=None)


PROBE, APP = _registered()


@pytest.fixture(autouse=True)
def printed_logs() -> None:
    """Log lines go to standard output, also after another test has imported the app, which sends them elsewhere."""
    structlog.reset_defaults()


def add_state(state: type[rx.State]) -> None:
    """Make a state known to the probe's context, where an earlier test has not imported it already."""
    if state.get_full_name() not in PROBE.base_states:
        with PROBE:
            RegistrationContext.register_base_state(state)


@dataclass
class Frames:
    """Takes the place of the socket: keeps what would be sent to each tab."""

    sent: dict[str, list[StateUpdate]] = field(default_factory=dict)

    async def emit_update(self, update: StateUpdate, token: str) -> None:
        self.sent.setdefault(token, []).append(update)


@dataclass
class Tab:
    """One browser tab."""

    server: Server
    cookie: str = ""
    token: str = field(default_factory=lambda: str(uuid4()))
    address: str = "192.0.2.1"

    async def send(self, name: str, payload: dict[str, Any] | None = None, *, follow: bool = True) -> dict[str, Any]:
        """Send an event and return the vars that came back, by their short names; the last value of each.

        With ``follow`` the events that it starts are waited for, too.
        """
        before = len(self.server.frames.sent.get(self.token, []))
        full = name if name.startswith(ROOT) else f"{ROOT}.tests___state___probe____{name}"
        router_data = {
            "pathname": "/",
            "asPath": "/",
            "query": {},
            "sid": "sid-" + self.token,
            "ip": self.address,
            "token": self.token,
            "headers": {"cookie": self.cookie, "origin": "http://mixline.test"},
        }
        future = await self.server.processor.enqueue(
            self.token, Event(name=full, payload=payload or {}, router_data=router_data)
        )
        await (future.wait_all() if follow else future)
        shown: dict[str, Any] = {}
        for update in self.server.frames.sent.get(self.token, [])[before:]:
            # Of vars with the same name those of the event's own state win, then the session's.
            ranked = {full.rpartition(".")[0]: 2, SessionState.get_full_name(): 1}
            for _, values in sorted(update.delta.items(), key=lambda one: ranked.get(one[0], 0)):
                shown |= {key.removesuffix("_rx_state_"): value for key, value in values.items()}
        return shown

    async def hydrate(self) -> dict[str, Any]:
        """What a tab gets when it connects."""
        return await self.send(f"{ROOT}.hydrate_and_load")


@dataclass
class Server:
    """The event processor with the guard, on one kind of state store."""

    processor: BaseStateEventProcessor
    frames: Frames

    def tab(self, session: IssuedSession | None = None, **fields: Any) -> Tab:
        if session is not None:
            fields["cookie"] = session.cookie_header
        return Tab(self, **fields)


@pytest.fixture(params=["memory", "redis"])
async def server(request: pytest.FixtureRequest, redis_server: str) -> AsyncIterator[Server]:
    """With states in memory the whole tree is loaded for each event, with states in Redis only a part of it."""
    sessions._cache.clear()
    manager: StateManager = StateManagerMemory() if request.param == "memory" else StateManagerRedis(redis=redis())
    guard, frames = Guard(), Frames()
    APP.add_middleware(guard, index=0)
    with PROBE:
        running = BaseStateEventProcessor(middleware=APP, backend_exception_handler=report_failure).configure(
            state_manager=manager,
            event_namespace=frames,  # type: ignore[arg-type]
        )
        yield Server(await running.__aenter__(), frames)
        # The processor asks a handler once to stop and then waits for it, however long that takes.
        stopping = asyncio.create_task(running.__aexit__(None, None, None))
        while not (await asyncio.wait({stopping}, timeout=2))[0]:
            for task in running._tasks.values():
                task.cancel()
        await manager.close()
    APP._middlewares.remove(guard)


async def lose_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on nothing answers where the sessions should be."""
    await infra_redis.close()
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:9/0")
    get_settings.cache_clear()
    sessions._cache.clear()


async def find_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    await infra_redis.close()
    monkeypatch.undo()
    get_settings.cache_clear()
