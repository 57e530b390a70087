"""The audit trail: who did what to whom, in a chain that only grows.

Entries hold ids and plain facts, never names, addresses or secrets, so erasing a user leaves the chain whole. An entry
is written in the transaction of what it tells about: neither is there without the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from services.audit import anchor, chain, repository
from services.audit.chain import Entry
from services.infra.clock import now
from services.infra.errors import FieldError, Invalid
from services.infra.log import get_logger

log = get_logger()

PAGE_LIMIT: Final = 200
_BATCH: Final = 1000


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a look at the whole chain found; ``fault`` is empty for a sound one."""

    entries: int
    head: str
    checked_at: datetime
    fault: str


async def record(
    db: AsyncSession,
    action: str,
    *,
    actor: UUID | None,
    subject: UUID | None = None,
    details: Mapping[str, Any] | None = None,
) -> Entry:
    """Add an entry; the last thing a transaction does, because the chain's end is held until it commits."""
    before = await repository.lock_head(db)
    entry = Entry(
        position=1 if before is None else before.position + 1,
        recorded_at=now(),
        action=action,
        actor_id=actor,
        subject_id=subject,
        details=dict(details or {}),
        request_id=structlog.contextvars.get_contextvars().get("request_id"),
        previous=chain.GENESIS if before is None else before.hash,
    )
    entry = replace(entry, hash=chain.seal(anchor.key(), entry))
    await repository.add(db, entry)
    log.info("audit_recorded", action=action, position=entry.position, head=entry.hash.hex())
    return entry


async def verify(db: AsyncSession) -> Verdict:
    """Read the whole chain and say where it first breaks."""
    key, before, count = anchor.key(), None, 0
    written_down = anchor.read()
    problem, reached = "", written_down is None
    while entries := await repository.after(db, before.position if before else 0, _BATCH):
        for entry in entries:
            problem = chain.fault(key, entry, before)
            if written_down is not None and entry.position == written_down.position:
                reached = entry.hash.hex() == written_down.hash
            if problem:
                return Verdict(count, before.hash.hex() if before else "", now(), problem)
            before, count = entry, count + 1
    if not reached and written_down is not None:
        problem = f"The end is missing: entry {written_down.position} was there once, and is not as it was."
    return Verdict(count, before.hash.hex() if before else "", now(), problem)


async def newest(
    db: AsyncSession,
    *,
    limit: int = 50,
    before: int | None = None,
    action: str | None = None,
    users: Sequence[UUID] | None = None,
) -> Sequence[Entry]:
    """A page of the trail, newest first, below position ``before``.

    Raises:
        Invalid: The page is too long.
    """
    if not 1 <= limit <= PAGE_LIMIT:
        raise Invalid("The list can't be shown.", errors=[FieldError("limit", f"1 to {PAGE_LIMIT}.")])
    return await repository.newest(db, limit=limit, before=before, action=action, users=users)


async def actions(db: AsyncSession) -> Sequence[str]:
    """Every kind of entry there is."""
    return await repository.actions(db)
