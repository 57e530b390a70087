"""What a player does in tests: answers, hands and sets."""

from __future__ import annotations

import random
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.training.service import TrainingService
from services.training.views import Answer, Table


async def answer(training: TrainingService, db: AsyncSession, player: UUID, table: Table, action: str = "") -> Answer:
    assert table.decision_id is not None
    return await training.act(db, player, table.decision_id, action or table.actions[0])


async def play_hand(
    training: TrainingService, db: AsyncSession, player: UUID, table: Table, choose: random.Random
) -> Table:
    """Random actions to the end of the hand."""
    while table.status == "decision":
        await answer(training, db, player, table, choose.choice(table.actions))
        table = await training.advance(db, player, table.hand_id)
    return table


async def play_set(training: TrainingService, db: AsyncSession, player: UUID, choose: random.Random) -> Table:
    """Random actions to the end of the set."""
    table = await play_hand(training, db, player, await training.start(db, player), choose)
    while table.status != "set_done":
        table = await training.next_hand(db, player, table.session_id)
        table = await play_hand(training, db, player, table, choose)
    return table
