"""Every dealt spot obeys its plan; whole hands stay natural; streets end; clocks run."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta
from uuid import UUID

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncSession

from services.infra import clock
from services.infra.cache import Cache
from services.infra.errors import Invalid, NotFound, Unavailable
from services.solutions.catalog import Line, NodeStrategy, SolutionGone
from services.solutions.manifest import Library
from services.solutions.reservations import KeptBoards
from services.solutions.rivers import Rivers
from services.solutions.service import StrategyService
from services.training import repository
from services.training.costly import left_out
from services.training.deals import combo_cards, compatible_weight, derive, without_cards
from services.training.deviation import facing
from services.training.drills import matches, pool
from services.training.grouping import groups
from services.training.matching import connection_of, depth_of, family_of, heroes, high_of, pairing_of, suits_of
from services.training.plan import Plan, Villain
from services.training.planned import deal_node, deal_planned, fitting
from services.training.play import Strategies
from services.training.service import TrainingService
from services.training.views import DrillSpec, Table
from services.training.worker import expire_overdue
from solver.cards import COMBO_CLASS, HAND_CLASSES
from tests.services.training.conftest import add_player
from tests.services.training.doubles import HashedStrategies, library
from tests.services.training.players import answer

PLANS = st.builds(
    Plan,
    mode=st.sampled_from(("full", "street", "spot")),
    families=st.sampled_from(((), ("BTN vs BB SRP",), ("BTN vs BB 3BP", "BTN vs BB SRP"))),
    positions=st.sampled_from(((), ("BB",), ("BTN",))),
    seat=st.sampled_from(("any", "any", "oop", "ip")),
    suits=st.sampled_from(((), ("two-tone",), ("rainbow", "monotone"))),
    pairing=st.sampled_from(((), ("unpaired",))),
    connection=st.sampled_from(((), ("connected", "draws"))),
    high=st.sampled_from(((), ("T", "Q", "A"))),
    hands=st.sampled_from(((), ("AA", "KK", "QQ", "JJ", "TT"), ("AKs", "AQs", "KQs", "AJs", "ATs"))),
    street=st.sampled_from((None, 0, 1, 2)),
    difficulty=st.sampled_from(("any", "real", "costly")),
    sizes=st.sampled_from(("exact", "grouped", "action")),
)


NOTHING_KEPT = KeptBoards(())


async def obeys(strategies: Strategies, plan: Plan, seed: bytes) -> bool:
    """Deal a hand and hold it against every word of its plan; False when nothing fits."""
    found = await pool(strategies, plan, NOTHING_KEPT)
    if not (await matches(strategies, plan, NOTHING_KEPT)).spots:
        return False
    try:
        planned = await deal_planned(strategies, seed, plan, found)
    except Unavailable:
        return False
    deal = planned.deal
    info = await strategies.info(deal.solution_id)
    assert info in found
    assert not plan.families or family_of(info) in plan.families
    assert not plan.depths or depth_of(info) in plan.depths
    assert not plan.suits or suits_of(info.board) in plan.suits
    assert not plan.pairing or pairing_of(info.board) in plan.pairing
    assert not plan.connection or connection_of(info.board) in plan.connection
    assert not plan.high or high_of(info.board) in plan.high
    assert deal.hero in heroes(plan, info)
    assert not plan.hands or HAND_CLASSES[COMBO_CLASS[deal.hero_combo]] in plan.hands
    position = await strategies.position(deal.solution_id, planned.start)
    held = [*combo_cards(deal.hero_combo), *position.board]
    assert (deal.villain_combo is None) == (plan.mode == "spot")
    if deal.villain_combo is not None:
        held += combo_cards(deal.villain_combo)
    assert len(set(held)) == len(held)
    if planned.start or plan.mode != "full":
        assert position.kind == "decision"
        assert position.player == deal.hero
        assert plan.street in (None, position.street)
        node = await facing(strategies, plan.villain, deal.hero).node(deal.solution_id, planned.start)
        row = node.row(deal.hero_combo)
        assert node.in_range[row]
        assert not left_out(node, plan.difficulty, plan.sizes)[row]
    return True


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PLANS, st.binary(min_size=32, max_size=32))
async def test_every_dealt_hand_satisfies_its_plan(plan: Plan, seed: bytes) -> None:
    await obeys(library(), plan, seed)


@pytest.mark.parametrize(
    "plan",
    [
        Plan(mode="spot", street=0, difficulty="costly"),
        Plan(mode="street", street=1, suits=("monotone", "rainbow"), hands=("AA", "AKs", "AKo", "QQ")),
        Plan(mode="spot", street=2, difficulty="real", sizes="action"),
        Plan(mode="street", street=2, seat="oop", villain=Villain(kind="calls", strength=70)),
        Plan(mode="full", street=1, difficulty="real"),
    ],
    ids=lambda plan: plan.mode + str(plan.street),
)
@pytest.mark.timeout(300)
async def test_hands_from_the_shipped_library_satisfy_their_plan(plan: Plan, redis_server: str) -> None:
    del redis_server
    strategies = StrategyService(Library(), Rivers(Cache()))
    dealt = [await obeys(strategies, plan, derive(b"s" * 32, str(number))) for number in range(6)]
    assert all(dealt)


async def test_the_same_seed_deals_the_same_hand() -> None:
    strategies = library()
    plan = Plan(mode="spot", street=1, difficulty="real")
    found = await pool(strategies, plan, NOTHING_KEPT)
    first = await deal_planned(strategies, b"7" * 32, plan, found)
    assert first == await deal_planned(library(), b"7" * 32, plan, found)


async def test_a_drill_without_filters_deals_at_natural_frequencies() -> None:
    strategies = HashedStrategies()
    info = await strategies.info(strategies.add(await library().spot(next(iter(library().spots)))))
    ranges = await strategies.ranges(info.id)
    mine, his = (without_cards(one, info.board) for one in ranges)
    expected = mine * compatible_weight(his)
    expected /= expected.sum()
    seen = Counter()
    for number in range(1200):
        planned = await deal_planned(strategies, derive(b"n" * 32, str(number)), Plan(seat="oop"), [info])
        assert planned.start == ()
        seen[HAND_CLASSES[COMBO_CLASS[planned.deal.hero_combo]]] += 1
    by_class = np.bincount(COMBO_CLASS, expected, 169)
    for index, share in enumerate(by_class):
        error = 5 * np.sqrt(max(share * (1 - share), 1e-9) / 1200)
        assert abs(seen[HAND_CLASSES[index]] / 1200 - share) <= error


async def test_a_hand_is_drawn_by_its_weight_at_the_node() -> None:
    strategies = library()
    plan = Plan(mode="spot", street=2, hands=("AA", "KK", "AKs"))
    found = [info for info in await pool(strategies, plan, NOTHING_KEPT) if info.street == 2]
    node = await strategies.node(found[0].id, ())
    weights = fitting(node, plan)
    assert {HAND_CLASSES[COMBO_CLASS[one]] for one in np.flatnonzero(weights)} <= {"AA", "KK", "AKs"}
    villain = without_cards(node.reach[1], node.position.board)
    for combo in np.flatnonzero(weights):
        clear = without_cards(villain, combo_cards(int(combo)))
        assert weights[combo] == pytest.approx(node.reach[0, combo] * clear.sum())


async def play(
    training: TrainingService, db: AsyncSession, player: UUID, table: Table, choose: random.Random
) -> list[Table]:
    """Random answers to the end of the set; every table on the way."""
    seen = [table]
    while table.status != "set_done":
        if table.status == "decision":
            await answer(training, db, player, table, choose.choice(table.actions))
            table = await training.advance(db, player, table.hand_id)
        else:
            table = await training.next_hand(db, player, table.session_id)
        seen.append(table)
    return seen


async def test_a_drill_of_one_street_stops_where_the_street_ends(
    training: TrainingService, db: AsyncSession, player: UUID
) -> None:
    plan = Plan(mode="street", street=1, count=25)
    table = await training.start(db, player, drill=DrillSpec(plan=plan))
    seen = await play(training, db, player, table, random.Random(5))
    assert {one.street for one in seen if one.status == "decision"} == {1}
    kinds = Counter(one.result.kind for one in seen if one.result is not None)
    assert kinds["spot"]
    assert kinds["fold"]
    # the card that would follow is never dealt, unless nobody acts any more
    assert all(len(one.board) == 4 for one in seen if one.result and one.result.kind != "showdown")


async def test_a_drill_of_single_decisions_ends_after_each(
    training: TrainingService, db: AsyncSession, player: UUID
) -> None:
    table = await training.start(db, player, drill=DrillSpec(plan=Plan(mode="spot", count=5)))
    seen = await play(training, db, player, table, random.Random(6))
    assert (await training.summary(db, player, table.session_id)).hands == 5
    assert all(one.result.kind == "spot" for one in seen if one.result is not None)


async def test_decisions_below_the_difficulty_are_played_for_hero(
    training: TrainingService, strategies: HashedStrategies, db: AsyncSession, player: UUID
) -> None:
    plan = Plan(difficulty="costly", count=30)
    table = await training.start(db, player, drill=DrillSpec(plan=plan))
    seen = await play(training, db, player, table, random.Random(7))
    asked = [one for one in seen if one.status == "decision"]
    for one in asked:
        line = tuple(
            step.action if step.card is None else f"deal {'23456789TJQKA'[step.card >> 2]}{'cdhs'[step.card & 3]}"
            for step in one.line
        )
        node = await strategies.node(one.solution.id, line)
        combo = next(c for c in node.combos if combo_cards(int(c)) == one.hero_cards)
        assert not left_out(node, "costly", "exact")[node.row(int(combo))]
    own = sum(step.player == one.hero for one in seen if one.status == "ended" for step in one.line)
    answered = sum(len(one.answers) for one in seen if one.status == "ended")
    assert own > answered


async def test_a_set_of_hands_counts_hands(training: TrainingService, db: AsyncSession, player: UUID) -> None:
    table = await training.start(db, player, drill=DrillSpec(plan=Plan(unit="hands", count=3)))
    await play(training, db, player, table, random.Random(8))
    assert (await training.summary(db, player, table.session_id)).hands == 3


async def test_a_drill_without_a_die_has_none(training: TrainingService, db: AsyncSession, player: UUID) -> None:
    table = await training.start(db, player, drill=DrillSpec(plan=Plan(die=False, mode="spot")))
    assert table.die == 0
    given = await answer(training, db, player, table)
    assert (given.die, given.die_pick) == (0, "")


async def test_when_the_timebank_is_empty_the_decision_is_checked_or_folded_and_graded(
    training: TrainingService, db: AsyncSession, player: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = await training.start(db, player, drill=DrillSpec(plan=Plan(timebank=7, mode="spot")))
    assert table.decision_id is not None
    assert table.deadline is not None
    early = await training.time_over(db, player, table.decision_id)
    assert early.status == "decision"
    assert early.deadline == table.deadline
    later = table.deadline
    monkeypatch.setattr(clock, "now", lambda: later + timedelta(milliseconds=1))
    over = await training.time_over(db, player, table.decision_id)
    assert over.answers[0].timed_out
    assert over.answers[0].action in ("check", "fold")
    assert over.decisions_done == 1


async def test_overdue_decisions_of_closed_tabs_are_answered_too(
    training: TrainingService, db: AsyncSession, player: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = await training.start(db, player, drill=DrillSpec(plan=Plan(timebank=15, mode="spot")))
    assert table.deadline is not None
    later = table.deadline + timedelta(seconds=30)
    monkeypatch.setattr(clock, "now", lambda: later)
    await expire_overdue(training, db)
    assert (await training.table(db, player, table.hand_id)).answers[0].timed_out


async def test_a_set_whose_solution_was_deleted_is_ended_and_holds_up_nobody(
    training: TrainingService,
    db: AsyncSession,
    player: UUID,
    monkeypatch: pytest.MonkeyPatch,
    strategies: HashedStrategies,
) -> None:
    plans = [Plan(timebank=7, mode="spot", families=(f"BTN vs BB {pot}",)) for pot in ("SRP", "3BP")]
    other = await add_player(db)
    gone = await training.start(db, player, drill=DrillSpec(plan=plans[0]))
    kept = await training.start(db, other, drill=DrillSpec(plan=plans[1]))
    node = strategies.node

    async def deleted(solution_id: UUID, line: Line) -> NodeStrategy:
        if solution_id == gone.solution.id:
            raise SolutionGone
        return await node(solution_id, line)

    monkeypatch.setattr(strategies, "node", deleted)
    assert kept.deadline is not None
    later = kept.deadline + timedelta(minutes=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    await expire_overdue(training, db)
    assert (await training.table(db, other, kept.hand_id)).answers[0].timed_out
    assert await repository.overdue(db, later, 50) == []
    ended = await repository.session(db, player, gone.session_id)
    assert ended is not None
    assert ended.finished_at is not None


async def test_a_set_that_was_ended_leaves_nothing_overdue(
    training: TrainingService, db: AsyncSession, player: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = await training.start(db, player, drill=DrillSpec(plan=Plan(timebank=7, mode="spot")))
    assert table.deadline is not None
    later = table.deadline + timedelta(minutes=1)
    await training.finish(db, player, table.session_id)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert await repository.overdue(db, later, 50) == []


async def test_two_tables_are_two_sets_that_are_resumed_side_by_side(
    training: TrainingService, db: AsyncSession, player: UUID
) -> None:
    plan = Plan(tables=2, count=5, mode="spot")
    first = await training.start(db, player, drill=DrillSpec(plan=plan))
    second = await training.current(db, player, place=2)
    assert second is not None
    assert (first.set_size, second.set_size) == (3, 2)
    assert await training.current(db, player, place=1) == first
    await play(training, db, player, second, random.Random(3))
    assert await training.current(db, player, place=1) == first


async def test_a_drill_is_resumed_with_its_plan_and_its_next_hand_still_obeys_it(
    training: TrainingService, strategies: HashedStrategies, db: AsyncSession, player: UUID
) -> None:
    plan = Plan(mode="spot", street=2, hands=("AA", "KK", "QQ"), sizes="action", count=4)
    table = await training.start(db, player, drill=DrillSpec(plan=plan))
    other = TrainingService(strategies, look_ahead=False)
    assert await other.current(db, player) == table
    assert table.plan == plan
    await answer(other, db, player, table)
    table = await other.next_hand(db, player, (await other.advance(db, player, table.hand_id)).session_id)
    assert table.street == 2
    assert table.hero_cards[0] >> 2 == table.hero_cards[1] >> 2


async def test_plans_that_nothing_fits_are_refused_with_the_field(
    training: TrainingService, db: AsyncSession, player: UUID
) -> None:
    for plan, field in (
        (Plan(suits=("monotone",)), "drill.suits"),
        (Plan(families=("UTG vs BB SRP",)), "drill.families"),
        (Plan(hands=("72o",)), "drill.hands"),
        (Plan(depths=(200,)), "drill.depths"),
    ):
        with pytest.raises(Invalid) as caught:
            await training.start(db, player, drill=DrillSpec(plan=plan))
        assert caught.value.errors[0].path == field


async def test_a_plan_for_one_solution_is_dealt_from_it_alone(
    training: TrainingService, strategies: HashedStrategies, db: AsyncSession, player: UUID
) -> None:
    only = list(strategies.infos)[1]
    spec = DrillSpec(solution_id=only, plan=Plan(mode="spot", count=6))
    seen = await play(training, db, player, await training.start(db, player, drill=spec), random.Random(2))
    assert {one.solution.id for one in seen} == {only}


async def test_every_group_of_a_decision_covers_its_actions_once() -> None:
    strategies = library()
    for solution_id in strategies.infos:
        node = await strategies.node(solution_id, ())
        for sizes in ("exact", "grouped", "action"):
            members = [one for part in groups(node.position, sizes) for one in part.members]
            assert sorted(members) == list(range(len(node.position.actions)))


async def test_a_node_for_a_whole_range_lies_on_the_wanted_street() -> None:
    strategies = library()
    plan = Plan(mode="range", street=1, seat="ip", count=2)
    for number in range(10):
        deal, node = await deal_node(
            strategies, derive(b"r" * 32, str(number)), plan, await pool(strategies, plan, NOTHING_KEPT), NOTHING_KEPT
        )
        assert (node.position.street, node.position.player, deal.hero) == (1, 1, 1)


async def test_a_set_of_ranges_has_no_hands_to_deal(training: TrainingService, db: AsyncSession, player: UUID) -> None:
    with pytest.raises(Invalid, match="painted"):
        await training.start(db, player, drill=DrillSpec(plan=Plan(mode="range", count=2)))
    with pytest.raises(NotFound):
        await training.time_over(db, player, clock.new_id())
