"""Whole ranges: class losses against a count by hand, every class needed, counted once, resumable."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from services.accounts.events import AccountErased, GuestMerged
from services.infra import clock, events
from services.infra.errors import Conflict, Invalid, NotFound
from services.solutions import reservations
from services.solutions.reservations import BoardKept
from services.training import saved
from services.training.deals import combo_cards, without_cards
from services.training.grading import Cutoffs
from services.training.plan import Plan
from services.training.ranges import RangeTable, RangeTraining, grade_range
from services.training.redaction import events_shown
from services.training.service import TrainingService
from services.training.views import DrillSpec, StrategyGrid
from solver.cards import COMBO_CLASS, HAND_CLASSES, card_to_text
from tests.services.training.conftest import add_player
from tests.services.training.doubles import HashedStrategies

PLAN = Plan(mode="range", street=2, count=2)


@pytest.fixture
def painting(strategies: HashedStrategies) -> RangeTraining:
    return RangeTraining(strategies)


def held(table: RangeTable) -> list[str]:
    return [name for name, weight in zip(HAND_CLASSES, table.weights, strict=True) if weight > 0]


def painted(table: RangeTable, place: int = 0) -> dict[str, str]:
    return dict.fromkeys(held(table), table.actions[place])


async def start(painting: RangeTraining, db: AsyncSession, player: UUID, plan: Plan = PLAN) -> RangeTable:
    return await painting.start(db, player, DrillSpec(plan=plan))


async def test_a_range_behind_a_badly_solved_decision_is_not_graded(strategies: HashedStrategies) -> None:
    river = next(info for info in strategies.infos.values() if info.street == 2)
    node = await strategies.node(river.id, ())
    names = {HAND_CLASSES[one] for one in COMBO_CLASS[node.combos]}
    choices = dict.fromkeys(names, node.position.actions[0])
    sure = grade_range(node, choices, PLAN, Cutoffs())
    fields = grade_range(replace(node, passed=((26.0, node.position.pot // 2),)), choices, PLAN, Cutoffs())
    assert (sure["passed_solved_to_pct"], fields["passed_solved_to_pct"]) == (None, 26.0)
    assert set(sure["words"]) != {"", "uncertain"}
    assert set(fields["words"]) <= {"", "uncertain"}
    assert fields["loss_bb"] == sure["loss_bb"]


async def test_losses_by_class_are_means_over_the_hands_that_are_there(
    painting: RangeTraining, strategies: HashedStrategies, db: AsyncSession, player: UUID
) -> None:
    table = await start(painting, db, player)
    done = await painting.answer(db, player, table.item_id, painted(table, 1))
    assert done.graded is not None
    line = tuple(step.action if step.card is None else f"deal {card_to_text(step.card)}" for step in table.line)
    node = await strategies.node(table.solution.id, line)
    villain = without_cards(node.reach[1 - table.hero], node.position.board)
    total = wasted = unavoidable = 0.0
    for index in range(len(HAND_CLASSES)):
        weights, losses, mixes = [], [], []
        for row, combo in enumerate(node.combos):
            if COMBO_CLASS[combo] != index:
                continue
            clear = without_cards(villain, combo_cards(int(combo))).sum()
            weights.append(float(node.reach[table.hero, combo]) * clear)
            losses.append(node.q[:, row].max() - node.q[:, row])
            mixes.append(node.strategy[:, row])
        if not sum(weights):
            assert done.graded.choices[index] == -1
            continue
        mean = np.average(losses, axis=0, weights=weights)
        assert done.graded.losses_pct[index] == pytest.approx(100 * mean[1] / node.position.pot, abs=1e-3)
        assert done.graded.least_pct[index] == pytest.approx(100 * mean.min() / node.position.pot, abs=1e-3)
        total += sum(weights)
        wasted += sum(weights) * mean[1]
        unavoidable += sum(weights) * mean.min()
        own = np.average(mixes, axis=0, weights=weights) @ mean
        if 100 * own / node.position.pot > Cutoffs().uncertain_pct:  # the solver itself is not sure of these
            assert done.graded.words[index] == "uncertain"
        elif mean[1] == mean.min():
            assert done.graded.words[index] in ("best", "correct")
    assert done.graded.loss_bb == pytest.approx(wasted / total / 10, rel=1e-6)
    assert done.graded.least_bb == pytest.approx(unavoidable / total / 10, rel=1e-6)


async def test_every_hand_of_the_range_needs_an_action(painting: RangeTraining, db: AsyncSession, player: UUID) -> None:
    table = await start(painting, db, player)
    choices = painted(table)
    missing = choices.popitem()[0]
    with pytest.raises(Invalid, match=missing):
        await painting.answer(db, player, table.item_id, choices)
    for wrong in ({**choices, missing: "bet 12345"}, {**choices, missing: table.actions[0], "AK": table.actions[0]}):
        with pytest.raises(Invalid):
            await painting.answer(db, player, table.item_id, wrong)
    assert (await painting.table(db, player, table.item_id)).graded is None


async def test_hands_that_are_not_there_may_be_painted_and_do_not_count(
    painting: RangeTraining, db: AsyncSession, player: UUID
) -> None:
    table = await start(painting, db, player)
    everything = dict.fromkeys(HAND_CLASSES, table.actions[0])
    done = await painting.answer(db, player, table.item_id, everything)
    assert done.graded is not None
    assert {HAND_CLASSES[one] for one, place in enumerate(done.graded.choices) if place >= 0} == set(held(table))


async def test_a_painted_range_counts_once_and_is_never_changed(
    painting: RangeTraining, db: AsyncSession, player: UUID
) -> None:
    table = await start(painting, db, player)
    first = await painting.answer(db, player, table.item_id, painted(table))
    assert await painting.answer(db, player, table.item_id, painted(table)) == first
    with pytest.raises(Conflict):
        await painting.answer(db, player, table.item_id, painted(table, 1))
    assert len(first.done) == 1


async def test_a_set_goes_from_node_to_node_and_ends(painting: RangeTraining, db: AsyncSession, player: UUID) -> None:
    table = await start(painting, db, player)
    assert await painting.next_range(db, player, table.session_id) == table
    await painting.answer(db, player, table.item_id, painted(table))
    second = await painting.next_range(db, player, table.session_id)
    assert (second.number, second.set_over, second.graded) == (2, False, None)
    done = await painting.answer(db, player, second.item_id, painted(second))
    assert done.set_over
    assert len(done.done) == 2
    assert await painting.next_range(db, player, table.session_id) == done


async def test_another_process_resumes_the_open_range(
    painting: RangeTraining, strategies: HashedStrategies, db: AsyncSession, player: UUID
) -> None:
    table = await start(painting, db, player)
    assert await RangeTraining(strategies).current(db, player) == table


async def test_the_range_of_somebody_else_is_not_there(painting: RangeTraining, db: AsyncSession, player: UUID) -> None:
    table = await start(painting, db, player)
    other = await add_player(db)
    for call in (
        painting.table(db, other, table.item_id),
        painting.answer(db, other, table.item_id, painted(table)),
        painting.next_range(db, other, table.session_id),
    ):
        with pytest.raises(NotFound):
            await call
    assert await painting.current(db, other) is None


async def test_a_set_of_hands_says_that_no_range_is_painted_in_it(
    painting: RangeTraining, strategies: HashedStrategies, db: AsyncSession, player: UUID
) -> None:
    table = await TrainingService(strategies, look_ahead=False).start(db, player, DrillSpec())
    with pytest.raises(Conflict, match="hands are played in this set"):
        await painting.next_range(db, player, table.session_id)


async def test_groups_of_sizes_are_painted_as_one(painting: RangeTraining, db: AsyncSession, player: UUID) -> None:
    table = await start(painting, db, player, Plan(mode="range", street=2, count=1, sizes="action", seat="oop"))
    assert set(table.actions) <= {"check", "bet", "fold", "call", "raise"}
    done = await painting.answer(db, player, table.item_id, painted(table, len(table.actions) - 1))
    assert done.set_over
    assert done.graded is not None
    # the solver's strategy is shown in the same groups: weight and one share for each
    cells = StrategyGrid(table.actions, done.graded.grid).cells()
    assert cells[[name in held(table) for name in HAND_CLASSES], 1:].sum(axis=1) == pytest.approx(1, abs=0.01)


async def test_drills_are_kept_under_one_name_each_changed_and_forgotten(db: AsyncSession, player: UUID) -> None:
    one = await saved.save(db, player, Plan(name="  Rivers   in position ", street=2))
    assert one.name == "Rivers in position"
    with pytest.raises(Conflict):
        await saved.save(db, player, Plan(name="Rivers in position"))
    with pytest.raises(Invalid):
        await saved.save(db, player, Plan(name=" \u200b "))
    other = await saved.save(db, player, Plan(name="Turns"))
    with pytest.raises(Conflict):
        await saved.change(db, player, other.id, Plan(name="Rivers in position"))
    changed = await saved.change(db, player, one.id, Plan(name="Rivers", mode="spot", street=2))
    assert (changed.id, changed.plan.mode) == (one.id, "spot")
    assert Plan.from_link(changed.link) == changed.plan
    assert [kept.name for kept in await saved.listed(db, player)] == ["Rivers", "Turns"]
    stranger = await add_player(db)
    for call in (saved.get(db, stranger, one.id), saved.delete(db, stranger, one.id)):
        with pytest.raises(NotFound):
            await call
    await saved.delete(db, player, one.id)
    assert [kept.name for kept in await saved.listed(db, player)] == ["Turns"]


async def test_a_guests_drills_follow_into_the_account_and_go_with_it(
    painting: RangeTraining, db: AsyncSession, player: UUID, member: UUID
) -> None:
    await saved.save(db, player, Plan(name="Rivers", street=2))
    await saved.save(db, member, Plan(name="Rivers"))
    table = await start(painting, db, player)
    await events.append(db, member, "user", 0, [GuestMerged(user_id=member, guest_id=player)], member)
    names = [one.name for one in await saved.listed(db, member)]
    assert len(names) == 2
    assert "Rivers" in names
    assert await saved.listed(db, player) == []
    assert (await painting.table(db, member, table.item_id)).item_id == table.item_id
    await events.append(db, member, "user", 1, [AccountErased(user_id=member, guest_ids=(player,))], member)
    assert await saved.listed(db, member) == []
    with pytest.raises(NotFound):
        await painting.table(db, member, table.item_id)


async def test_a_painted_range_gives_nothing_of_a_board_that_is_kept_meanwhile(
    painting: RangeTraining, db: AsyncSession, player: UUID
) -> None:
    table = await start(painting, db, player)
    await painting.answer(db, player, table.item_id, painted(table))
    stored = (await events.load(db, table.item_id))[-1].event
    payload = stored.model_dump_json()
    assert (await events_shown(db))(stored.type, payload) == payload
    now = clock.now()
    await reservations.keep(db, "2020-W01", [table.board[:3]], "a test", now - timedelta(1), now + timedelta(1))
    shown = json.loads((await events_shown(db))(stored.type, payload))
    assert (shown["losses_pct"], shown["least_pct"], shown["words"], shown["grid"]) == ([], [], [], "")
    assert shown["loss_bb"] == stored.model_dump()["loss_bb"]


async def test_no_range_is_asked_for_on_a_board_that_its_cards_made_a_kept_one(
    painting: RangeTraining, strategies: HashedStrategies, db: AsyncSession, player: UUID
) -> None:
    plan = Plan(mode="range", street=1, count=20)
    first = await start(painting, db, player, plan)
    turn, now = first.board[3], clock.now()
    kept = (*first.board[:2], turn)
    await reservations.keep(db, "2020-W01", [kept], "a test", now - timedelta(1), now + timedelta(1))
    if reservations.overlap(first.solution.board, kept):
        pytest.skip("the flop itself is kept then")
    with pytest.raises(BoardKept):
        await painting.table(db, player, first.item_id)
    table = await start(painting, db, player, plan)
    for _ in range(8):
        assert not reservations.overlap(table.board, kept)
        await painting.answer(db, player, table.item_id, painted(table))
        table = await painting.next_range(db, player, table.session_id)


async def test_a_set_of_ranges_is_not_played_at_the_table(
    painting: RangeTraining, strategies: HashedStrategies, db: AsyncSession, player: UUID
) -> None:
    table = await start(painting, db, player)
    training = TrainingService(strategies, look_ahead=False)
    assert await training.current(db, player, named=str(table.session_id)) is None
    current = await painting.current(db, player)
    assert current is not None
    assert (current.item_id, current.number) == (table.item_id, 1)
    with pytest.raises(Conflict, match="ranges are painted in this set"):
        await training.next_hand(db, player, table.session_id)
