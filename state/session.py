"""Who sits at the browser, for every state and page.

`SessionState` shows what the guard found out about the caller. Its vars are for display; a handler that acts for
somebody asks `principal_of`, which looks at the live session.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

import reflex as rx
from redis.exceptions import RedisError
from reflex_base.constants.state import FIELD_MARKER
from reflex_base.event import EventSpec
from reflex_base.event.context import EventContext

from services.accounts.permissions import Permission, allows
from services.accounts.principals import Principal
from services.accounts.sessions import resolve
from services.infra import tasks
from services.infra.errors import DomainError, Unauthorized
from services.infra.log import get_logger
from services.infra.rate_limits import address_of
from services.infra.waiting import VISITORS, acting_for

if TYPE_CHECKING:
    from reflex.state import BaseState

log = get_logger()

RECONNECTING: Final = "Reconnecting"
SESSION_ENDED: Final = "Your session has ended. Reload the page."


class SessionState(rx.State):
    """Name and role of the visitor, and the guard's last refusal in words.

    Attributes:
        administrates: An administrator with a second factor, for whom the links to administration are shown.
        notice: Shown by the shell with role status; empty when there is nothing to say.
    """

    name: str = ""
    role: str = ""
    signed_in: bool = False
    administrates: bool = False
    notice: str = ""
    _owner: str = ""

    def _show(self, principal: Principal | None) -> None:
        shown = (principal.name, principal.role.value, principal.signed_in) if principal else ("", "", False)
        if (self.name, self.role, self.signed_in) != shown:
            self.name, self.role, self.signed_in = shown
        if self.administrates != allows(principal, Permission.ADMIN):
            self.administrates = not self.administrates


def cookie_of(state: BaseState) -> str:
    """The ``Cookie`` header of the socket's handshake."""
    return state.router.headers.raw_headers.get("cookie", "")


async def principal_of(state: BaseState) -> Principal:
    """The caller of the event that runs now.

    A background task that writes for somebody calls it again inside each ``async with self`` and stops when the
    ``user_id`` differs from the one it began with: the tab may have changed hands.

    Raises:
        Unauthorized: There is no live session.
        SessionsUnavailable: Redis does not answer.
    """
    principal = await resolve(cookie_of(state))
    if principal is None:
        raise Unauthorized(SESSION_ENDED, code="session-ended")
    address = address_of({"client": (state.router.session.client_ip, 0)})
    if principal.signed_in:
        acting_for(str(principal.user_id), address)
    else:
        acting_for(str(principal.user_id), VISITORS, visitor_at=address)
    return principal


_failed: OrderedDict[str, None] = OrderedDict()


def report_failure(exception: Exception) -> EventSpec | None:
    """Reflex's ``backend_exception_handler``: say in the tab what went wrong, also when its state can't be loaded.

    The notice goes straight to the browser, past the state. The guard takes it back at the next event that passes.
    """
    if isinstance(exception, DomainError):
        notice = exception.message
    elif isinstance(exception, RedisError | OSError | TimeoutError):
        notice = RECONNECTING
    else:
        notice = "Something went wrong here; it was logged."
    if not isinstance(exception, DomainError) or exception.status >= 500:
        log.error("event_failed", exc_info=exception)
    context = EventContext.get()
    delta = notice_past_the_state(context.token, notice)
    tasks.soon(context.emit_delta(delta))
    return None


def notice_past_the_state(token: str, notice: str) -> dict[str, dict[str, str]]:
    """What shows ``notice`` in a tab whose state can't be reached, until the next event of the tab passes the guard."""
    _failed[token] = None
    while len(_failed) > 10_000:
        _failed.popitem(last=False)
    return {SessionState.get_full_name(): {"notice" + FIELD_MARKER: notice}}


def forget_failure(token: str) -> bool:
    """Whether the tab shows a notice of `notice_past_the_state`, which it won't any more."""
    return _failed.pop(token, False) is None
