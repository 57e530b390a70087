"""Drills: decisions to replay, and whole hands of one solution."""

from __future__ import annotations

import random
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from services.infra.errors import Invalid, NotFound
from services.training import history
from services.training.service import TrainingService
from services.training.views import DrillSpec
from tests.services.training.doubles import HashedStrategies
from tests.services.training.players import answer, play_set


async def test_a_drill_replays_the_worst_spots_one_decision_each(
    training: TrainingService, db: AsyncSession, player: UUID
) -> None:
    done = await play_set(training, db, player, random.Random(9))
    worst = (await training.summary(db, player, done.session_id)).worst
    assert len(worst) == 3
    table = await training.start(db, player, drill=DrillSpec(tuple(spot.decision_id for spot in worst)))
    for spot in worst:
        assert table.drill
        assert (table.hero_cards, table.board, table.hero) == (spot.hero_cards, spot.board, spot.hero)
        assert [step.action for step in table.line if step.player != -1] == [
            step for step in spot.line if not step.startswith("deal")
        ]
        given = await answer(training, db, player, table, spot.action)
        assert given.grade.loss_bb == pytest.approx(spot.loss_bb)
        table = await training.advance(db, player, table.hand_id)
        assert table.result is not None
        assert (table.result.kind, table.result.villain_cards) == ("spot", None)
        table = await training.next_hand(db, player, table.session_id)
    assert table.status == "set_done"


async def test_a_drill_on_a_solution_deals_whole_hands_of_it_alone(
    training: TrainingService, strategies: HashedStrategies, db: AsyncSession, player: UUID
) -> None:
    solution_id = list(strategies.infos)[1]
    table = await training.start(db, player, drill=DrillSpec(solution_id=solution_id))
    kinds: set[str] = set()
    while table.status != "set_done":
        assert (table.drill, table.solution.id) == (True, solution_id)
        if table.status == "decision":
            await answer(training, db, player, table)
            table = await training.advance(db, player, table.hand_id)
        else:
            assert table.result is not None
            kinds.add(table.result.kind)
            table = await training.next_hand(db, player, table.session_id)
    assert "spot" not in kinds
    assert (await training.summary(db, player, table.session_id)).decisions >= table.set_size


async def test_another_drill_than_so_many_ends_the_oldest_and_no_other_set(
    training: TrainingService, strategies: HashedStrategies, db: AsyncSession, player: UUID
) -> None:
    solution_id = list(strategies.infos)[1]
    hands = await training.start(db, player)
    opened = [await training.start(db, player, drill=DrillSpec(solution_id=solution_id)) for _ in range(23)]

    found = {one.row.id: one.row for one in (await history.sets(db, player, 100))[0]}

    ended = [number for number, table in enumerate(opened) if found[table.session_id].finished_at is not None]
    assert ended == [0, 1, 2]
    assert found[hands.session_id].finished_at is None
    assert (await training.current(db, player)).session_id == opened[-1].session_id  # type: ignore[union-attr]


async def test_a_drill_has_spots_or_a_solution_that_its_player_may_see(
    training: TrainingService, strategies: HashedStrategies, db: AsyncSession, player: UUID
) -> None:
    known = next(iter(strategies.infos))
    with pytest.raises(Invalid, match="drill"):
        await training.start(db, player, drill=DrillSpec((uuid4(),), known))
    with pytest.raises(NotFound):
        await training.start(db, player, drill=DrillSpec(solution_id=uuid4()))


async def test_a_drill_of_nothing_or_of_unknown_spots_is_refused(
    training: TrainingService, db: AsyncSession, player: UUID
) -> None:
    with pytest.raises(Invalid):
        await training.start(db, player, drill=DrillSpec(()))
    with pytest.raises(NotFound):
        await training.start(db, player, drill=DrillSpec((uuid4(),)))


async def test_an_open_decision_cannot_be_drilled(training: TrainingService, db: AsyncSession, player: UUID) -> None:
    table = await training.start(db, player)
    assert table.decision_id is not None
    with pytest.raises(NotFound):
        await training.start(db, player, drill=DrillSpec((table.decision_id,)))


async def test_a_drill_does_not_change_the_set_it_interrupts(
    training: TrainingService, db: AsyncSession, player: UUID
) -> None:
    done = await play_set(training, db, player, random.Random(10))
    worst = (await training.summary(db, player, done.session_id)).worst[:1]
    before = await training.summary(db, player, done.session_id)
    interrupted = await training.start(db, player)
    table = await training.start(db, player, drill=DrillSpec((worst[0].decision_id,)))
    await answer(training, db, player, table)
    await training.advance(db, player, table.hand_id)
    assert await training.summary(db, player, done.session_id) == before
    assert await training.start(db, player) == interrupted
