"""Refusals that belong into the audit trail: an account asked for what it may not do.

One line a minute for each account and permission, written beside the answer, so that a flood of refused calls neither
slows anybody nor fills the trail. Guests cost nothing to make, so theirs stay log lines.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from time import monotonic
from typing import Final

from services.accounts.permissions import Permission
from services.accounts.principals import Principal
from services.audit import service as audit
from services.infra.db import transaction
from services.infra.errors import DomainError
from services.infra.log import get_logger

log = get_logger()

EVERY_S: Final = 60.0
_MOST: Final = 10_000
_noted: OrderedDict[tuple[str, str], float] = OrderedDict()
_writing: set[asyncio.Task[None]] = set()


def note(principal: Principal | None, permission: Permission, place: str, reason: str) -> None:
    """A caller was refused at ``place``, a path or a handler's name."""
    log.warning("permission_denied", permission=permission.value, place=place[-120:], reason=reason)
    if principal is None or not principal.signed_in:
        return
    key, clock = (str(principal.user_id), permission.value), monotonic()
    if clock - _noted.get(key, -EVERY_S) < EVERY_S:
        return
    _noted[key] = clock
    while len(_noted) > _MOST:
        _noted.popitem(last=False)
    task = asyncio.get_running_loop().create_task(_write(principal, permission, place, reason))
    _writing.add(task)
    task.add_done_callback(_writing.discard)


async def written() -> None:
    """Wait for what is being written (tests, and the end of the server)."""
    await asyncio.gather(*_writing, return_exceptions=True)


async def _write(principal: Principal, permission: Permission, place: str, reason: str) -> None:
    details = {"permission": permission.value, "place": place[-120:], "reason": reason}
    try:
        async with transaction() as db:
            await audit.record(db, "permission_denied", actor=principal.user_id, details=details)
    except DomainError:
        return
