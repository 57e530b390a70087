"""What a drill deals: decisions to replay, or whole hands of one solution."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.infra.errors import FieldError, Invalid, NotFound
from services.infra.settings import get_settings
from services.solutions import reservations
from services.training import repository
from services.training.events import SessionStarted
from services.training.play import Strategies
from services.training.views import DrillSpec

MOST_ITEMS = 50


async def drill_started(strategies: Strategies, db: AsyncSession, user_id: UUID, drill: DrillSpec) -> SessionStarted:
    """The beginning of a drill.

    Raises:
        Invalid: A drill without a spot, with too many, or with both kinds.
        NotFound: It names a decision that is not an answered one of the player's own, or a solution that they may not
            see.
        BoardKept: A ranked set runs on one of the boards.
    """
    items = tuple(dict.fromkeys(drill.items))
    if drill.solution_id is not None:
        if items:
            raise _invalid("a drill has spots or a solution, not both")
        await strategies.visible(db, drill.solution_id, user_id)
        return SessionStarted(mode="drill", set_size=get_settings().set_size, solution_id=drill.solution_id)
    if not 1 <= len(items) <= MOST_ITEMS:
        raise _invalid(f"a drill has 1 to {MOST_ITEMS} spots, not {len(items)}")
    kept = await reservations.kept(db)
    for item in items:
        row = await repository.decision(db, user_id, item)
        if row is None or row.answered_at is None:
            raise NotFound("there is no such answered decision")
        kept.check(row.board)
    return SessionStarted(mode="drill", set_size=len(items), drill=items)


def _invalid(message: str) -> Invalid:
    return Invalid("this is no drill", errors=[FieldError("drill.items", message)])
