"""What solves an account's copy holds, and that they go with the account."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.accounts import export
from services.accounts.events import AccountErased
from services.infra.events import StoredEvent, projector
from services.solutions import repository


@projector(AccountErased)
async def project_erasure(db: AsyncSession, stored: StoredEvent) -> None:
    """Drop the solves of an erased account."""
    if isinstance(stored.event, AccountErased):
        await repository.drop_jobs_of(db, (stored.event.user_id, *stored.event.guest_ids))


@export.part("solves.json")
async def solves(db: AsyncSession, user_id: UUID) -> list[dict[str, Any]]:
    """The solves an account asked for; solutions can be exported one by one."""
    hidden = {"owner_id", "worker", "heartbeat_at", "request_key", "attempts"}
    return [row.model_dump(mode="json", exclude=hidden) for row in await repository.every_job_of(db, user_id)]
