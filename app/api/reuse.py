"""What follows when a refresh token comes a second time: its session has ended, and the trail says so."""

from __future__ import annotations

from services.accounts import service
from services.accounts.sessions import RefreshReused
from services.infra.db import transaction
from services.infra.errors import Unavailable
from services.infra.log import get_logger

log = get_logger()


async def report_reuse(reused: RefreshReused) -> None:
    """Write it down; the session is gone whether or not that works."""
    log.warning("refresh_reused", user_id=str(reused.user_id or ""))
    if reused.user_id is None:
        return
    try:
        async with transaction() as db:
            await service.record_reuse(db, reused.user_id)
    except Unavailable:
        return
