# ruff: noqa: SLF001 Reflex keeps what a middleware needs behind underscores
"""The gate in front of every Reflex event.

A socket authenticates nobody: any client can call any handler of any state by name, with any payload, under any token.
So the guard denies by default. For each event it

1. resolves the session cookie of the handshake again (one Redis GET, kept for at most a second),
2. resets the whole state tree when the token's tree belongs to somebody else,
3. limits the rate per session, or per address where there is no session,
4. asks the policy that is attached to the handler's function (`policy`), and
5. checks the payload strictly against the handler's signature.

With Redis down nobody can be recognised: a handler open to the public still runs on an unowned tree, all else is
refused with "Reconnecting". Refusals are logged with names only, never with values.
"""

from __future__ import annotations

import inspect
import json
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from reflex.middleware.middleware import Middleware
from reflex.state import State, StateUpdate
from reflex_base.registry import RegistrationContext
from reflex_base.utils.form import transform_form_data

from services.accounts import denials, permissions
from services.accounts.permissions import Permission as Policy
from services.accounts.principals import Principal
from services.accounts.sessions import SessionsUnavailable, resolve
from services.infra import activity
from services.infra.errors import Forbidden, Unauthorized
from services.infra.log import get_logger
from state.session import RECONNECTING, SESSION_ENDED, SessionState, cookie_of, forget_failure

if TYPE_CHECKING:
    from reflex.app import App
    from reflex.state import BaseState
    from reflex_base.event import Event, EventHandler

log = get_logger()

MAX_PAYLOAD_BYTES: Final = 65_536
RATE_PER_S: Final = 15.0
BURST: Final = 45.0
_BUCKETS: Final = 20_000


# Reflex's own handlers that its front end needs. Everything else that it registers, `setvar` above all, stays refused.
_FRAMEWORK: Final = frozenset(
    {
        "reflex___state____state.hydrate",
        "reflex___state____state.hydrate_and_load",
        "reflex___state____state.set_is_hydrated",
        "reflex___state____state.reflex___state____on_load_internal_state.on_load_internal",
        "reflex___state____state.reflex___state____on_load_internal_state.set_is_hydrated",
        "reflex___state____state.reflex___state____update_vars_internal_state.update_vars_internal",
        "reflex___state____state.reflex___state____frontend_event_exception_state.handle_frontend_exception",
    }
)

_F = TypeVar("_F", bound=Callable[..., Any])


def policy(required: Policy, *, by_itself: bool = False) -> Callable[[_F], _F]:
    """Say who may call a handler: ``@rx.event`` above, ``@policy(Policy.PLAYER)`` below it.

    What a policy takes is a row of the one table, `services.accounts.permissions.TABLE`. ``by_itself``: an open page
    calls it from time to time, so it is no sign that somebody plays.
    """

    def attach(fn: _F) -> _F:
        cast("Any", fn).__policy__ = required
        cast("Any", fn).__by_itself__ = by_itself
        return fn

    return attach


def policy_of(event_name: str) -> Policy | None:
    """The policy of a registered handler by its full name; None means refused to all."""
    if event_name in _FRAMEWORK:
        return Policy.PUBLIC
    registered = RegistrationContext.get().event_handlers.get(event_name)
    found = getattr(registered.handler.fn, "__policy__", None) if registered is not None else None
    return found if isinstance(found, Policy) else None


def comes_by_itself(event_name: str) -> bool:
    """Whether an event says nothing about anybody being there."""
    registered = RegistrationContext.get().event_handlers.get(event_name)
    return registered is not None and getattr(registered.handler.fn, "__by_itself__", False)


def allows(required: Policy | None, principal: Principal | None) -> bool:
    """Whether a caller (None: without a session) meets a policy (None: nobody does)."""
    return required is not None and permissions.allows(principal, required)


def refusal(required: Policy | None, principal: Principal | None) -> str:
    """What to tell a caller who does not meet a policy."""
    if required is None:
        return ""
    if principal is None:
        return SESSION_ENDED
    try:
        permissions.check(principal, required)
    except (Unauthorized, Forbidden) as error:
        return error.message
    return ""


class _Payload(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, arbitrary_types_allowed=False)


def payload_model(handler: EventHandler) -> type[BaseModel]:
    """The strict model of a handler's arguments.

    Raises:
        TypeError: An argument has no annotation, so the handler can't be called.
    """
    hints = handler._get_type_hints()
    fields: dict[str, Any] = {}
    for parameter in list(inspect.signature(handler.fn).parameters.values())[1:]:
        hint = hints.get(parameter.name, inspect.Parameter.empty)
        if hint is inspect.Parameter.empty or parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            message = f"{handler.fn.__qualname__}: argument {parameter.name} needs a type"
            raise TypeError(message)
        fields[parameter.name] = (hint, ... if parameter.default is parameter.empty else parameter.default)
    return create_model(handler.fn.__qualname__, __base__=_Payload, **fields)


