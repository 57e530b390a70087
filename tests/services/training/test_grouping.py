"""Sizes in groups."""

from __future__ import annotations

import random
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from services.training.grouping import best_member, groups
from services.training.plan import Plan
from services.training.service import TrainingService
from services.training.views import DrillSpec
from solver.spot import parse_spot
from solver.tree import LinePosition, build_tree, position
from tests.services.training.doubles import HashedStrategies

MANY = parse_spot(
    {
        "board": "Td9d6h3c2s",
        "ranges": {"oop": "66+,A8s+,KTs+,AJo+", "ip": "QQ-22,AQs-A2s,KJs+,QJo"},
        "pot": 60,
        "effective_stack": 900,
        "sizes": {"river": {side: {"bet": "25%,33%,60%,90%,150%,a", "raise": "2.5x,4x,a"} for side in ("oop", "ip")}},
    }
)


def at(*line: str) -> LinePosition:
    return position(build_tree(MANY), MANY, line)


def test_exact_sizes_are_groups_of_one() -> None:
    assert [(one.name, one.members) for one in groups(at(), "exact")] == [
        (name, (place,)) for place, name in enumerate(at().actions)
    ]


def test_bets_are_grouped_by_their_share_of_the_pot_and_all_in_stays_itself() -> None:
    names = [one.name for one in groups(at(), "grouped")]
    assert names == ["check", "bet small", "bet medium", "bet large", "bet overbet", "allin 900"]
    assert [len(one.members) for one in groups(at(), "grouped")] == [1, 2, 1, 1, 1, 1]


def test_a_raise_counts_by_what_it_adds_after_the_call() -> None:
    # 60 in the pot, 54 bet: to 135 adds 81 to a pot of 168 (48%), to 216 adds 162 (96%)
    assert [one.name for one in groups(at("bet 54"), "grouped")] == [
        "fold",
        "call",
        "raise medium",
        "raise large",
        "allin 900",
    ]


def test_action_only_knows_one_bet_or_one_raise() -> None:
    assert [one.name for one in groups(at(), "action")] == ["check", "bet"]
    assert [one.name for one in groups(at("bet 54"), "action")] == ["fold", "call", "raise"]


def test_the_member_that_counts_costs_least_and_of_equals_is_the_commonest() -> None:
    bets = groups(at(), "action")[1]
    q = np.array([5.0, 1.0, 4.0, 4.0, 2.0, 0.0, 0.0])
    mix = np.array([0.1, 0.9, 0.0, 0.2, 0.0, 0.0, 0.0])
    assert best_member(bets, q, mix) == 3


@pytest.mark.parametrize("sizes", ["grouped", "action"])
async def test_the_loss_of_a_group_is_the_least_in_it_and_that_size_is_played(
    db: AsyncSession, player: UUID, sizes: str
) -> None:
    strategies = HashedStrategies()
    strategies.add(MANY)
    training = TrainingService(strategies, look_ahead=False)
    plan = Plan.read({"sizes": sizes, "count": 12, "pause": "every"})
    choose = random.Random(4)
    table = await training.start(db, player, drill=DrillSpec(plan=plan))
    grouped = 0
    while table.status != "set_done":
        if table.status == "ended":
            table = await training.next_hand(db, player, table.session_id)
            continue
        assert table.decision_id is not None
        node = await strategies.node(table.solution.id, tuple(step.action for step in table.line))
        parts = {one.name: one.members for one in groups(node.position, plan.sizes)}
        assert table.actions == tuple(parts)
        named = choose.choice(table.actions)
        answer = await training.act(db, player, table.decision_id, named)
        assert await training.act(db, player, table.decision_id, named) == answer
        q = {row.action: row.ev for row in answer.rows}
        least = min(max(q.values()) - q[node.position.actions[one]] for one in parts[named])
        assert answer.grade.loss == pytest.approx(least)
        assert max(q.values()) - q[answer.action] == pytest.approx(least)
        assert answer.chose == ("" if named in node.position.actions else named)
        grouped += answer.chose != ""
        again = await training.retry(db, player, table.decision_id, named)
        assert again.grade == answer.grade
        table = await training.advance(db, player, table.hand_id)
    assert grouped
