"""Refusals that belong into the audit trail: an account asked for what it may not do.

One line a minute for each account and permission, so that a flood of refused calls does not fill the trail. Guests cost
nothing to make, so theirs stay log lines. A database that is away changes nothing about the refusal.
"""

from __future__ import annotations

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


async def note(principal: Principal | None, permission: Permission, place: str, reason: str) -> None:
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
    details = {"permission": permission.value, "place": place[-120:], "reason": reason}
    try:
        async with transaction() as db:
            await audit.record(db, "permission_denied", actor=principal.user_id, details=details)
    except DomainError:
        del _noted[key]
