"""After an answer: both ranges at every step that may be seen, and nothing before it, of others or of kept boards."""

from __future__ import annotations

import base64
import math
import random
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from services.infra import clock
from services.infra.errors import Conflict, Invalid, NotFound
from services.solutions import reservations
from services.solutions.reservations import BoardKept
from services.training.analysis import Analyses, equity_curve, node_facts, percentile
from services.training.categories import CATEGORIES
from services.training.service import TrainingService
from solver.cards import COMBO_CLASS, N_CLASSES
from solver.equity import range_equity
from state.analysis import analysis_view
from tests.services.training.conftest import add_player
from tests.services.training.doubles import HashedStrategies
from tests.services.training.players import answer, play_hand


@pytest.fixture
def analyses(strategies: HashedStrategies) -> Analyses:
    return Analyses(strategies)


async def test_both_ranges_and_their_equities_add_up(strategies: HashedStrategies) -> None:
    for solution_id in strategies.infos:
        facts = node_facts(await strategies.node(solution_id, ()))
        oop, ip = facts.ranges
        assert oop.equity + ip.equity == pytest.approx(1)
        expected = range_equity(facts.node.reach[0], facts.node.reach[1], facts.node.position.board).share
        assert oop.equity == pytest.approx(expected)
        for held in facts.ranges:
            assert sum(held.made) == pytest.approx(1)
            assert len(held.made) == len(CATEGORIES)
            assert list(held.curve) == sorted(held.curve)
        assert sum(facts.frequency) == pytest.approx(1)


async def test_every_class_that_the_grid_shows_has_its_combos(strategies: HashedStrategies) -> None:
    solution_id = next(iter(strategies.infos))
    node = await strategies.node(solution_id, ())
    # hands that are as good as gone: the solver still brings one of them here, the other is tremble
    player, reach, kept = node.position.player, node.reach.copy(), node.in_range.copy()
    faint, trembled = (int(combo) for combo in node.combos[kept][:2])
    reach[player, [faint, trembled]] = 1e-5
    kept[node.row(trembled)] = False
    facts = node_facts(replace(node, reach=reach, in_range=kept))
    held = set(facts.ranges[player].combos.tolist())
    assert faint in held
    assert trembled not in held
    cells = np.frombuffer(base64.b64decode(facts.ranges[player].grid), np.uint8).reshape(N_CLASSES, -1)
    assert set(np.flatnonzero(cells[:, 0]).tolist()) == {int(COMBO_CLASS[combo]) for combo in held}


async def test_an_actions_value_is_that_of_the_hands_that_take_it(strategies: HashedStrategies) -> None:
    node = await strategies.node(next(iter(strategies.infos)), ())
    facts = node_facts(node)
    for action, value in enumerate(facts.ev):
        taken = node.q[action][node.strategy[action] > 0.01]
        assert taken.min() - 1 <= value <= taken.max() + 1


async def test_the_decision_and_every_earlier_one_can_be_looked_at(
    training: TrainingService, analyses: Analyses, db: AsyncSession, player: UUID
) -> None:
    table = await training.start(db, player)
    given = await answer(training, db, player, table)
    found = await analyses.of_decision(db, player, given.decision_id)
    assert found.line == (*given.line, given.action)
    assert found.at == len(given.line)
    for stop in found.stops:
        one = await analyses.of_decision(db, player, given.decision_id, stop)
        assert one.facts.node.position.line == given.line[:stop]
        assert one.line[stop] in one.facts.node.position.actions


async def test_the_whole_line_is_seen_once_the_hand_is_over_and_not_before(
    training: TrainingService, analyses: Analyses, db: AsyncSession, player: UUID
) -> None:
    table = await training.start(db, player)
    first = await answer(training, db, player, table, table.actions[0])
    await training.advance(db, player, table.hand_id)
    table = await training.table(db, player, table.hand_id)
    if table.status == "decision":
        assert (await analyses.of_decision(db, player, first.decision_id)).line == (*first.line, first.action)
        after = len(first.line) + 1
        with pytest.raises(Invalid):
            await analyses.of_decision(db, player, first.decision_id, after)
    table = await play_hand(training, db, player, table, random.Random(3))
    played = (await analyses.of_decision(db, player, first.decision_id)).line
    actions = [step.action for step in table.line if step.player >= 0]
    assert [step for step in played if not step.startswith("deal ")] == actions


