"""Two tables: a drill on two of them is two sets, and the second one belongs to the first."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.infra.errors import NotFound
from services.training import repository


async def second_set(db: AsyncSession, user_id: UUID, first: UUID) -> UUID | None:
    """The set at the second table that was opened with a set of one's own; None where there is none.

    Raises:
        NotFound: No such set of this player.
    """
    session = await repository.session(db, user_id, first)
    if session is None:
        raise NotFound("there is no such session")
    if session.place != 1 or session.drill:
        return None
    found = await repository.opened_before(db, user_id, first, place=2)
    return found.id if found is not None and found.plan is not None and found.plan == session.plan else None
