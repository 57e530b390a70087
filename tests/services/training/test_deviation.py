"""A villain who departs: his declared strategy, and hero's losses against it computed a second way."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncSession

from services.infra.cache import Cache
from services.infra.errors import Invalid
from services.solutions.catalog import Line, library_id
from services.solutions.export import Description, solve_config, write_solution
from services.solutions.manifest import FORMAT, Library, write_manifest
from services.solutions.rivers import Rivers
from services.solutions.service import StrategyService
from services.solutions.store import TREMBLE
from services.training.analysis import Analyses
from services.training.deals import combo_cards
from services.training.deviation import deviated, facing
from services.training.plan import Plan, Villain
from services.training.service import TrainingService
from services.training.views import DrillSpec
from solver.hand_rank import rank_board
from solver.solve import solve
from solver.spot import parse_spot
from state.analysis import analysis_view
from tests.services.solutions.conftest import RIVER, TURN

pytestmark = pytest.mark.timeout(300)

KINDS = ("calls", "folds", "attacks", "waits")


RIVER_ID, TURN_ID = library_id("river"), library_id("turn")


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of one river and one turn."""
    shelf = tmp_path_factory.mktemp("two")
    entries: list[dict[str, Any]] = []
    for name, data, target in (("river", RIVER, 0.05), ("turn", TURN, 1.0)):
        spot = parse_spot(data)
        description = Description(f"Test {name}", "BTN vs BB", "SRP", ("BB", "BTN"))
        solution = solve(spot, target_pct=target, max_iterations=400, tremble=TREMBLE)
        artefact, header = write_solution(solution, description, solve_config(spot, target, TREMBLE))
        (shelf / f"{name}.mxl").write_bytes(artefact)
        kept = {key: value for key, value in header.items() if key != "config"}
        digest = hashlib.sha256(artefact).hexdigest()
        entries.append(kept | {"id": name, "file": f"{name}.mxl", "bytes": len(artefact), "sha256": digest})
    write_manifest({"format": FORMAT, "entries": entries}, shelf)
    return shelf


@pytest.fixture
def solved(folder: Path, redis_server: str) -> StrategyService:
    del redis_server
    return StrategyService(Library(folder), Rivers(Cache()))


STRATEGY = np.array([[0.6, 0.0, 1.0], [0.4, 0.5, 0.0], [0.0, 0.5, 0.0]])
Q = np.array([[0.0, 0.0, 0.0], [0.0, 50.0, -20.0], [-10.0, 50.0, np.nan]])


def test_the_caller_calls_with_what_he_should_fold_the_less_the_more_it_costs() -> None:
    found = deviated(Villain(kind="calls", strength=50), ("fold", "call", "allin 200"), STRATEGY, Q, 100)
    # the first hand loses nothing by calling: half of its folds; the second never folds; the third is unknown
    assert found[:, 0] == pytest.approx([0.3, 0.7, 0.0])
    assert found[:, 1] == pytest.approx([0.0, 0.5, 0.5])
    known = np.where(np.isnan(Q), -30.0, Q)
    third = deviated(Villain(kind="calls", strength=50), ("fold", "call", "allin 200"), STRATEGY, known, 100)[:, 2]
    assert third[1] == pytest.approx(0.5 * np.exp(-2))


def test_the_folder_keeps_what_is_worth_much() -> None:
    found = deviated(Villain(kind="folds", strength=100), ("fold", "call", "allin 200"), STRATEGY, Q, 100)
    assert found[0, 0] == pytest.approx(1.0)
    assert found[0, 1] == pytest.approx(np.exp(-5))


def test_the_attacker_takes_the_size_that_costs_least_and_the_waiter_gives_it_up() -> None:
    mix = np.array([[1.0, 0.2], [0.0, 0.3], [0.0, 0.5]])
    q = np.array([[10.0, 10.0], [8.0, 10.0], [9.0, 10.0]])
    attack = deviated(Villain(kind="attacks", strength=50), ("check", "bet 50", "allin 200"), mix, q, 100)
    assert attack[:, 0] == pytest.approx([1 - 0.5 * np.exp(-0.1), 0.0, 0.5 * np.exp(-0.1)])
    wait = deviated(Villain(kind="waits", strength=50), ("check", "bet 50", "allin 200"), mix, q, 100)
    assert wait[:, 1] == pytest.approx([0.6, 0.15, 0.25])


