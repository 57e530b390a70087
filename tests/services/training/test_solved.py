"""Hands on spots that the real solver solved: losses add up, reasons and grids are right."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from uuid import UUID

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncSession

from services.infra.cache import Cache
from services.solutions import rivers
from services.solutions.catalog import Line
from services.solutions.manifest import Library
from services.solutions.rivers import Rivers
from services.solutions.service import StrategyService
from services.training.deals import combo_cards, combo_of, without_cards
from services.training.grading import Cutoffs, losses
from services.training.judging import judge
from services.training.reasons import hero_equities, reasons
from services.training.service import TrainingService
from services.training.tolerance import STREETS, Passed, worst_passed
from services.training.views import StrategyGrid
from solver.cards import COMBO_CLASS, card_to_text, parse_cards, parse_combo
from solver.hand_rank import rank_board
from solver.solution import Solution
from solver.solve import solve
from solver.spot import Spot, parse_spot
from solver.tree import LinePosition, build_tree, position
from tests.services.solutions.conftest import RIVER, TURN, Shelf, shelf

__all__ = ["shelf"]

pytestmark = pytest.mark.timeout(600)  # kernels that were changed are compiled first


@pytest.fixture
def solved(shelf: Shelf, redis_server: str) -> StrategyService:
    del redis_server
    return StrategyService(Library(shelf.folder), Rivers(Cache()))


Decision = tuple[LinePosition, NDArray[np.int16], NDArray[np.float32], NDArray[np.float64]]
"""Position, combos [h], strategy [a, h], q [a, h]."""


class Playthrough:
    """Hero follows a fixed policy of mistakes; everything villain and the cards can do is summed up exactly.

    Attributes:
        given_up: Sum over hero's decisions of probability x loss.
        earned: Sum over the ends of probability x (chips from the pot - chips put in).
        best: Sum over hero's first decisions of probability x best value.
    """

    def __init__(self, spot: Spot, decide: Callable[[Line], Awaitable[Decision]], hero: int, combo: int) -> None:
        self.spot, self.decide, self.hero, self.combo = spot, decide, hero, combo
        self.tree = build_tree(spot)
        self.given_up = self.earned = self.best = 0.0

    async def run(self) -> None:
        villains = without_cards(self.spot.ranges[1 - self.hero], {*self.spot.board, *combo_cards(self.combo)})
        await self._play((), villains / villains.sum(), first=True)

    async def _play(self, line: Line, villains: NDArray[np.float64], *, first: bool) -> None:
        """``villains`` [combo]: probability of getting here with each."""
        where = position(self.tree, self.spot, line)
        if where.kind == "decision":
            where, combos, strategy, q = await self.decide(line)
            if where.player == self.hero:
                row = int(np.flatnonzero(combos == self.combo)[0])
                loss = losses(q[:, row])
                # mistakes of every size, but no absurd ones: a quarter of the lines is played right
                wanted = hashlib.sha256("/".join(line).encode()).digest()[0] % 4 * 0.04 * where.pot
                chosen = int(np.argmin(np.abs(loss - wanted)))
                self.given_up += float(villains.sum() * loss[chosen])
                self.best += float(villains.sum() * q[:, row].max()) if first else 0.0
                await self._play((*line, where.actions[chosen]), villains, first=False)
                return
            for action, frequencies in zip(where.actions, strategy, strict=True):
                moved = np.zeros(1326)
                moved[combos] = villains[combos] * frequencies
                if moved.any():
                    await self._play((*line, action), moved, first=first)
        elif where.kind == "deal":
            dead = {*where.board, *combo_cards(self.combo)}
            for card in set(range(52)) - dead:
                left = without_cards(villains, (card,)) / (52 - len(dead) - 2)
                if left.any():
                    await self._play((*line, f"deal {card_to_text(card)}"), left, first=first)
        else:
            share = np.full(1326, 0.0 if where.player == self.hero else 1.0)
            if where.kind != "fold":
                combos = np.flatnonzero(villains).astype(np.int16)
                share[combos] = hero_equities(self.combo, where.board, combos)
            matched = min(where.put_in)
            self.earned += float((villains * (share * (self.spot.pot + 2 * matched) - matched)).sum())


@pytest.fixture(scope="module")
def exact() -> dict[str, Solution]:
    """Solved without tremble, so that villain plays exactly what the values were computed against."""
    return {name: solve(parse_spot(data), target_pct=0.05) for name, data in (("turn", TURN), ("river", RIVER))}


@pytest.mark.parametrize(
    ("name", "hero", "hand"), [("river", 0, "8h8c"), ("river", 1, "AsKc"), ("turn", 0, "8h8c"), ("turn", 1, "AsKc")]
)
async def test_the_losses_of_a_hand_add_up_to_the_ev_given_up(
    exact: dict[str, Solution], name: str, hero: int, hand: str
) -> None:
    solution = exact[name]

    async def decide(line: Line) -> Decision:
        node = solution.node(line)
        return node.position, node.combos, node.strategy, node.best_response

    playthrough = Playthrough(solution.spot, decide, hero, parse_combo(hand))
    await playthrough.run()
    assert playthrough.given_up > 0
    assert playthrough.best - playthrough.earned == pytest.approx(playthrough.given_up, abs=1e-5 * solution.spot.pot)


@pytest.mark.parametrize(("hero", "hand"), [(0, "8h8c"), (1, "AsKc"), (0, "KhQh"), (1, "QsJs")])
async def test_with_rivers_solved_again_the_losses_add_up_to_two_percent_of_the_pot(
    shelf: Shelf, solved: StrategyService, hero: int, hand: str
) -> None:
    async def decide(line: Line) -> Decision:
        node = await solved.node(shelf.turn.id, line)
        return node.position, node.combos, node.strategy, node.q

    playthrough = Playthrough(shelf.turn.spot, decide, hero, parse_combo(hand))
    await playthrough.run()
    error_pct = 100 * (playthrough.best - playthrough.earned - playthrough.given_up) / shelf.turn.spot.pot
    print(f"{hand}: losses and EV given up differ by {error_pct:.3f}% of the pot")
    # a river solved again may be another equilibrium than the turn's values were computed against
    assert abs(error_pct) < 2


async def test_on_the_river_the_reasons_give_the_price_and_the_equity_against_the_betting_range(
    shelf: Shelf, solved: StrategyService
) -> None:
    line = ("check", "bet 50")
    node = await solved.node(shelf.river.id, line)
    combo = parse_combo("KhQh")
    fields = await judge(node, combo, "call", 50, Cutoffs())
    board = shelf.river.spot.board
    reach = without_cards(node.reach[1], {*board, *combo_cards(combo)})
    combos = np.flatnonzero(reach)
    mine = rank_board(board, np.array([combo]))[0]
    his = rank_board(board, combos)
    equity = float((reach[combos] * ((mine > his) + 0.5 * (mine == his))).sum() / reach.sum())
    first, second, third = fields["reasons"]
    assert first == "A call needs 25.0% equity: 5 bb to win 15 bb"
    assert second == f"Your hand has {equity:.1%} against the betting range of {reach.sum():.1f} combos"
    removed = [float(number) for number in re.findall(r"\d+\.\d", third)]
    assert third.startswith("Your cards remove ")
    assert removed[0] <= removed[1]
    assert removed[2] <= removed[3]


async def test_before_the_river_the_reasons_give_equity_and_how_much_of_it_every_action_realises(
    shelf: Shelf, solved: StrategyService
) -> None:
    node = await solved.node(shelf.turn.id, ())
    fields = await judge(node, parse_combo("8h8c"), "check", 50, Cutoffs())
    first, second, _ = fields["reasons"]
    shown = re.fullmatch(r"Your hand has (\d+\.\d)% equity against \d+\.\d combos", first)
    assert shown
    assert second.startswith("EQR: check ")
    realised = [float(part) for part in re.findall(r"(\d+)%", second)]
    expected = node.q[:, node.row(parse_combo("8h8c"))] / (float(shown[1]) / 100 * node.position.pot)
    assert realised == pytest.approx(100 * expected, abs=1)


async def test_an_all_in_before_the_river_is_priced_like_the_end_of_betting(
    shelf: Shelf, solved: StrategyService
) -> None:
    root = await solved.node(shelf.flop.id, ("check", "bet 50"))
    assert root.position.to_call == 50
    node = await solved.node(shelf.turn.id, ("bet 60", "allin 300"))
    fields = await judge(node, parse_combo("8h8c"), "call", 50, Cutoffs())
    needed = node.position.to_call / (node.position.pot + node.position.to_call)
    assert fields["reasons"][0].startswith(f"A call needs {needed:.1%} equity")


async def test_a_hand_about_which_the_solver_has_not_made_up_its_mind_is_not_graded(
    shelf: Shelf, solved: StrategyService
) -> None:
    node = await solved.node(shelf.river.id, ("check", "bet 50"))
    hand = parse_combo("KhQh")
    row, position = node.row(hand), node.position
    torn = np.array(node.strategy), np.array(node.q)
    torn[0][:, row] = [0.5, *[0.5 / (len(position.actions) - 1)] * (len(position.actions) - 1)]
    torn[1][:, row] = [-0.1 * position.pot, *[0.0] * (len(position.actions) - 1)]
    fields = await judge(replace(node, strategy=torn[0], q=torn[1]), hand, position.actions[0], 50, Cutoffs())
    assert (fields["grade"], fields["tolerance_pct"]) == ("uncertain", pytest.approx(10.0))
    assert (await judge(node, hand, "call", 50, Cutoffs()))["grade"] != "uncertain"


async def test_what_the_solver_mostly_does_is_never_called_a_leak(shelf: Shelf, solved: StrategyService) -> None:
    node = await solved.node(shelf.river.id, ("check", "bet 50"))
    hand = parse_combo("KhQh")
    row, position = node.row(hand), node.position
    mixed = np.array(node.strategy), np.array(node.q)
    rest = len(position.actions) - 1
    mixed[0][:, row] = [0.8, *[0.2 / rest] * rest]
    mixed[1][:, row] = [-0.012 * position.pot, *[0.0] * rest]  # more than the river's tolerance
    served = replace(node, strategy=mixed[0], q=mixed[1])
    fields = await judge(served, hand, position.actions[0], 0, Cutoffs())
    assert (fields["grade"], fields["tolerance_pct"]) == ("best", pytest.approx(1.2))


async def test_where_no_action_gains_the_eqr_is_zero_and_a_bet_to_call_shows_its_price(
    shelf: Shelf, solved: StrategyService
) -> None:
    node = await solved.node(shelf.flop.id, ("check", "bet 50"))
    hand = int(node.combos[0])
    reach = node.reach[1 - node.position.player]
    lost = [-10.0] * len(node.position.actions)
    first, second, _ = reasons(node.position, hand, reach, lost, node.big_blind)
    needed = node.position.to_call / (node.position.pot + node.position.to_call)
    assert first.endswith(f"; the price alone asks for {needed:.1%}")
    assert second == "EQR 0%: no action is worth more than folding"
    opening = (await solved.node(shelf.flop.id, ("check",))).position
    assert reasons(opening, hand, reach, [-1.0, -2.0], 10)[1] == "EQR 0%: no action is worth more than 0 bb"
    assert reasons(opening, hand, reach, [float("nan")] * 2, 10)[1] == "EQR: unknown here"
    river = (await solved.node(shelf.river.id, ())).position
    kings = np.zeros_like(reach)
    kings[parse_combo("AcKc")] = 1
    beaten = reasons(river, parse_combo("7h6h"), kings, [1.0] * len(river.actions), 10)
    assert beaten[1] == "EQR: says nothing of a hand with under 1% equity"


@pytest.mark.parametrize(
    ("passed", "pct"),
    [
        ((0.05, 40), None),
        ((0.5, 10_000), None),  # as well as those that the tolerances were measured behind
        ((2.0, 40), 0.4),
        ((26.0, 100), 13.0),
    ],
)
async def test_what_a_badly_solved_decision_on_the_way_left_open_is_left_open_later(
    shelf: Shelf, solved: StrategyService, passed: tuple[float, int], pct: float | None
) -> None:
    node = await solved.node(shelf.river.id, ("check", "bet 50"))
    hand, here = parse_combo("KhQh"), node.position.pot
    plain = await judge(node, hand, "call", 50, Cutoffs())
    through = replace(node, passed=((0.1, here), (passed[0], passed[1] * here // 200), (0.2, here)))
    fields = await judge(through, hand, "call", 50, Cutoffs())
    assert fields["passed_solved_to_pct"] == (None if pct is None else passed[0])
    assert fields["tolerance_pct"] == pytest.approx(max(plain["tolerance_pct"], pct or 0.0), rel=0.05)
    assert (fields["grade"] == "uncertain") == (fields["tolerance_pct"] > 1.5)
    assert fields["loss"] == plain["loss"]


def test_of_the_decisions_on_the_way_the_one_that_left_most_chips_open_counts() -> None:
    assert worst_passed([(10.0, 55), (4.0, 300), (0.4, 9000)], 600) == Passed(4.0, pytest.approx(2.0))
    assert worst_passed([(float("nan"), 60)], 600) == Passed(100.0, pytest.approx(10.0))
    assert worst_passed([], 600) == Passed()


def test_equity_on_the_turn_counts_every_river() -> None:
    board = parse_cards("Ks8d3c5h")
    hero, villain = parse_combo("KhQh"), parse_combo("AcKc")
    # hero wins with a queen (three left), ties with nothing that pairs both kickers away
    equity = hero_equities(hero, board, np.array([villain]))[0]
    won = 0.0
    for river in set(range(52)) - {*board, *combo_cards(hero), *combo_cards(villain)}:
        mine, his = (int(rank) for rank in rank_board((*board, river), np.array([hero, villain])))
        won += 1.0 if mine > his else 0.5 if mine == his else 0.0
    assert equity == pytest.approx(won / 44)


async def test_the_grid_holds_the_ranges_frequencies_by_class(shelf: Shelf, solved: StrategyService) -> None:
    node = await solved.node(shelf.turn.id, ())
    fields = await judge(node, parse_combo("8h8c"), "check", 50, Cutoffs())
    cells = StrategyGrid(node.position.actions, fields["grid"]).cells()
    present = {int(COMBO_CLASS[combo]) for combo in node.combos}
    assert {int(index) for index in np.flatnonzero(cells[:, 0])} == present
    assert np.allclose(cells[sorted(present), 1:].sum(axis=1), 1, atol=0.01)
    eights = int(COMBO_CLASS[parse_combo("8h8c")])
    rows = [node.row(combo) for combo in node.combos if COMBO_CLASS[combo] == eights]
    assert cells[eights, 1] == pytest.approx(float(node.strategy[0, rows].mean()), abs=0.01)
    assert cells[eights, 0] == pytest.approx(3 / 6, abs=0.01)  # one eight is on the board


async def test_a_hand_the_solver_never_brings_here_is_graded_and_says_so(shelf: Shelf, solved: StrategyService) -> None:
    node = await solved.node(shelf.turn.id, ("bet 60", "allin 300"))
    row = int(np.flatnonzero(~node.in_range)[0])
    fields = await judge(node, int(node.combos[row]), "call", 50, Cutoffs())
    assert not fields["in_range"]
    assert fields["loss"] >= 0
    assert fields["tolerance_pct"] == max(STREETS[1].absent, node.exploitability_pct)


async def test_whole_sets_on_solved_spots_end_and_their_figures_add_up(
    solved: StrategyService, db: AsyncSession, player: UUID
) -> None:
    training = TrainingService(solved, look_ahead=False)
    choose = random.Random(12)
    table = await training.start(db, player)
    while table.status != "set_done":
        while table.status == "decision":
            assert table.decision_id is not None
            given = await training.act(db, player, table.decision_id, choose.choice(table.actions))
            assert given.solved_to_pct < 1
            assert sum(row.frequency for row in given.rows) == pytest.approx(1, abs=1e-3)
            table = await training.advance(db, player, table.hand_id)
        if table.status == "ended":
            table = await training.next_hand(db, player, table.session_id)
    answers = await training.answers(db, player, table.session_id)
    summary = await training.summary(db, player, table.session_id)
    assert summary.ev_loss_bb == pytest.approx(sum(one.grade.loss_bb for one in answers))
    assert summary.ev_score is not None
    assert 0 <= summary.ev_score < 100


async def test_following_the_solvers_best_action_scores_100(
    solved: StrategyService, db: AsyncSession, player: UUID
) -> None:
    training = TrainingService(solved, look_ahead=False)
    table = await training.start(db, player)
    for _ in range(10):
        while table.status == "decision":
            assert table.decision_id is not None
            line = tuple(
                f"deal {card_to_text(step.card)}" if step.card is not None else step.action for step in table.line
            )
            node = await solved.node(table.solution.id, line)
            best = int(np.argmax(node.q[:, node.row(combo_of(table.hero_cards))]))
            given = await training.act(db, player, table.decision_id, table.actions[best])
            assert given.grade.word in ("best", "correct", "uncertain")
            table = await training.advance(db, player, table.hand_id)
        table = await training.next_hand(db, player, table.session_id)
    assert (await training.summary(db, player, table.session_id)).ev_score == pytest.approx(100)


async def test_an_answer_to_a_prepared_decision_solves_nothing(
    shelf: Shelf, redis_server: str, db: AsyncSession, player: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    del redis_server
    solved: list[str] = []
    solve_river = rivers._solve

    def counted(spot: Spot, key: str) -> bytes:
        solved.append(key)
        return solve_river(spot, key)

    monkeypatch.setattr(rivers, "_solve", counted)
    training = TrainingService(StrategyService(Library(shelf.folder), Rivers(Cache())))
    await training.warm()
    choose = random.Random(13)
    table = await training.start(db, player)
    for _ in range(5):
        while table.status == "decision":
            await training.settled()
            assert table.decision_id is not None
            before = len(solved)
            await training.act(db, player, table.decision_id, choose.choice(table.actions))
            assert len(solved) == before
            table = await training.advance(db, player, table.hand_id)
        table = await training.next_hand(db, player, table.session_id)
    await training.settled()
    assert solved
