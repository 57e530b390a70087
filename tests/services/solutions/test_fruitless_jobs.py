"""Requests for solves that came to nothing: how many are kept."""

from __future__ import annotations

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.accounts.sessions import Principal, Role
from services.infra import clock
from services.infra.db import transaction
from services.solutions.jobs import KEPT_FRUITLESS, SolveJob
from tests.services.solutions.test_jobs import JOBS, slow_spot, submit


@pytest.fixture
async def player(committed: AsyncEngine, redis_server: str) -> Principal:
    del committed, redis_server
    return Principal(clock.new_id(), Role.GUEST, "Ann", "session")


async def test_so_many_cancelled_requests_of_a_player_are_kept(player: Principal) -> None:
    asked = list[SolveJob]()
    for number in range(KEPT_FRUITLESS + 3):
        asked.append(await submit(player, slow_spot(100 + number), 0.01))
        async with transaction() as db:
            await JOBS.cancel(db, player, asked[-1].id)
    async with transaction() as db:
        kept = await JOBS.list(db, player, limit=100)
    assert [job.id for job in kept] == [job.id for job in asked[:1:-1]]
