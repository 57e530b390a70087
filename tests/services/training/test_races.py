"""Real, concurrent transactions: one event a decision, one hand at a time, one set of a kind."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.infra.db import transaction
from services.infra.errors import Conflict, Unavailable
from services.training import saved
from services.training.plan import Plan
from services.training.service import TrainingService
from services.training.views import Answer, Table
from tests.services.training.conftest import add_player


@pytest.fixture
async def seated(committed: AsyncEngine, training: TrainingService) -> tuple[UUID, Table]:
    async with transaction() as db:
        player = await add_player(db)
    async with transaction() as db:
        return player, await training.start(db, player)


async def count(kind: str) -> int:
    async with transaction() as db:
        return await db.scalar(text("SELECT count(*) FROM infra.event WHERE type = :kind"), {"kind": kind}) or 0


async def test_the_same_answer_fifty_times_in_parallel_is_one_event_and_fifty_equal_answers(
    training: TrainingService, seated: tuple[UUID, Table]
) -> None:
    player, table = seated
    assert table.decision_id is not None
    decision_id = table.decision_id

    async def act() -> Answer:
        while True:
            try:
                async with transaction() as db:
                    return await training.act(db, player, decision_id, table.actions[0])
            except Unavailable:  # a busy machine has no connection free within two seconds: a client asks again
                await asyncio.sleep(0.1)

    answers = await asyncio.gather(*(act() for _ in range(50)))
    assert all(answer == answers[0] for answer in answers)
    assert await count("DecisionGraded") == 1


async def test_of_two_tabs_with_different_answers_one_gets_a_conflict(
    training: TrainingService, seated: tuple[UUID, Table]
) -> None:
    player, table = seated
    assert table.decision_id is not None
    decision_id = table.decision_id

    async def act(action: str) -> Answer:
        async with transaction() as db:
            return await training.act(db, player, decision_id, action)

    answers = await asyncio.gather(*(act(action) for action in table.actions[:2]), return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["Answer", "Conflict"]
    assert await count("DecisionGraded") == 1


async def test_tabs_that_play_on_at_once_see_the_same_table(
    training: TrainingService, seated: tuple[UUID, Table]
) -> None:
    player, table = seated
    assert table.decision_id is not None
    async with transaction() as db:
        await training.act(db, player, table.decision_id, table.actions[0])

    async def look(how: int) -> Table | None:
        async with transaction() as db:
            return await (training.advance(db, player, table.hand_id) if how % 2 else training.current(db, player))

    tables = await asyncio.gather(*(look(how) for how in range(10)))
    assert all(one == tables[0] for one in tables)


async def test_a_visitor_who_presses_start_ten_times_gets_one_set_and_one_hand(
    training: TrainingService, committed: AsyncEngine
) -> None:
    async with transaction() as db:
        player = await add_player(db)

    async def start() -> Table:
        async with transaction() as db:
            return await training.start(db, player)

    tables = await asyncio.gather(*(start() for _ in range(10)))
    assert all(table == tables[0] for table in tables)
    assert (await count("SessionStarted"), await count("HandDealt")) == (1, 1)


async def test_an_answer_whose_commit_failed_was_not_given(
    training: TrainingService, seated: tuple[UUID, Table]
) -> None:
    player, table = seated
    assert table.decision_id is not None
    decision_id = table.decision_id

    async def act_and_fail() -> None:
        async with transaction() as db:
            await training.act(db, player, decision_id, table.actions[0])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await act_and_fail()
    async with transaction() as db:
        assert await training.current(db, player) == table
        again = await training.act(db, player, decision_id, table.actions[1])
    assert again.action == table.actions[1]


async def test_next_hand_pressed_in_two_tabs_deals_one_hand(
    training: TrainingService, seated: tuple[UUID, Table]
) -> None:
    player, table = seated
    while table.status == "decision":
        assert table.decision_id is not None
        async with transaction() as db:
            await training.act(db, player, table.decision_id, table.actions[0])
        async with transaction() as db:
            table = await training.advance(db, player, table.hand_id)

    async def following() -> Table:
        async with transaction() as db:
            return await training.next_hand(db, player, table.session_id)

    first, second = await asyncio.gather(following(), following())
    assert first == second
    assert first.hand_number == 2


async def test_a_late_second_answer_is_a_conflict_also_after_the_hand(
    training: TrainingService, seated: tuple[UUID, Table]
) -> None:
    player, table = seated
    assert table.decision_id is not None
    async with transaction() as db:
        await training.act(db, player, table.decision_id, table.actions[0])
    async with transaction() as db:
        await training.advance(db, player, table.hand_id)
    with pytest.raises(Conflict):
        async with transaction() as db:
            await training.act(db, player, table.decision_id, table.actions[1])


async def test_of_two_drills_that_take_one_name_at_once_one_gets_a_conflict(committed: AsyncEngine) -> None:
    del committed
    async with transaction() as db:
        player = await add_player(db)
        drills = [await saved.save(db, player, Plan(name=f"drill {number}")) for number in range(2)]

    async def rename(drill: saved.SavedDrill) -> None:
        async with transaction() as db:
            await saved.change(db, player, drill.id, Plan(name="the same"))

    ended = await asyncio.gather(*(rename(drill) for drill in drills), return_exceptions=True)

    assert sorted(type(one) for one in ended if one is not None) == [Conflict]
