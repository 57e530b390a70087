"""Writes the boards' read model from the graded decisions of ranked sets.

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

    item_id: UUID | None = None
    set_id: str | None = None
    loss_pct: float
    ranked_loss_pct: float | None = None
    studied: bool = False


@projector("DecisionGraded", AccountErased, tables=["ratings.ranked_answer"])
async def project_ranked_decision(db: AsyncSession, stored: StoredEvent) -> None:
    """Keep the loss of a ranked decision, forget an erased player; tell the boards once it is committed."""
    if isinstance(stored.event, AccountErased):
        for set_id in await repository.drop_answers(db, stored.event.user_id):
            live.publish_after_commit(db, set_id)
        return
    decision = RankedDecision.model_validate(stored.event.model_dump())
    if decision.item_id is None or decision.set_id is None or stored.user_id is None:
        return
    loss = decision.loss_pct if decision.ranked_loss_pct is None else decision.ranked_loss_pct
    await repository.add_loss(
        db, stored.user_id, decision.item_id, decision.set_id, loss, stored.recorded_at, studied=decision.studied
    )
    live.publish_after_commit(db, decision.set_id)
