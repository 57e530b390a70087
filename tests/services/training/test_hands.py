"""Hands: dealt, answered once, played on, resumed, ended; the read models follow from the events."""

from __future__ import annotations

import dataclasses
import random
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.accounts.events import GuestMerged
from services.infra import clock, events
from services.infra.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from services.training import records
from services.training.deals import combo_of, commitment
from services.training.service import TrainingService
from services.training.views import DrillSpec, Table
from solver.cards import card_to_text
from tests.services.training.conftest import add_player
from tests.services.training.doubles import HashedStrategies, spot_of
from tests.services.training.players import answer, play_hand, play_set

READ_MODELS = ("training.session", "training.hand", "training.decision")


async def rows(db: AsyncSession, table: str) -> list[str]:
    return list(await db.scalars(text(f"SELECT t::text FROM {table} t ORDER BY t::text")))


async def event_types(db: AsyncSession, stream_id: UUID) -> list[str]:
    return [one.event.type for one in await events.load(db, stream_id)]


async def test_a_visitor_gets_a_decision_with_cards_a_board_and_a_die(
    training: TrainingService, db: AsyncSession, player: UUID
) -> None:
    table = await training.start(db, player)
    assert table.status == "decision"
    assert len({*table.hero_cards, *table.board}) == 2 + len(table.board)
    assert 1 <= table.die <= 100
    assert len(table.actions) >= 2
    assert table.result is None


async def test_starting_again_resumes_the_open_set(training: TrainingService, db: AsyncSession, player: UUID) -> None:
    table = await training.start(db, player)
    assert await training.start(db, player) == table


async def test_a_reload_shows_the_same_table(
    training: TrainingService, strategies: HashedStrategies, db: AsyncSession, player: UUID
) -> None:
    table = await training.start(db, player)
    restarted = TrainingService(strategies, look_ahead=False)
    assert await restarted.current(db, player) == table


async def test_a_newcomer_has_nothing_to_resume(training: TrainingService, db: AsyncSession, player: UUID) -> None:
    assert await training.current(db, player) is None


async def test_an_answer_commits_the_grade_and_nothing_else(
    training: TrainingService, db: AsyncSession, player: UUID
) -> None:
    table = await training.start(db, player)
    before = await event_types(db, table.hand_id)
    await answer(training, db, player, table)
    assert await event_types(db, table.hand_id) == [*before, "DecisionGraded"]


async def test_the_same_answer_again_is_the_same_and_counts_once(
    training: TrainingService, db: AsyncSession, player: UUID
) -> None:
    table = await training.start(db, player)
    first = await answer(training, db, player, table)
    types = await event_types(db, table.hand_id)
    assert await answer(training, db, player, table) == first
    await training.advance(db, player, table.hand_id)
    assert await answer(training, db, player, table) == first  # also long after
    assert types.count("DecisionGraded") == 1


async def test_another_answer_to_the_same_decision_is_a_conflict(
    training: TrainingService, db: AsyncSession, player: UUID
) -> None:
    table = await training.start(db, player)
    await answer(training, db, player, table, table.actions[0])
    with pytest.raises(Conflict):
        await answer(training, db, player, table, table.actions[1])


async def test_an_action_that_is_not_offered_is_refused_with_its_field(
    training: TrainingService, db: AsyncSession, player: UUID
) -> None:
    table = await training.start(db, player)
    with pytest.raises(Invalid) as refused:
        await answer(training, db, player, table, "bet 17 \ud800")
    assert refused.value.errors[0].path == "action"


async def test_other_players_hands_do_not_exist(training: TrainingService, db: AsyncSession, player: UUID) -> None:
    table = await training.start(db, player)
    other = await add_player(db)
    assert table.decision_id is not None
    for attempt in (
        training.act(db, other, table.decision_id, table.actions[0]),
        training.retry(db, other, table.decision_id, table.actions[0]),
        training.advance(db, other, table.hand_id),
        training.table(db, other, table.hand_id),
        training.fairness(db, other, table.hand_id),
        training.next_hand(db, other, table.session_id),
        training.finish(db, other, table.session_id),
        training.summary(db, other, table.session_id),
        training.answers(db, other, table.session_id),
        training.start(db, other, drill=DrillSpec((table.decision_id,))),
    ):
        with pytest.raises(NotFound):
            await attempt


