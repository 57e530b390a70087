"""A hand step by step ends as the table does."""

from __future__ import annotations

import random
from itertools import pairwise
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.training.replay import frames
from services.training.service import TrainingService
from tests.services.training.players import play_hand


async def test_the_last_step_is_the_table_as_it_stands_and_every_answer_has_its_step(
    training: TrainingService, db: AsyncSession, player: UUID
):
    choose = random.Random(3)
    table = await training.start(db, player)
    for _ in range(8):
        table = await play_hand(training, db, player, table, choose)
        found = frames(table)
        assert len(found) == len(table.line) + 1
        assert found[0].pot == table.solution.pot
        assert (found[-1].pot, found[-1].stacks, found[-1].board) == (table.pot, table.stacks, table.board)
        shown = [frame.answer for frame in found if frame.answer is not None]
        assert shown == list(table.answers)
        for before, after in pairwise(found):
            assert sum(after.stacks) + after.pot == sum(before.stacks) + before.pot
        if table.status == "set_done":
            break
        table = await training.next_hand(db, player, table.session_id)