class Guard(Middleware):
    """Reflex middleware; must be the first one, see `state.socket_guard.guard_events`."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._models: dict[str, type[BaseModel]] = {}
        self._next_flood_line = 0.0

    async def preprocess(self, app: App, state: BaseState, event: Event) -> StateUpdate | None:  # noqa: ARG002 Reflex's
        """Let an event pass (None), or answer it with a refusal."""
        if not comes_by_itself(event.name):
            activity.touch()
        root = state._get_root_state()
        session = await root.get_state(SessionState)
        try:
            principal = await resolve(cookie_of(root))
        except SessionsUnavailable:
            if allows(policy_of(event.name), None) and not session._owner and self._payload_fits(event):
                return None
            return await self._refuse(root, session, event, "sessions_unavailable", RECONNECTING)

        await bind_owner(root, session, principal)
        required = policy_of(event.name)
        if event.router_data and not self._within_rate(root, principal):
            return await self._refuse(root, session, event, "rate", "Too fast. Wait a second.")
        if not allows(required, principal):
            if required is not None:
                await denials.note(principal, required, _short(event.name), "policy")
            return await self._refuse(root, session, event, "policy", refusal(required, principal))
        if not self._payload_fits(event):
            return await self._refuse(root, session, event, "payload", "")
        if session.notice or forget_failure(root.router.session.client_token):
            session.notice = ""
            session.dirty_vars.add("notice")
        return None

    def _within_rate(self, root: BaseState, principal: Principal | None) -> bool:
        """One token bucket per session; without a session per address, since a client mints its own tokens."""
        key = principal.session_id if principal is not None else root.router.session.client_ip
        clock = time.monotonic()
        level, at = self._buckets.pop(key, (BURST, clock))
        level = min(BURST, level + (clock - at) * RATE_PER_S)
        self._buckets[key] = (max(0.0, level - 1.0), clock)
        while len(self._buckets) > _BUCKETS:
            self._buckets.popitem(last=False)
        return level >= 1.0

    def _payload_fits(self, event: Event) -> bool:
        handler = RegistrationContext.get().event_handlers[event.name].handler
        try:
            if event.name not in self._models:
                self._models[event.name] = payload_model(handler)
            hints = handler._get_type_hints()
            plain = {name: transform_form_data(value, hints.get(name, Any)) for name, value in event.payload.items()}
            text = json.dumps(plain, allow_nan=False)
            if len(text) > MAX_PAYLOAD_BYTES or "\\u0000" in text:
                return False
            self._models[event.name].model_validate_json(text, strict=True)
            if event.name in _FRAMEWORK:
                stored = event.payload.get("vars") or {}
                for name in stored:
                    State.get_class_substate(name.rpartition(".")[0])  # raises where there is no such state
                return all(isinstance(value, str) and len(value) <= 4096 for value in stored.values())
        except (ValidationError, TypeError, ValueError, AttributeError, RecursionError):
            return False
        return True

    async def _refuse(
        self, root: BaseState, session: SessionState, event: Event, reason: str, notice: str
    ) -> StateUpdate:
        if reason != "rate" or time.monotonic() > self._next_flood_line:
            self._next_flood_line = time.monotonic() + 1.0
            log.warning("event_refused", handler=event.name[-120:], reason=reason, user_id=session._owner or None)
        if notice and session.notice != notice:
            session.notice = notice
        delta = await root._get_resolved_delta()
        root._clean()
        return StateUpdate(delta=delta)


def _short(event_name: str) -> str:
    """``admin_state.load`` for people to read."""
    return event_name.rpartition("____")[2]


async def bind_owner(root: BaseState, session: SessionState, principal: Principal | None) -> None:
    """Give the token's state tree to this principal; a tree of somebody else is emptied first, all of it.

    With states in Redis only a part of the tree is loaded for an event, hence the loop over every class.
    """
    owner = str(principal.user_id) if principal is not None else ""
    if session._owner and session._owner != owner:
        for state_class in list(RegistrationContext.get().base_states.values()):
            if issubclass(state_class, State):
                await root.get_state(state_class)
        root.reset()
        log.info("state_owner_changed", user_id=owner or None)
    if session._owner != owner:
        session._owner = owner
    session._show(principal)