async def test_a_hand_left_between_two_commits_is_finished_by_the_next_look(
    training: TrainingService, db: AsyncSession, player: UUID
) -> None:
    table = await training.start(db, player)
    given = await answer(training, db, player, table)
    resumed = await training.current(db, player)
    assert resumed is not None
    assert resumed.hand_id == table.hand_id
    assert resumed.status != "advancing"
    assert resumed.answers == (given,)


async def test_playing_on_twice_changes_nothing(training: TrainingService, db: AsyncSession, player: UUID) -> None:
    table = await training.start(db, player)
    await answer(training, db, player, table)
    first = await training.advance(db, player, table.hand_id)
    types = await event_types(db, table.hand_id)
    assert await training.advance(db, player, table.hand_id) == first
    assert await event_types(db, table.hand_id) == types


async def test_two_processes_play_a_hand_on_in_the_same_way(
    training: TrainingService, strategies: HashedStrategies, db: AsyncSession, player: UUID
) -> None:
    table = await training.start(db, player)
    await answer(training, db, player, table)
    async with db.begin_nested() as undone:
        first = await training.advance(db, player, table.hand_id)
        await undone.rollback()
    again = await TrainingService(strategies, look_ahead=False).advance(db, player, table.hand_id)
    assert dataclasses.replace(again, decision_id=first.decision_id) == first


async def test_the_next_hand_waits_for_the_end_of_this_one(
    training: TrainingService, db: AsyncSession, player: UUID
) -> None:
    table = await training.start(db, player)
    assert await training.next_hand(db, player, table.session_id) == table


async def test_a_set_ends_with_the_hand_in_which_its_last_decision_falls(
    training: TrainingService, db: AsyncSession, player: UUID
) -> None:
    table = await play_set(training, db, player, random.Random(1))
    summary = await training.summary(db, player, table.session_id)
    assert table.decisions_done >= table.set_size == 20
    assert table.decisions_done - len(table.answers) < table.set_size
    assert summary.decisions == table.decisions_done
    assert await training.next_hand(db, player, table.session_id) == table


async def test_the_summary_survives_a_reload_for_an_hour_and_a_new_start_opens_a_new_set(
    training: TrainingService, db: AsyncSession, player: UUID
) -> None:
    done = await play_set(training, db, player, random.Random(2))
    assert await training.current(db, player) == done
    with clock.travel(timedelta(hours=2)):
        assert await training.current(db, player) is None
    fresh = await training.start(db, player)
    assert fresh.session_id != done.session_id
    assert fresh.decisions_done == 0


async def test_an_open_set_is_resumed_the_next_day(training: TrainingService, db: AsyncSession, player: UUID) -> None:
    table = await training.start(db, player)
    with clock.travel(timedelta(days=1)):
        assert await training.current(db, player) == table


async def test_chips_are_conserved_and_losses_never_negative_over_many_hands(
    training: TrainingService, strategies: HashedStrategies, db: AsyncSession, player: UUID
) -> None:
    choose = random.Random(3)
    results: set[str] = set()
    for _ in range(6):
        table = await play_set(training, db, player, choose)
    hands = await db.scalars(text("SELECT id FROM training.hand WHERE user_id = :id"), {"id": player})
    for hand_id in list(hands):
        table = await training.table(db, player, hand_id)
        result = table.result
        assert result is not None
        results.add(result.kind)
        spot = strategies.spots[table.solution.id]
        put_in = [spot.effective_stack - stack for stack in table.stacks]
        matched = min(put_in)
        villain_net = {-1: result.net, table.hero: -matched, 1 - table.hero: spot.pot + matched}[result.winner]
        if result.winner == -1:
            assert 2 * result.net == spot.pot
        assert result.net + villain_net == spot.pot
        assert all(one.grade.loss >= 0 for one in table.answers)
        assert result.loss_bb == pytest.approx(sum(one.grade.loss_bb for one in table.answers))
        assert sum(street.loss_bb for street in result.losses) == pytest.approx(result.loss_bb)
        if result.kind == "showdown":
            assert len(table.board) == 5
            assert result.villain_cards is not None
            assert len({*table.board, *table.hero_cards, *result.villain_cards}) == 9
    assert results == {"fold", "showdown"}


