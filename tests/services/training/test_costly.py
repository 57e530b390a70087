"""Which decisions a costly drill asks: those with a mistake that somebody would make and that costs something."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from services.solutions.catalog import Line, NodeStrategy
from services.training.costly import difficulties, left_out, nearest_mistakes
from services.training.plan import SizeGroups
from solver.spot import parse_spot
from tests.services.training.doubles import HashedStrategies

OPEN: Line = ()
FACING: Line = ("bet 30",)


@pytest.fixture
def wide() -> HashedStrategies:
    """A river with two sizes to bet."""
    sizes = {"bet": "50%,100%", "raise": "a"}
    ranges = {"oop": "66+,A8s+,KTs+,AJo+", "ip": "QQ-22,AQs-A2s,KJs+,QJo"}
    spot = {"board": "AcKd7h5s2s", "ranges": ranges, "pot": 60, "effective_stack": 300}
    strategies = HashedStrategies()
    strategies.add(parse_spot(spot | {"sizes": {"river": {"oop": sizes, "ip": sizes}}}))
    return strategies


async def node_with(
    strategies: HashedStrategies, line: Line, losses: Sequence[float], mix: Sequence[float] = ()
) -> NodeStrategy:
    """A river decision at which every hand loses the same, in % of the pot, and plays the same mix."""
    (river,) = strategies.infos
    node = await strategies.node(river, line)
    actions, hands = len(node.position.actions), len(node.combos)
    assert len(losses) == actions, node.position.actions
    q = np.repeat(-np.array(losses)[:, None] / 100 * node.position.pot, hands, axis=1)
    shares = np.array(mix or [1 / actions] * actions, dtype=np.float32)
    return replace(node, q=q, strategy=np.repeat(shares[:, None], hands, axis=1))


FOLD, TWO_SIZES = ("fold", "call", "allin"), ("check", "bet", "bet")
ANY = (0.4, 0.3, 0.3)


@pytest.mark.parametrize(
    ("kinds", "losses", "mix", "asked"),
    [
        (FOLD, (0.0, 2.0, 3.0), ANY, True),
        (FOLD, (2.0, 0.0, 9.0), ANY, True),
        (FOLD, (0.0, 6.5, 7.0), ANY, False),  # everybody folds, though two bad actions make D 1.1%
        (FOLD, (0.0, 0.1, 3.0), ANY, False),  # folding and calling are the same
        (FOLD, (0.0, 9.0, 2.0), (0.5, 0.48, 0.02), False),  # nobody raises here
        (TWO_SIZES, (3.0, 0.0, 0.1), ANY, True),  # whether to bet, not how much
        (TWO_SIZES, (9.0, 0.0, 2.0), ANY, True),  # how much
        (TWO_SIZES, (0.1, 0.0, 3.0), ANY, False),
    ],
)
async def test_a_costly_decision_has_a_likely_mistake_that_costs_something(
    wide: HashedStrategies, kinds: tuple[str, ...], losses: tuple[float, ...], mix: tuple[float, ...], asked: bool
) -> None:
    node = await node_with(wide, FACING if kinds == FOLD else OPEN, losses, mix)
    assert tuple(action.partition(" ")[0] for action in node.position.actions) == kinds
    assert difficulties(node, "exact").min() >= 0.5
    assert (left_out(node, "costly", "exact") != asked).all()


async def test_in_a_small_pot_a_mistake_has_to_cost_a_twentieth_of_a_big_blind(wide: HashedStrategies) -> None:
    node = await node_with(wide, OPEN, (0.0, 1.4, 2.0), ANY)
    assert not left_out(node, "costly", "exact").any()
    assert left_out(replace(node, big_blind=node.position.pot // 3), "costly", "exact").all()  # a pot of 3 bb


async def test_of_grouped_sizes_the_least_costly_counts(wide: HashedStrategies) -> None:
    node = await node_with(wide, OPEN, (0.0, 2.0, 2.5), ANY)
    assert nearest_mistakes(node, "action") == pytest.approx(2.0)
    apart = await node_with(wide, OPEN, (2.0, 0.0, 2.5), ANY)
    assert nearest_mistakes(apart, "action") == pytest.approx(2.0)
    assert nearest_mistakes(await node_with(wide, OPEN, (9.0, 0.0, 2.5), ANY), "action") == pytest.approx(9.0)


@pytest.mark.parametrize("sizes", ["exact", "grouped", "action"])
async def test_of_a_hand_about_which_nothing_is_known_nothing_is_left_out(
    wide: HashedStrategies, sizes: SizeGroups
) -> None:
    node = await node_with(wide, OPEN, (0.0, 0.0, 0.0), ANY)
    q = node.q.copy()
    q[:, 0] = np.nan
    found = left_out(replace(node, q=q), "costly", sizes)
    assert not found[0]
    assert found[1:].all()
