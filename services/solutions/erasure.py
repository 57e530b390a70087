"""What solves an account's copy holds, and that they go with the account."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.accounts import export
from services.accounts.events import AccountErased, GuestMerged
from services.infra.events import StoredEvent, projector
from services.solutions import kept_repository, repository


@projector(AccountErased, GuestMerged)
async def project_erasure(db: AsyncSession, stored: StoredEvent) -> None:
    """Drop the solves and studies of an erased account; a guest's go to the account."""
    match stored.event:
        case AccountErased() as event:
            users = (event.user_id, *event.guest_ids)
            await repository.drop_jobs_of(db, users)
            await kept_repository.forget(db, users)
        case GuestMerged() as event:
            await repository.hand_over(db, event.guest_id, event.user_id)
            await kept_repository.hand_over(db, event.guest_id, event.user_id)
        case _:
            pass


@export.part("solves.json")
async def solves(db: AsyncSession, user_id: UUID) -> list[dict[str, Any]]:
    """The solves an account asked for; solutions can be exported one by one."""
    hidden = {"owner_id", "worker", "heartbeat_at", "request_key", "attempts"}
    return [row.model_dump(mode="json", exclude=hidden) for row in await repository.every_job_of(db, user_id)]


@export.part("studied-boards.json")
async def studied_boards(db: AsyncSession, user_id: UUID) -> list[dict[str, Any]]:
    """Which boards' solutions an account looked at, day by day: what marks ranked decisions."""
    rows = await kept_repository.studies_of(db, user_id)
    return [row.model_dump(mode="json", exclude={"user_id"}) for row in rows]