@pytest.mark.parametrize("kind", KINDS)
def test_every_departure_is_a_strategy(kind: str) -> None:
    rng = np.random.default_rng(3)
    for actions in (("check", "bet 30", "allin 90"), ("fold", "call", "raise 80"), ("fold", "call")):
        mix = rng.dirichlet(np.ones(len(actions)), size=40).T
        q = rng.normal(0, 20, size=mix.shape)
        found = deviated(Villain.model_validate({"kind": kind, "strength": 80}), actions, mix, q, 60)
        assert found.sum(axis=0) == pytest.approx(np.ones(40))
        assert (found >= 0).all()


class Enumeration:
    """Hero's best response by plain recursion: every hand of hero's against every hand of villain's, no solver."""

    def __init__(self, strategies: StrategyService, villain: Villain, hero: int, solution_id: UUID) -> None:
        self.base, self.hero, self.id = strategies, hero, solution_id
        self.facing = facing(strategies, villain, hero)

    async def value(self, line: Line, combo: int, reach: NDArray[np.float64], put_in: int) -> float:
        """Chips from a node on, times villain's reach, where hero had put ``put_in`` into the pot before it."""
        at = await self.base.position(self.id, line)
        spent = at.put_in[self.hero] - put_in
        if at.kind == "fold":
            return -spent * reach.sum() if at.player == self.hero else (at.pot - spent) * reach.sum()
        if at.kind == "showdown":
            combos = np.flatnonzero(reach)
            ranks = rank_board(at.board, np.append(combos, combo)).astype(int)
            won = np.where(ranks[:-1] < ranks[-1], 1.0, np.where(ranks[:-1] == ranks[-1], 0.5, 0.0))
            return float(((won * at.pot - spent) * reach[combos]).sum())
        if at.player == self.hero:
            return max([await self.value((*line, one), combo, reach, put_in) for one in at.actions])
        node = await self.facing.node(self.id, line)
        total = 0.0
        for place, action in enumerate(at.actions):
            share = np.zeros(len(reach))
            share[node.combos] = node.strategy[place]
            total += await self.value((*line, action), combo, reach * share, put_in)
        return total


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("hero", [0, 1])
async def test_losses_against_a_deviator_equal_those_enumerated_hand_by_hand(
    solved: StrategyService, kind: str, hero: int
) -> None:
    villain = Villain.model_validate({"kind": kind, "strength": 60})
    counted = Enumeration(solved, villain, hero, RIVER_ID)
    lines: list[Line] = [(), ("bet 50",)] if hero == 0 else [("check",), ("bet 50",), ("allin 300",)]
    if hero == 0:
        lines = [(), ("check", "bet 50")]
    checked = 0
    for line in lines:
        node = await counted.facing.node(RIVER_ID, line)
        assert node.position.player == hero
        for row, combo in list(enumerate(node.combos))[::3]:
            reach = node.reach[1 - hero].astype(np.float64).copy()
            cards = combo_cards(int(combo))
            clash = [one for one in np.flatnonzero(reach) if set(combo_cards(int(one))) & set(cards)]
            reach[clash] = 0
            if reach.sum() <= 0:
                continue
            put_in = node.position.put_in[hero]
            values = [
                await counted.value((*line, action), int(combo), reach, put_in) / reach.sum()
                for action in node.position.actions
            ]
            assert node.q[:, row] == pytest.approx(values, abs=2e-4 * node.position.pot)
            checked += 1
    assert checked > 10


async def test_before_the_river_nothing_departs(solved: StrategyService) -> None:
    against = facing(solved, Villain(kind="calls", strength=90), 0)
    mine, base = await against.node(TURN_ID, ()), await solved.node(TURN_ID, ())
    assert (mine.q == base.q).all()
    assert (mine.strategy == base.strategy).all()


