"""Who sits at the browser, for every state and page.

`SessionState` shows what the guard found out about the caller. Its vars are for display; a handler that acts for
somebody asks `principal_of`, which looks at the live session.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import reflex as rx

from services.accounts.sessions import Principal, resolve
from services.infra.errors import Unauthorized

if TYPE_CHECKING:
    from reflex.state import BaseState

RECONNECTING: Final = "Reconnecting"
SESSION_ENDED: Final = "Your session has ended. Reload the page."


class SessionState(rx.State):
    """Name and role of the visitor, and the guard's last refusal in words.

    Attributes:
        notice: Shown by the shell with role status; empty when there is nothing to say.
    """

    name: str = ""
    role: str = ""
    signed_in: bool = False
    notice: str = ""
    _owner: str = ""

    def _show(self, principal: Principal | None) -> None:
        shown = (principal.name, principal.role.value, principal.signed_in) if principal else ("", "", False)
        if (self.name, self.role, self.signed_in) != shown:
            self.name, self.role, self.signed_in = shown


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
    return principal
