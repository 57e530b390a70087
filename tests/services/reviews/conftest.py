"""Players who make mistakes, and the reviews that follow."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from services.reviews.service import ReviewService
from services.training.service import TrainingService
from services.training.views import Answer, Table
from tests.services.training.conftest import add_player
from tests.services.training.doubles import HashedStrategies, library


@pytest.fixture
def strategies() -> HashedStrategies:
    return library()


@pytest.fixture
def training(strategies: HashedStrategies) -> TrainingService:
    return TrainingService(strategies, look_ahead=False)


@pytest.fixture
def reviews(training: TrainingService) -> ReviewService:
    return ReviewService(training)


@pytest.fixture
async def player(db: AsyncSession) -> UUID:
    return await add_player(db)


class Hero:
    """Plays on purpose: the action that costs least, or the one that costs most."""

    def __init__(self, training: TrainingService, strategies: HashedStrategies, db: AsyncSession, user_id: UUID):
        self.training, self.strategies, self.db, self.user_id = training, strategies, db, user_id

    async def values(self, table: Table) -> dict[str, float]:
        """Each action's value for hero's hand."""
        line = tuple((await self.training._hand(self.db, table.hand_id)).line)
        node = await self.strategies.node(table.solution.id, line)
        combo = (await self.training._hand(self.db, table.hand_id)).dealt.hero_combo
        return dict(zip(node.position.actions, node.q[:, node.row(combo)], strict=True))

    async def answer(self, table: Table, *, well: bool) -> Answer:
        values = await self.values(table)
        action = (max if well else min)(values, key=values.__getitem__)
        assert table.decision_id is not None
        return await self.training.act(self.db, self.user_id, table.decision_id, action)

    async def miss(self) -> tuple[Table, Answer]:
        """Play until something was wrong or a blunder; the table of the decision and its grade."""
        table = await self.training.start(self.db, self.user_id)
        while True:
            while table.status != "decision":
                table = await self.training.next_hand(self.db, self.user_id, table.session_id)
            answer = await self.answer(table, well=False)
            if answer.grade.word in {"wrong", "blunder"}:
                return table, answer
            table = await self.training.advance(self.db, self.user_id, table.hand_id)

    async def answer_all(self, table: Table, *, well: bool) -> Table:
        """Answer every decision of a set of single decisions."""
        while table.status != "set_done":
            if table.status == "decision":
                await self.answer(table, well=well)
                table = await self.training.advance(self.db, self.user_id, table.hand_id)
            else:
                table = await self.training.next_hand(self.db, self.user_id, table.session_id)
        return table


@pytest.fixture
def hero(training: TrainingService, strategies: HashedStrategies, db: AsyncSession, player: UUID) -> Hero:
    return Hero(training, strategies, db, player)
