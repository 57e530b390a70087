"""What was sealed under older keys is sealed under the newest one, so that the older ones can go."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.accounts import credentials_repository
from services.infra import sealing
from services.infra.db import transaction
from services.infra.log import get_logger
from services.mail import repository as mail_repository

log = get_logger()

_BATCH: Final = 200

Rows = list[tuple[UUID, bytes]]
Lock = Callable[[AsyncSession, UUID | None, int], Awaitable[Rows]]
Store = Callable[[AsyncSession, UUID, bytes], Awaitable[None]]
PLACES: Final[tuple[tuple[Lock, Store], ...]] = (
    (credentials_repository.lock_sealed, credentials_repository.put_sealed),
    (mail_repository.lock_sealed, mail_repository.put_sealed),
)


@dataclass(frozen=True, slots=True)
class Resealed:
    """How many secrets were sealed anew, and how many have no key."""

    renewed: int
    lost: int


async def reseal_everything() -> Resealed:
    """Go through all sealed secrets in short transactions of its own; doing it again does nothing."""
    renewed = lost = 0
    for lock, store in PLACES:
        after: UUID | None = None
        while True:
            async with transaction() as db:
                rows = await lock(db, after, _BATCH)
                for row_id, sealed in rows:
                    try:
                        fresh = sealing.reseal(sealed)
                    except sealing.Unsealable:
                        lost += 1
                        continue
                    if fresh is not None:
                        await store(db, row_id, fresh)
                        renewed += 1
            if len(rows) < _BATCH:
                break
            after = rows[-1][0]
    if renewed or lost:
        log.info("secrets_resealed", renewed=renewed, without_a_key=lost)
    return Resealed(renewed, lost)