async def test_rake_is_taken_from_the_matched_pot(db: AsyncSession, player: UUID) -> None:
    strategies = HashedStrategies()
    strategies.add(spot_of("AcKd7h5s2s", rake={"rate": 0.05, "cap": 20}))
    training = TrainingService(strategies, look_ahead=False)
    choose = random.Random(4)
    raked = 0
    for _ in range(3):
        table = await play_set(training, db, player, choose)
    hands = await db.scalars(text("SELECT id FROM training.hand WHERE user_id = :id"), {"id": player})
    for hand_id in list(hands):
        table = await training.table(db, player, hand_id)
        assert table.result is not None
        matched = min(300 - stack for stack in table.stacks)
        assert table.result.rake == min(round((60 + 2 * matched) * 0.05), 20)
        raked += table.result.rake
    assert raked > 0


async def test_the_line_so_far_names_every_action_and_card(
    training: TrainingService, strategies: HashedStrategies, db: AsyncSession, player: UUID
) -> None:
    choose = random.Random(5)
    table = await play_set(training, db, player, choose)
    hands = await db.scalars(text("SELECT id FROM training.hand WHERE user_id = :id"), {"id": player})
    for hand_id in list(hands):
        table = await training.table(db, player, hand_id)
        root = strategies.spots[table.solution.id].board
        cards = tuple(step.card for step in table.line if step.player == -1)
        assert root + cards == table.board
        assert all(step.action == "deal" for step in table.line if step.player == -1)
        heroes = [step.action for step in table.line if step.player == table.hero]
        assert heroes == [one.action for one in table.answers]


async def test_read_models_equal_the_fold_of_the_events(
    training: TrainingService, db: AsyncSession, player: UUID
) -> None:
    choose = random.Random(6)
    table = await play_set(training, db, player, choose)
    summary = await training.summary(db, player, table.session_id)
    drill = await training.start(db, player, drill=DrillSpec(tuple(one.decision_id for one in summary.worst)))
    given = await answer(training, db, player, drill)
    await training.retry(db, player, given.decision_id, drill.actions[-1])
    account = await add_player(db, "free")
    merged = GuestMerged(guest_id=player, user_id=account)
    await events.append(db, account, "account", 0, [merged], account)
    await training.start(db, account)
    before = {name: await rows(db, name) for name in READ_MODELS}
    await events.rebuild(db, events.projectors("training."))
    after = {name: await rows(db, name) for name in READ_MODELS}
    assert after == before
    assert all(before.values())


async def test_a_guests_hands_follow_into_the_account(
    training: TrainingService, db: AsyncSession, player: UUID
) -> None:
    table = await training.start(db, player)
    given = await answer(training, db, player, table)
    account = await add_player(db, "free")
    await events.append(db, account, "account", 0, [GuestMerged(guest_id=player, user_id=account)], account)
    resumed = await training.current(db, account)
    assert resumed is not None
    assert resumed.answers == (given,)
    assert await training.current(db, player) is None


async def test_the_seed_is_committed_to_from_the_start_and_shown_at_the_end(
    training: TrainingService, db: AsyncSession, player: UUID
) -> None:
    table = await training.start(db, player)
    assert (await training.fairness(db, player, table.hand_id)).seed is None
    ended = await play_hand(training, db, player, table, random.Random(7))
    fairness = await training.fairness(db, player, table.hand_id)
    assert fairness.seed is not None
    assert commitment(bytes.fromhex(fairness.seed)) == table.commitment == ended.commitment


async def test_no_event_of_a_hand_holds_its_secrets_before_its_end(
    training: TrainingService, db: AsyncSession, player: UUID
) -> None:
    table = await training.start(db, player)
    payloads = await db.scalars(text("SELECT payload::text FROM infra.event"))
    secrets = (await db.execute(text("SELECT encode(seed, 'hex'), villain_combo FROM training.seed"))).all()
    stored = " ".join(payloads)
    assert all(seed not in stored for seed, _ in secrets)
    assert "villain" not in stored
    await play_hand(training, db, player, table, random.Random(8))


