"""Writes the board's read model from the graded decisions of ranked play.

The event belongs to training, which is above ratings, so it is taken by its name and read through the few fields that
count. The loss is the plain one, not reduced by the tolerance, and also there when the grade was "uncertain": every
dealt decision counts, or a player could choose the action whose loss is hard to measure. ``GuestMerged`` moves nothing
here: ranked play is for members.
"""

from __future__ import annotations

from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncSession

from services.accounts.events import AccountErased
from services.infra.events import StoredEvent, projector
from services.ratings import live, repository


class RankedDecision(BaseModel):
    """The part of training's ``DecisionGraded`` that a board needs."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    mode: str
    item_id: UUID | None = None
    week: str | None = None
    loss_pct: float


@projector("DecisionGraded", AccountErased, tables=["ratings.ranked_answer"])
async def project_ranked_decision(db: AsyncSession, stored: StoredEvent) -> None:
    """Keep the loss of a ranked decision, forget an erased player; tell the boards once it is committed."""
    if isinstance(stored.event, AccountErased):
        for week in await repository.drop_answers(db, stored.event.user_id):
            live.publish_after_commit(db, week)
        return
    decision = RankedDecision.model_validate(stored.event.model_dump())
    if decision.mode != "ranked" or decision.item_id is None or decision.week is None or stored.user_id is None:
        return
    await repository.add_answer(
        db, stored.user_id, decision.item_id, decision.week, decision.loss_pct, stored.recorded_at
    )
    live.publish_after_commit(db, decision.week)
