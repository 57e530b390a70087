"""Kuhn and Leduc: the slow twin against published traces, the production loop against the slow twin."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from solver.cfr import from_blocks, to_blocks
from solver.kernels import AVERAGE
from solver.tree import BettingTree

from .reference import PRODUCTION, dcfr, normalised
from .toys import KUHN, LEDUC, Toy, rows_of

GAMES = json.loads((Path(__file__).parents[1] / "reference" / "small_games.json").read_text())["games"]
TOYS = [pytest.param(KUHN, "kuhn_poker", id="kuhn"), pytest.param(LEDUC, "leduc_poker", id="leduc")]


@pytest.mark.parametrize(("toy", "name"), TOYS)
def test_the_slow_twin_reproduces_the_published_exploitability_iteration_by_iteration(toy: Toy, name: str) -> None:
    published = {int(t): value for t, value in GAMES[name]["mine"]["DCFR"].items()}
    twin = toy.twin()
    for t in range(100):
        twin.iterate(t, dcfr(1.5, 0, 2))
        if t + 1 in published:
            # Later the path is chaotic: published runs that differ in the order of additions are 1e-4 apart.
            assert twin.exploitability() == pytest.approx(published[t + 1], rel=1e-6 if t < 50 else 1e-3)


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("toy", [KUHN, LEDUC], ids=["kuhn", "leduc"])
def test_every_iteration_of_the_production_loop_equals_the_slow_twins(toy: Toy) -> None:
    # Both start every iteration from the twin's state: at exact ties rounding decides, and the paths part for good
    # (the twin itself leaves its path at the fourth iteration when a weight changes by 1e-7).
    tree, twin, game = toy.tree(), toy.twin(), toy.game()
    decisions = [
        (node, card) for node in range(len(tree)) if tree.kind[node] <= 1 for card in cards_at(toy, tree, node)
    ]
    for t in range(40):
        if t:
            for node, card in decisions:
                place, shape, order = rows_of(game, tree, node, card)
                unit = game.boards.scale[1 - int(tree.kind[node])] / game.layout.unit
                for array, rows in (
                    (game.store.regret, twin.regret[node, card] * unit),
                    (game.store.average, normalised(twin.average[node, card])),
                ):
                    new = np.zeros(shape)
                    new[:, : len(order)] = rows[:, order]
                    array[place] = to_blocks(new)
        twin.iterate(t, PRODUCTION)
        game.iterate(t, 1)
        for node, card in decisions:
            place, shape, order = rows_of(game, tree, node, card)
            unit = game.boards.scale[1 - int(tree.kind[node])] / game.layout.unit
            regret = from_blocks(game.store.regret[place], shape[0])[:, : len(order)]
            average = from_blocks(game.store.average[place], shape[0])[:, : len(order)]
            np.testing.assert_allclose(regret, twin.regret[node, card][:, order] * unit, rtol=1e-4, atol=2e-4)
            np.testing.assert_allclose(average, normalised(twin.average[node, card])[:, order], atol=1e-4)


def cards_at(toy: Toy, tree: BettingTree, node: int) -> Iterable[int]:
    """Public cards below which a decision exists."""
    return range(toy.n_cards) if tree.street[node] > toy.streets[0] else (-1,)


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("toy", [KUHN, LEDUC], ids=["kuhn", "leduc"])
def test_threads_do_not_change_a_single_bit(toy: Toy) -> None:
    alone, together = toy.game(), toy.game(threads=2)
    alone.iterate(0, 20)
    together.iterate(0, 20)
    together.close()
    np.testing.assert_array_equal(alone.store.regret, together.store.regret)


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize(("toy", "name"), TOYS)
@pytest.mark.parametrize("half", [False, True], ids=["f32", "i16"])
def test_the_production_loop_finds_the_value_of_the_game(toy: Toy, name: str, half: bool) -> None:
    game = toy.game(half=half)
    game.iterate(0, 2000)
    value = GAMES[name]["value_p0_LP"]
    assert game.mean(0, game.values(0, AVERAGE)) == pytest.approx(value, abs=2e-3 if half else 1e-3)
    assert game.exploitability(raked=True) < (6e-3 if half else 2e-3)
