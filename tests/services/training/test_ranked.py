"""The week's ranked set: the same for everybody, one pass, every dealt item counts."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.infra import clock, events
from services.infra.errors import Conflict, Forbidden
from services.infra.settings import get_settings
from services.training.events import DecisionGraded
from services.training.grading import TRIVIAL_PCT
from services.training.service import LATE, TrainingService
from services.training.views import Table
from services.training.weekly import generate, strata, week_end, week_of
from tests.services.training.conftest import add_player
from tests.services.training.doubles import HashedStrategies

SECRET = bytes(range(32))
TIME = timedelta(seconds=get_settings().ranked_decision_s) + LATE


async def answer(training: TrainingService, db: AsyncSession, player: UUID, table: Table) -> Table:
    assert table.decision_id is not None
    await training.act(db, player, table.decision_id, table.actions[0])
    return await training.advance(db, player, table.hand_id)


async def graded(db: AsyncSession, table: Table) -> list[DecisionGraded]:
    stored = await events.load(db, table.hand_id)
    return [one.event for one in stored if isinstance(one.event, DecisionGraded)]


async def test_guests_are_not_ranked(training: TrainingService, db: AsyncSession, player: UUID) -> None:
    with pytest.raises(Forbidden):
        await training.start(db, player, "ranked")


async def test_everybody_gets_the_same_items_in_the_same_order(
    training: TrainingService, strategies: HashedStrategies, db: AsyncSession, member: UUID
) -> None:
    other = await add_player(db, "premium")
    elsewhere = TrainingService(strategies, look_ahead=False)
    mine, theirs = await training.start(db, member, "ranked"), await elsewhere.start(db, other, "ranked")
    for _ in range(4):
        assert (mine.board, mine.hero_cards, mine.hero, mine.line, mine.die, mine.actions) == (
            theirs.board,
            theirs.hero_cards,
            theirs.hero,
            theirs.line,
            theirs.die,
            theirs.actions,
        )
        mine, theirs = await answer(training, db, member, mine), await answer(elsewhere, db, other, theirs)
        assert (await graded(db, mine))[0].item_id == (await graded(db, theirs))[0].item_id
        mine = await training.next_hand(db, member, mine.session_id)
        theirs = await elsewhere.next_hand(db, other, theirs.session_id)


async def test_a_ranked_answer_carries_its_item_its_week_and_the_raw_loss(
    training: TrainingService, db: AsyncSession, member: UUID
) -> None:
    table = await answer(training, db, member, await training.start(db, member, "ranked"))
    event = (await graded(db, table))[0]
    assert (event.mode, event.week) == ("ranked", week_of(clock.now()))
    assert event.item_id is not None
    assert event.loss_pct == table.answers[0].grade.loss_pct


async def test_the_set_is_passed_once_and_a_second_start_resumes(
    training: TrainingService, db: AsyncSession, member: UUID
) -> None:
    table = await training.start(db, member, "ranked")
    assert await training.start(db, member, "ranked") == table
    assert await training.current(db, member, "ranked") == table
    assert await training.current(db, member, "hands") is None


async def test_an_item_left_alone_is_checked_or_folded_when_its_time_is_over(
    training: TrainingService, db: AsyncSession, member: UUID
) -> None:
    table = await training.start(db, member, "ranked")
    with clock.travel(TIME + timedelta(seconds=1)):
        late = await training.current(db, member, "ranked")
    assert late is not None
    assert late.status == "ended"
    assert late.answers[0].timed_out
    assert late.answers[0].action == ("check" if "check" in table.actions else "fold")
    assert (await training.week(db, member)).answered == 1


async def test_items_of_players_who_never_come_back_are_answered_too(
    training: TrainingService, db: AsyncSession, member: UUID
) -> None:
    table = await training.start(db, member, "ranked")
    assert await training.expire_overdue(db) == 0
    with clock.travel(TIME + timedelta(seconds=1)):
        assert await training.expire_overdue(db) == 1
        assert await training.expire_overdue(db) == 0
    assert [event.timed_out for event in await graded(db, table)] == [True]


async def test_an_answer_after_the_deadline_is_a_conflict(
    training: TrainingService, db: AsyncSession, member: UUID
) -> None:
    table = await training.start(db, member, "ranked")
    assert table.decision_id is not None
    with clock.travel(TIME + timedelta(seconds=1)), pytest.raises(Conflict):
        await training.act(db, member, table.decision_id, table.actions[0])


async def test_a_timed_out_decision_cannot_be_answered_again(
    training: TrainingService, db: AsyncSession, member: UUID
) -> None:
    table = await training.start(db, member, "ranked")
    assert table.decision_id is not None
    with clock.travel(TIME + timedelta(seconds=1)):
        await training.expire_overdue(db)
    with pytest.raises(Conflict):
        await training.act(db, member, table.decision_id, "check" if "check" in table.actions else "fold")


async def test_the_set_ends_after_its_last_item(
    training: TrainingService, db: AsyncSession, member: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIXLINE_WEEKLY_ITEMS", "3")
    get_settings.cache_clear()
    try:
        table = await training.start(db, member, "ranked")
        for _ in range(3):
            table = await training.next_hand(db, member, (await answer(training, db, member, table)).session_id)
        assert table.status == "set_done"
        assert (table.hand_number, table.decisions_done) == (3, 3)
        assert await training.start(db, member, "ranked") == table
    finally:
        monkeypatch.undo()
        get_settings.cache_clear()


async def test_a_ranked_set_cannot_be_ended_early(training: TrainingService, db: AsyncSession, member: UUID) -> None:
    table = await training.start(db, member, "ranked")
    with pytest.raises(Conflict):
        await training.finish(db, member, table.session_id)


async def test_a_new_week_brings_a_new_set(training: TrainingService, db: AsyncSession, member: UUID) -> None:
    first = await training.start(db, member, "ranked")
    with clock.travel(timedelta(days=7)):
        second = await training.start(db, member, "ranked")
    assert second.session_id != first.session_id
    assert second.commitment != first.commitment


async def test_the_secret_of_the_week_is_shown_when_the_week_is_over(
    training: TrainingService, db: AsyncSession, member: UUID
) -> None:
    table = await answer(training, db, member, await training.start(db, member, "ranked"))
    assert (await training.fairness(db, member, table.hand_id)).seed is None
    with clock.travel(timedelta(days=8)):
        secret = (await training.fairness(db, member, table.hand_id)).seed
    stored = await db.scalar(text("SELECT encode(secret, 'hex') FROM training.weekly_set"))
    assert secret == stored


async def test_items_alternate_streets_and_pot_types_and_none_is_trivial(strategies: HashedStrategies) -> None:
    library = await strategies.list()
    kinds = strata(library)
    items = [await generate(strategies, SECRET, number, library) for number in range(1, 3 * len(kinds) + 1)]
    assert Counter((item.street, item.pot_type) for item in items) == dict.fromkeys(kinds, 3)
    assert all(item.difficulty_pct >= TRIVIAL_PCT for item in items)
    assert {item.hero for item in items} == {0, 1}


async def test_an_item_follows_from_the_secret_and_its_number(strategies: HashedStrategies) -> None:
    library = await strategies.list()
    item = await generate(strategies, SECRET, 5, library)
    assert await generate(strategies, SECRET, 5, library) == item
    assert await generate(strategies, SECRET[::-1], 5, library) != item


async def test_an_item_is_a_decision_of_heros_with_a_hand_of_the_range(strategies: HashedStrategies) -> None:
    library = await strategies.list()
    for number in range(1, 9):
        item = await generate(strategies, SECRET, number, library)
        position = await strategies.position(item.solution_id, item.line)
        assert (position.kind, position.player, position.street) == ("decision", item.hero, item.street)
        assert (await strategies.node(item.solution_id, item.line)).row(item.hero_combo) >= 0


def test_weeks_are_iso_weeks_in_utc() -> None:
    assert week_of(datetime(2026, 11, 23, 0, 0, tzinfo=UTC)) == "2026-W48"
    assert week_of(datetime(2027, 1, 1, tzinfo=UTC)) == "2026-W53"
    assert week_end("2026-W53") == datetime(2027, 1, 4, tzinfo=UTC)


async def test_the_next_item_is_made_while_hero_thinks(
    strategies: HashedStrategies, db: AsyncSession, member: UUID
) -> None:
    training = TrainingService(strategies)
    table = await training.start(db, member, "ranked")
    await training.settled()
    table = await answer(training, db, member, table)
    await training.settled()
    strategies.broken = True  # nothing may need the solver now
    assert (await training.next_hand(db, member, table.session_id)).hand_number == 2