async def test_nothing_is_shown_before_the_answer_or_to_others(
    training: TrainingService, analyses: Analyses, db: AsyncSession, player: UUID
) -> None:
    table = await training.start(db, player)
    assert table.decision_id is not None
    with pytest.raises(Conflict):
        await analyses.of_decision(db, player, table.decision_id)
    given = await answer(training, db, player, table)
    with pytest.raises(NotFound):
        await analyses.of_decision(db, await add_player(db), given.decision_id)


async def test_nothing_is_shown_of_a_kept_board(
    training: TrainingService, analyses: Analyses, db: AsyncSession, player: UUID
) -> None:
    table = await training.start(db, player)
    given = await answer(training, db, player, table)
    now = clock.now()
    await reservations.keep(db, "week", [table.solution.board], "this week's set", now, now + timedelta(days=1))
    with pytest.raises(BoardKept):
        await analyses.of_decision(db, player, given.decision_id)


async def test_nothing_is_shown_of_a_board_that_the_cards_made_a_kept_one(
    training: TrainingService, analyses: Analyses, db: AsyncSession, player: UUID
) -> None:
    """Another flop, which a card of the turn or river completes to the kept one."""
    table = await training.start(db, player)
    while len(table.board) == len(table.solution.board) or not table.answers:
        table = await play_hand(training, db, player, table, random.Random(5))
        if len(table.board) > len(table.solution.board) and len(table.answers[-1].board) > len(table.solution.board):
            break
        table = await training.next_hand(db, player, table.session_id)
    given = table.answers[-1]
    assert await analyses.of_decision(db, player, given.decision_id)
    now = clock.now()
    board = (*given.board[:2], given.board[-1])
    await reservations.keep(db, "week", [board], "this week's set", now, now + timedelta(days=1))
    assert (await training.table(db, player, table.hand_id)).answers[-1].withheld
    with pytest.raises(BoardKept):
        await analyses.of_decision(db, player, given.decision_id)


async def test_the_page_shows_hero_first_with_the_hand_on_its_curve(
    training: TrainingService, analyses: Analyses, db: AsyncSession, player: UUID
) -> None:
    table = await training.start(db, player)
    given = await answer(training, db, player, table)
    found = await analyses.of_decision(db, player, given.decision_id)
    view = analysis_view(found, str(given.decision_id), "chips")
    ours, theirs = view.ranges
    assert ours.acts
    assert not theirs.acts
    assert ours.title.endswith(table.positions[table.hero])
    assert view.unit == "chips"
    assert 0 <= view.mark[0] <= 100
    assert all(len(combo.evs) == len(view.actions) for combo in ours.combos)
    assert view.href.startswith(f"/solutions/{table.solution.id}")
    assert [stop.at for stop in view.stops if stop.at >= 0] == list(found.stops)
    assert sum(share.hero for share in view.made) == pytest.approx(100, abs=1)


def test_a_curve_rises_from_the_worst_hand_to_the_best() -> None:
    curve = equity_curve([0.9, 0.1, 0.5], [1, 1, 2], points=5)
    assert curve == (0.1, 0.1, 0.5, 0.5, 0.9)
    assert equity_curve([], []) == ()


def test_a_percentile_counts_half_of_its_equals() -> None:
    assert percentile([0.1, 0.5, 0.9], [1, 2, 1], 0.5) == pytest.approx(0.5)
    assert percentile([0.1, 0.5, 0.9], [1, 2, 1], 0.9) == pytest.approx(0.875)
    assert math.isclose(percentile(np.array([0.3]).tolist(), [1.0], 0.3), 0.5)
