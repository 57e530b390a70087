"""How many drills one player may have open: the oldest ends where another would be one too many."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.infra import events
from services.training import repository
from services.training.events import SessionFinished

MOST_OPEN_DRILLS: Final = 20


async def make_room(db: AsyncSession, user_id: UUID) -> None:
    """End the oldest open drills until another one fits; the caller holds the player's lock.

    A drill that is not the newest can't be gone on with from the pages, so nobody is kept from opening one; what was
    answered in it counts.
    """
    for session_id in await repository.open_drills(db, user_id, but_newest=MOST_OPEN_DRILLS - 1):
        session = await repository.session(db, user_id, session_id, lock=True)
        if session is not None and session.finished_at is None:
            finished = SessionFinished(decisions=session.decisions)
            await events.append(db, session.id, "session", 1, [finished], user_id)
