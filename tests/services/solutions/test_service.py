"""Stored strategies, rivers on demand, and the promise that losses add up."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from services.infra import metrics
from services.infra.cache import Cache
from services.infra.clock import new_id
from services.infra.errors import Invalid, NotFound, TooMany
from services.infra.waiting import acting_for
from services.solutions.catalog import Line, NodeStrategy, texture
from services.solutions.codec import Artefact, ArtefactError, write_artefact
from services.solutions.manifest import Library, read_manifest, verify, write_manifest
from services.solutions.rivers import Rivers, patient
from services.solutions.service import StrategyService
from services.solutions.store import StoredSolution, Walk
from services.solutions.subgame import LEAST_WEIGHT, subgame_spot
from solver.cards import COMBO_CARDS, N_CARDS, card_to_text, parse_cards
from solver.solve import solve
from tests.services.solutions.conftest import Shelf, Solved


def _loads(source: str) -> float:
    return metrics.cache_requests.labels(source)._value.get()


def _assert_same(served: NodeStrategy, solved: Solved, line: Line) -> None:
    own = solved.solution.node(line)
    assert served.position.actions == own.position.actions
    np.testing.assert_array_equal(served.combos, own.combos)
    assert_allclose(served.strategy, own.strategy, atol=1e-6)
    pot = own.position.pot
    best, own_best = served.q.max(axis=0), own.best_response.max(axis=0)
    assert_allclose(best, own_best, atol=3e-4 * pot)
    loss, own_loss = (best - served.q) / pot, (own_best - own.best_response) / pot
    assert_allclose(loss, own_loss, atol=1.1e-4, rtol=0.03)
    assert served.exploitability_pct == pytest.approx(own.local_exploitability_pct, rel=1e-4)


@pytest.mark.parametrize("line", [(), ("check",), ("check", "bet 60"), ("bet 60", "allin 300")])
async def test_a_stored_node_is_the_solvers_within_quantisation(
    strategies: StrategyService, shelf: Shelf, line: Line
) -> None:
    _assert_same(await strategies.node(shelf.turn.id, line), shelf.turn, line)


@pytest.mark.parametrize("card", ["2c", "2d", "2s", "Ac", "As", "Ad", "Th", "8c"])
async def test_turn_cards_that_differ_by_suits_alone_are_read_through_the_stored_one(
    strategies: StrategyService, shelf: Shelf, card: str
) -> None:
    line = ("check", "check", f"deal {card}")
    _assert_same(await strategies.node(shelf.flop.id, line), shelf.flop, line)


async def test_folding_is_worth_exactly_nothing(strategies: StrategyService, shelf: Shelf) -> None:
    for line in (("bet 60",), ("check", "check", "deal 2c", "check", "bet 75")):
        node = await strategies.node(shelf.turn.id, line)
        assert (node.q[node.position.actions.index("fold")] == 0).all()


async def test_one_turn_card_of_each_class_is_stored(strategies: StrategyService, shelf: Shelf) -> None:
    stored = Library(shelf.folder).get(shelf.flop.id)
    assert stored is not None
    turns = [key for key in stored.streets if key.startswith("check/check/deal")]
    assert len(turns) == 10 + 13  # hearts that are left, and one of the other three suits


async def test_a_stored_river_is_served_whole(strategies: StrategyService, shelf: Shelf) -> None:
    _assert_same(await strategies.node(shelf.river.id, ("check", "bet 50")), shelf.river, ("check", "bet 50"))


def _river(shelf: Shelf, line: Line) -> tuple[StoredSolution, Walk]:
    stored = Library(shelf.folder).get(shelf.turn.id)
    assert stored is not None
    walk = Walk(stored.spot.ranges, stored.spot.board)
    street = stored.street(())
    assert street is not None
    stored.follow(walk, (), line, street)
    walk.deal(stored.position(line).board[-1])
    return stored, walk


async def test_a_river_on_demand_is_what_a_direct_solve_gives(strategies: StrategyService, shelf: Shelf) -> None:
    line = ("check", "bet 60", "call", "deal Qc")
    stored, walk = _river(shelf, line)
    spot = subgame_spot(stored, line, walk)
    assert (spot.pot, spot.effective_stack) == (220, 240)
    direct = solve(spot, target_pct=0.01, max_iterations=5000)
    for rest in ((), ("check",), ("check", "bet 165")):
        served, own = await strategies.node(shelf.turn.id, line + rest), direct.node(rest)
        assert served.position.actions == own.position.actions
        np.testing.assert_array_equal(served.combos, own.combos)
    # Equilibria differ, the value of the game does not.
    served, own = await strategies.node(shelf.turn.id, line), direct.node(())
    weight = own.reach[0, own.combos]
    value = np.average(served.q.max(axis=0), weights=weight)
    assert value == pytest.approx(np.average(own.best_response.max(axis=0), weights=weight), abs=0.003 * 220)
    assert served.exploitability_pct < 0.1


async def test_a_node_knows_how_well_every_decision_on_its_way_is_solved(
    strategies: StrategyService, shelf: Shelf
) -> None:
    line = ("check", "bet 60", "call", "deal Qc", "check", "bet 165")
    way = [await strategies.node(shelf.turn.id, line[:end]) for end in (0, 1, 2, 4, 5)]
    node = await strategies.node(shelf.turn.id, line)
    assert node.passed == tuple((one.exploitability_pct, one.position.pot) for one in way)
    assert way[0].passed == ()


async def test_a_turn_subgame_goes_on_from_the_reaches_of_the_flop(strategies: StrategyService, shelf: Shelf) -> None:
    line = ("check", "bet 50", "call", "deal 2h")
    spot = await strategies.subgame(shelf.flop.id, line)
    assert (spot.board[-1], spot.pot, spot.effective_stack) == (2, 200, 100)
    flop = await strategies.node(shelf.flop.id, ("check",))
    reach = flop.reach[1, flop.combos] * flop.strategy[1]
    here = spot.ip_range[flop.combos]
    dealt = here > 2 * LEAST_WEIGHT
    np.testing.assert_allclose(here[dealt], reach[dealt] / reach[dealt].max(), atol=2e-3)
    alone = solve(spot, target_pct=0.02, max_iterations=3000)
    served = await strategies.node(shelf.flop.id, line)
    weight = alone.node(()).reach[0, served.combos]
    value = np.average(served.q.max(axis=0), weights=weight)
    assert value == pytest.approx(np.average(alone.node(()).best_response.max(axis=0), weights=weight), abs=0.01 * 200)


@pytest.mark.parametrize("line", [(), ("check",), ("check", "check", "deal Zz"), ("check", "check", "deal Kh")])
async def test_a_subgame_needs_a_card_that_can_come(strategies: StrategyService, shelf: Shelf, line: Line) -> None:
    with pytest.raises(Invalid):
        await strategies.subgame(shelf.flop.id, line)


async def test_the_river_is_worth_what_the_turn_solve_thought(strategies: StrategyService, shelf: Shelf) -> None:
    line = ("check", "check", "deal 2c")
    served, own = await strategies.node(shelf.turn.id, line), shelf.turn.solution.node(line)
    weight = own.reach[0, own.combos]
    value = np.average(served.q.max(axis=0), weights=weight)
    assert value == pytest.approx(np.average(own.best_response.max(axis=0), weights=weight), abs=0.005 * 100)


async def test_hands_that_never_get_here_are_graded_too(strategies: StrategyService, shelf: Shelf) -> None:
    for line in (("bet 60", "allin 300"), ("bet 60", "call", "deal 2c"), ("check", "bet 60", "call", "deal Qc")):
        node = await strategies.node(shelf.turn.id, line)
        weights = (await strategies.ranges(shelf.turn.id))[node.position.player]
        touches = np.isin(COMBO_CARDS, node.position.board).any(axis=1)
        np.testing.assert_array_equal(node.combos, np.flatnonzero((weights > 0) & ~touches))
        assert not np.isnan(node.q).any()
        assert (node.reach[node.position.player, node.combos] > 0).all()
    assert not node.in_range.all()


async def test_a_line_that_nobody_takes_still_has_ranges_and_a_river(strategies: StrategyService, shelf: Shelf) -> None:
    root = await strategies.node(shelf.turn.id, ())
    rare = int(root.strategy.mean(axis=1).argmin())
    line: Line = (root.position.actions[rare], "call", "deal 2c")
    node = await strategies.node(shelf.turn.id, line)
    assert node.reach[0].sum() > 0
    assert node.reach[1].sum() > 0
    assert not np.isnan(node.q).any()


async def test_in_range_says_what_the_stored_strategy_plays(strategies: StrategyService, shelf: Shelf) -> None:
    root = await strategies.node(shelf.turn.id, ())
    bet = root.position.actions.index("bet 60")
    facing = await strategies.node(shelf.turn.id, ("bet 60", "allin 300"))
    np.testing.assert_array_equal(facing.in_range, root.strategy[bet] > 0)


async def test_losses_along_a_hand_add_up_to_the_ev_given_up(strategies: StrategyService, shelf: Shelf) -> None:
    """Q* of an action is what follows on average, so the losses of any way to play a hand sum to what it gives up.

    Below the turn the rivers are those on demand, another equilibrium than the one the turn was solved with: one hand
    may differ by half a percent of the pot, the range by less than both solves' exploitability.
    """
    root = await strategies.node(shelf.turn.id, ())
    villain = await strategies.node(shelf.turn.id, ("check",))
    board = set(root.position.board)
    after = {
        action: await strategies.node(shelf.turn.id, ("check", action))
        for action in villain.position.actions
        if action != "check"
    }
    rivers = {
        card: await strategies.node(shelf.turn.id, ("check", "check", f"deal {card_to_text(card)}"))
        for card in set(range(N_CARDS)) - board
    }
    check = root.position.actions.index("check")
    differences, weights = [], []
    for row, hero in enumerate(map(int, root.combos)):
        clash = np.isin(COMBO_CARDS[villain.combos], COMBO_CARDS[hero]).any(axis=1)
        weight = np.where(clash, 0, villain.reach[1, villain.combos])
        expected = 0.0
        for action, frequency in zip(villain.position.actions, villain.strategy, strict=True):
            reached = weight * frequency
            if action in after:
                expected += reached.sum() * after[action].q[:, after[action].row(hero)].max()
                continue
            for card in rivers.keys() - set(COMBO_CARDS[hero].tolist()):
                dealt = np.where(np.isin(COMBO_CARDS[villain.combos], card).any(axis=1), 0, reached)
                expected += dealt.sum() / 44 * rivers[card].q[:, rivers[card].row(hero)].max()
        differences.append(root.q[check, row] - expected / weight.sum())
        weights.append(root.reach[0, hero] * weight.sum())
    assert np.abs(differences).max() < 0.01 * 100
    assert abs(np.average(differences, weights=weights)) < 0.003 * 100


async def test_a_river_is_solved_once_however_many_ask(strategies: StrategyService, shelf: Shelf) -> None:
    before = _loads("load")
    lines: list[Line] = [("check", "check", "deal 7d", *rest) for rest in ((), ("check",), ("bet 75",)) * 10]
    await asyncio.gather(*(strategies.node(shelf.turn.id, line) for line in lines))
    assert _loads("load") == before + 1


async def test_who_looks_around_waits_in_line_and_who_plays_does_not(strategies: StrategyService, shelf: Shelf) -> None:
    async def look(card: str) -> None:
        with patient("look", "a visitor"):
            await strategies.node(shelf.turn.id, ("check", "check", f"deal {card}"))

    looking = [asyncio.create_task(look(card)) for card in ("2c", "2d", "4c", "5c", "6c", "7c")]
    await asyncio.sleep(0)
    await strategies.node(shelf.turn.id, ("check", "check", "deal 9c"))
    waiting = sum(not task.done() for task in looking)
    outcomes = await asyncio.gather(*looking, return_exceptions=True)

    assert waiting >= 2
    assert [type(outcome) for outcome in outcomes].count(TooMany) == 2


async def test_one_player_can_not_queue_the_solver_for_everybody(strategies: StrategyService, shelf: Shelf) -> None:
    """Many rivers of one player, then one of another's: his comes soon, and the first is told when it is too much."""
    done: list[str] = []

    async def play(who: str, card: str) -> None:
        acting_for(who)
        await strategies.node(shelf.turn.id, ("check", "check", f"deal {card}"))
        done.append(who)

    cards = ("2c", "2d", "4c", "5c", "6c", "7c", "2h", "4d", "5d", "6d", "7d", "4h")
    greedy = [asyncio.create_task(play("greedy", card)) for card in cards]
    await asyncio.sleep(0)
    other = asyncio.create_task(play("other", "9c"))
    outcomes = await asyncio.gather(*greedy, other, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes].count(TooMany) == len(cards) - 8
    assert done.index("other") <= 2  # behind the river that was being solved already, and one more