async def test_trying_again_grades_another_action_and_counts_nowhere(
    training: TrainingService, db: AsyncSession, player: UUID
) -> None:
    table = await training.start(db, player)
    given = await answer(training, db, player, table, table.actions[0])
    before = await training.summary(db, player, table.session_id)
    again = await training.retry(db, player, given.decision_id, table.actions[1])
    assert again.action == table.actions[1]
    assert again.rows == given.rows
    assert await training.summary(db, player, table.session_id) == before
    assert (await training.advance(db, player, table.hand_id)).answers[0] == given


async def test_a_hand_cannot_be_tried_again_without_end(
    training: TrainingService, db: AsyncSession, player: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each try is kept with the hand and read again by the next one."""
    monkeypatch.setattr(records, "MOST_EVENTS", 8)
    table = await training.start(db, player)
    given = await answer(training, db, player, table, table.actions[0])
    with pytest.raises(Forbidden) as refused:
        for _ in range(8):
            await training.retry(db, player, given.decision_id, table.actions[1])
    assert refused.value.code == "too-many-retries"
    assert len(await events.load(db, table.hand_id)) == 8
    assert (await training.advance(db, player, table.hand_id)).answers == (given,)


async def test_an_open_decision_cannot_be_tried_again(
    training: TrainingService, db: AsyncSession, player: UUID
) -> None:
    table = await training.start(db, player)
    assert table.decision_id is not None
    with pytest.raises(Conflict):
        await training.retry(db, player, table.decision_id, table.actions[0])


async def test_a_set_ended_early_takes_no_more_answers(
    training: TrainingService, db: AsyncSession, player: UUID
) -> None:
    table = await training.start(db, player)
    summary = await training.finish(db, player, table.session_id)
    assert summary.decisions == 0
    with pytest.raises(Conflict):
        await answer(training, db, player, table)
    current = await training.current(db, player)
    assert current is not None
    assert (current.status, current.decision_id) == ("set_done", None)


async def test_without_a_library_there_is_nothing_to_deal(db: AsyncSession, player: UUID) -> None:
    with pytest.raises(Unavailable):
        await TrainingService(HashedStrategies(), look_ahead=False).start(db, player)


async def test_hero_sits_in_both_seats_and_every_street_begins_hands(
    training: TrainingService, db: AsyncSession, player: UUID
) -> None:
    seats: set[int] = set()
    streets: set[int] = set()
    choose = random.Random(11)
    for _ in range(3):
        await play_set(training, db, player, choose)
    hands = await db.scalars(text("SELECT id FROM training.hand WHERE user_id = :id"), {"id": player})
    for hand_id in list(hands):
        table = await training.table(db, player, hand_id)
        seats.add(table.hero)
        streets.add(table.solution.street)
    assert seats == {0, 1}
    assert streets == {0, 1, 2}


async def test_the_next_decisions_are_prepared_while_hero_thinks(
    strategies: HashedStrategies, db: AsyncSession, player: UUID
) -> None:
    training, unaided = TrainingService(strategies), TrainingService(strategies, look_ahead=False)
    table = await training.start(db, player)
    await training.settled()
    prepared = set(strategies.visits)
    node = await strategies.node(table.solution.id, table_line(table))
    mix = node.strategy[:, node.row(combo_of(table.hero_cards))]
    strategies.visits.clear()
    await answer(unaided, db, player, table, table.actions[int(mix.argmax())])
    table = await unaided.advance(db, player, table.hand_id)
    if table.status == "ended":
        table = await unaided.next_hand(db, player, table.session_id)
    await answer(unaided, db, player, table)
    assert strategies.visits
    assert set(strategies.visits) <= prepared


def table_line(table: Table) -> tuple[str, ...]:
    return tuple(f"deal {card_to_text(step.card)}" if step.card is not None else step.action for step in table.line)


async def test_a_failing_preparation_does_not_disturb_play(
    strategies: HashedStrategies, db: AsyncSession, player: UUID
) -> None:
    training = TrainingService(strategies)
    table = await training.start(db, player)
    strategies.broken = True
    await training.warm()
    await training.settled()
    strategies.broken = False
    assert (await answer(training, db, player, table)).action == table.actions[0]