async def test_on_a_river_below_a_turn_the_loss_counts_against_the_departing_villain(solved: StrategyService) -> None:
    line = ("check", "check", "deal 2c")
    base = await solved.node(TURN_ID, line)
    against = facing(solved, Villain(kind="folds", strength=100), 0)
    node = await against.node(TURN_ID, line)
    met = node.in_range & np.isfinite(base.q).all(axis=0)
    # hero can always do what he did against the solution, whose fixed strategy only lost by departing
    assert node.q.max(axis=0)[met].mean() > base.q.max(axis=0)[met].mean()
    assert set(np.unique(node.strategy)) <= {0.0, 1.0}
    reply = (*line, "bet 75")
    before, after = await solved.node(TURN_ID, reply), await against.node(TURN_ID, reply)
    fold = before.position.actions.index("fold")
    weights = before.reach[1, before.combos]
    assert (after.strategy[fold] * weights).sum() > (before.strategy[fold] * weights).sum()


async def test_a_hand_against_a_deviator_is_graded_against_exactly_him(
    solved: StrategyService, db: AsyncSession, player: UUID
) -> None:
    training = TrainingService(solved, look_ahead=False)
    plan = Plan(mode="street", street=2, villain=Villain(kind="calls", strength=80), count=10)
    table = await training.start(db, player, drill=DrillSpec(plan=plan))
    while table.status != "set_done":
        if table.status == "decision":
            assert table.decision_id is not None
            assert table.street == 2
            answer = await training.act(db, player, table.decision_id, table.actions[-1])
            assert "calls too much (80%)" in answer.villain
            assert answer.tolerance_fitted
            values = [row.ev for row in answer.rows if row.ev is not None]
            chosen = next(row.ev for row in answer.rows if row.action == answer.action)
            assert chosen is not None
            assert answer.grade.loss == pytest.approx(max(values) - chosen)
            assert max(row.frequency for row in answer.rows) == 1.0
            table = await training.advance(db, player, table.hand_id)
        else:
            table = await training.next_hand(db, player, table.session_id)


async def test_after_an_answer_his_own_range_and_play_are_shown_and_named_so(
    solved: StrategyService, db: AsyncSession, player: UUID
) -> None:
    training, analyses = TrainingService(solved, look_ahead=False), Analyses(solved)
    villain = Villain(kind="calls", strength=80)
    plan = Plan(mode="street", street=2, seat="oop", villain=villain, count=10)
    table = await training.start(db, player, drill=DrillSpec(plan=plan))
    replied = False
    while table.status != "set_done" and not replied:
        if table.status != "decision":
            table = await training.next_hand(db, player, table.session_id)
            continue
        assert table.decision_id is not None
        answer = await training.act(db, player, table.decision_id, table.actions[-1])
        table = await training.advance(db, player, table.hand_id)
        found = await analyses.of_decision(db, player, answer.decision_id)
        own = await facing(solved, villain, found.hero).node(found.solution.id, found.line[: found.at])
        assert found.villain == villain
        assert (found.facts.node.reach == own.reach).all()
        view = analysis_view(found, str(answer.decision_id))
        assert "calls too much (80%)" in view.against
        assert view.ranges[1].title.startswith("Villain's own range")
        assert view.accuracy == "Your best replies to exactly this villain"
        river = [at for at in found.stops if at > found.at]
        for at in river[:1]:
            reply = await analyses.of_decision(db, player, answer.decision_id, at)
            if reply.facts.node.position.actions[0] != "fold":
                continue
            usual = await analyses.facts(reply.solution.id, reply.line[:at])
            assert reply.usual == usual.frequency
            assert reply.facts.frequency[0] < reply.usual[0]
            assert reply.facts.frequency[1] > reply.usual[1]
            assert "his own actions" in analysis_view(reply, str(answer.decision_id)).against
            replied = True
    assert replied


async def test_before_the_river_and_without_a_leak_the_panel_names_no_villain(
    solved: StrategyService, db: AsyncSession, player: UUID
) -> None:
    training, analyses = TrainingService(solved, look_ahead=False), Analyses(solved)
    table = await training.start(db, player, drill=DrillSpec(plan=Plan(mode="street", street=2, count=1)))
    assert table.decision_id is not None
    answer = await training.act(db, player, table.decision_id, table.actions[0])
    found = await analyses.of_decision(db, player, answer.decision_id)
    view = analysis_view(found, str(answer.decision_id))
    assert (found.villain, found.usual, view.against) == (None, (), "")
    assert {action.usual for action in view.actions} == {""}


def test_a_deviator_before_the_river_is_refused() -> None:
    with pytest.raises(Invalid, match="river"):
        Plan.read({"street": 1, "villain": {"kind": "attacks"}})