async def test_another_process_finds_the_river_in_redis(strategies: StrategyService, shelf: Shelf) -> None:
    line = ("check", "check", "deal 7d")
    first = await strategies.node(shelf.turn.id, line)
    other = StrategyService(Library(shelf.folder), Rivers(Cache()))
    before = _loads("load")
    second = await other.node(shelf.turn.id, line)
    assert _loads("load") == before
    np.testing.assert_array_equal(first.q, second.q)


async def test_a_prefetched_river_is_there_when_it_is_asked_for(strategies: StrategyService, shelf: Shelf) -> None:
    line = ("check", "check", "deal Td")
    before = _loads("load")
    await strategies.prefetch(shelf.turn.id, line)
    await strategies.settle()
    assert _loads("load") == before + 1
    await strategies.node(shelf.turn.id, line)
    assert _loads("load") == before + 1


async def test_a_damaged_river_in_redis_is_never_served(strategies: StrategyService, shelf: Shelf) -> None:
    class Damaging(Cache):
        async def get_or_load(self, key, load, ttl_s):  # type: ignore[no-untyped-def]
            data = bytearray(await super().get_or_load(key, load, ttl_s))
            data[len(data) // 2] ^= 1
            return bytes(data)

    service = StrategyService(Library(shelf.folder), Rivers(Damaging()))
    with pytest.raises(ArtefactError):
        await service.node(shelf.turn.id, ("check", "check", "deal 7d"))


@pytest.mark.parametrize(
    ("line", "path"),
    [
        (("fold",), "line[0]"),
        (("check", "bet 61"), "line[1]"),
        (("check", "check", "check"), "line[2]"),
        (("check", "check", "deal Ks"), "line[2]"),
        (("check", "check", "deal Xx"), "line[2]"),
        (("check", "check", "deal 2c2d"), "line[2]"),
        (("bet 60", "fold", "check"), "line[2]"),
    ],
)
async def test_a_line_that_is_not_in_the_tree_is_refused_with_its_step(
    strategies: StrategyService, shelf: Shelf, line: Line, path: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await strategies.node(shelf.turn.id, line)
    assert refused.value.errors[0].path == path


@pytest.mark.parametrize("line", [("check", "check"), ("bet 60", "fold"), ("bet 60", "allin 300", "call")])
async def test_a_place_where_nobody_decides_has_no_strategy(
    strategies: StrategyService, shelf: Shelf, line: Line
) -> None:
    with pytest.raises(Invalid, match="nobody decides"):
        await strategies.node(shelf.turn.id, line)
    assert (await strategies.position(shelf.turn.id, line)).kind != "decision"


async def test_an_unknown_solution_is_not_found(strategies: StrategyService, database: object) -> None:
    with pytest.raises(NotFound):
        await strategies.info(new_id())


async def test_the_list_is_filtered_by_street_family_and_pot_type(strategies: StrategyService, shelf: Shelf) -> None:
    assert [info.id for info in await strategies.list()] == [shelf.turn.id, shelf.flop.id, shelf.river.id]
    assert [info.id for info in await strategies.list(street=0)] == [shelf.flop.id]
    assert await strategies.list(family="SB vs BB") == []
    assert await strategies.list(pot_type="3BP") == []


async def test_what_is_said_about_a_solution_is_what_was_measured(strategies: StrategyService, shelf: Shelf) -> None:
    info = await strategies.info(shelf.turn.id)
    served = shelf.turn.solution
    assert info.exploitability_pct == pytest.approx(served.exploitability_pct, abs=1e-4)
    assert info.tree_hash == served.tree.hash()
    assert shelf.turn.entry["exploitability"]["solver_pct"] <= info.exploitability_pct + 1e-4


async def test_a_file_that_the_manifest_does_not_name_is_never_served(shelf: Shelf) -> None:
    folder = shelf.folder
    path = folder / "river.mxl"
    whole = path.read_bytes()
    try:
        path.write_bytes((folder / "turn.mxl").read_bytes())
        with pytest.raises(ArtefactError, match="manifest"):
            Library(folder).get(shelf.river.id)
    finally:
        path.write_bytes(whole)


async def test_a_library_that_was_built_again_is_read_anew(shelf: Shelf, tmp_path: Path) -> None:
    shutil.copytree(shelf.folder, tmp_path, dirs_exist_ok=True)
    library = Library(tmp_path)
    manifest = read_manifest(tmp_path)
    data = write_artefact({**Artefact((tmp_path / "river.mxl").read_bytes()).header, "rebuilt": True}, {})
    (tmp_path / "river.mxl").write_bytes(data)
    manifest["entries"][2]["sha256"] = hashlib.sha256(data).hexdigest()
    write_manifest(manifest, tmp_path)
    assert library.get(shelf.river.id) is not None


def test_the_shipped_artefacts_are_those_of_the_manifest() -> None:
    assert verify() == []


@pytest.mark.parametrize(
    ("board", "words"),
    [("Kh8h3h", {"monotone"}), ("KhKs3h", {"paired", "two-tone"}), ("Kh8c3s2d", {"rainbow"})],
)
def test_the_texture_of_a_board_is_that_of_its_flop(board: str, words: set[str]) -> None:
    assert texture(parse_cards(board)) == words
