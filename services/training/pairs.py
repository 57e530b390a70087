"""Two tables: a drill on two of them is two sets, and the second one belongs to the first."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.infra.errors import NotFound
from services.training import repository
from services.training.service import TrainingService
from services.training.views import Table


async def second_table(training: TrainingService, db: AsyncSession, user_id: UUID, first: UUID) -> Table | None:
    """The second table of the drill whose first one is a set of one's own; None where there is none.

    Raises:
        NotFound: No such set of this player.
    """
    session = await repository.session(db, user_id, first)
    if session is None:
        raise NotFound("there is no such session")
    if session.place != 1 or session.drill:
        return None
    found = await repository.opened_before(db, user_id, first, place=2)
    if found is None or found.plan is None or found.plan != session.plan:
        return None
    if found.finished_at is None:
        return await training.current(db, user_id, named=str(found.id))
    hand_id = await repository.newest_hand_id(db, found.id)
    return None if hand_id is None else await training.table(db, user_id, hand_id)
