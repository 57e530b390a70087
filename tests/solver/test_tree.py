"""The betting tree against the reference solver's, action by action."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from solver import Spot, SpotError, build_tree, parse_bet_sizes, parse_spot, position
from solver.spot import StreetSizes
from solver.tree import BettingTree, Kind

Load = Callable[[str], tuple[Spot, dict[str, Any]]]

WITH_TREE = [
    "r2_toy_polar_vs_catcher",
    "r6_shallow_weighted",
    "t1_crate_basic_donk",
    "t4_paired_3bp_rake",
    "f1_4bp_monotone_lowspr",
]


def described(tree: BettingTree, node: int) -> dict[str, Any]:
    """A node in the reference files' form; a runout is a showdown."""
    kind = Kind(int(tree.kind[node]))
    if kind == Kind.DEAL:
        return {"deal": 1, **described(tree, int(tree.children_of(node)[0]))}
    put_in = tree.put_in[node].tolist()
    if kind > Kind.IP:
        return {"t": "fold" if kind <= Kind.IP_FOLDED else "showdown", "put_in": put_in}
    below = [
        {"x": name, "n": described(tree, int(child))}
        for name, child in zip(tree.actions_of(node), tree.children_of(node), strict=True)
    ]
    return {"p": int(kind), "street": int(tree.street[node]), "put_in": put_in, "a": below}


@pytest.mark.parametrize("name", WITH_TREE)
def test_the_tree_equals_the_reference_solvers_tree(name: str, reference_spot: Load) -> None:
    spot, expected = reference_spot(name)
    tree = build_tree(spot)
    assert described(tree, 0) == expected["tree"]
    assert tree.counts() == expected["abstract_nodes"]


@pytest.mark.parametrize("name", WITH_TREE)
def test_no_player_puts_in_more_than_the_effective_stack(name: str, reference_spot: Load) -> None:
    spot, _ = reference_spot(name)
    tree = build_tree(spot)
    assert tree.put_in.min() == 0
    assert tree.put_in.max() <= spot.effective_stack
    ends = tree.put_in[(tree.kind == Kind.SHOWDOWN) | (tree.kind == Kind.RUNOUT)]
    assert (ends[:, 0] == ends[:, 1]).all()


def test_missing_sizes_mean_check_call_and_fold_only() -> None:
    tree = build_tree(parse_spot(_spot(sizes={})))
    assert tree.counts() == {"decision": 6, "chance": 2, "terminal": 1}


def test_an_empty_donk_text_takes_the_donk_bet_away() -> None:
    sizes = {"turn": {"ip": {"bet": "50%"}}, "river": {"oop": {"bet": "50%", "donk": ""}, "ip": {"bet": "50%"}}}
    spot = parse_spot(_spot(board="Td9d6hQc", sizes=sizes))
    tree = build_tree(spot)
    after_call = ("check", "bet 100", "call", "deal 2c")
    assert position(tree, spot, after_call).actions == ("check",)
    assert position(tree, spot, ("check", "check", "deal 2c")).actions == ("check", "bet 100")


def test_an_exploding_tree_is_refused_while_it_is_built() -> None:
    every = StreetSizes(parse_bet_sizes("1c,2c,3c,10%,20%,30%"), parse_bet_sizes("1c,2c,3c"))
    spot = parse_spot(_spot()).with_(sizes=((every, every),) * 3, effective_stack=100_000)
    with pytest.raises(SpotError, match="nodes"):
        build_tree(spot)


def test_a_very_deep_line_does_not_exhaust_the_stack() -> None:
    spot = parse_spot(_spot(board="Td9d6hQc2s", sizes={}))
    one = StreetSizes(parse_bet_sizes("1c"), parse_bet_sizes("1c"))
    tree = build_tree(spot.with_(sizes=((one, one),) * 3, effective_stack=3_000))
    assert len(tree) > 6_000


@pytest.mark.parametrize(
    ("line", "path", "message"),
    [
        (("bet 7",), "line[0]", "actions are"),
        (("check", "check", "check"), "line[2]", "a card comes next"),
        (("check", "check", "deal Td"), "line[2]", "on the board"),
        (("check", "check", "deal Xx"), "line[2]", "no rank"),
        (("bet 100", "fold", "check"), "line[2]", "follows the end"),
    ],
)
def test_a_line_that_leaves_the_tree_is_refused_at_the_step(line: tuple[str, ...], path: str, message: str) -> None:
    spot = parse_spot(_spot())
    with pytest.raises(SpotError, match=message) as refused:
        position(build_tree(spot), spot, line)
    assert refused.value.problems[0].path == path


def test_a_position_tells_the_money() -> None:
    spot = parse_spot(_spot())
    at = position(build_tree(spot), spot, ("check", "bet 100", "call", "deal 2c", "bet 200"))
    assert (at.kind, at.player, at.street) == ("decision", 1, 1)
    assert (at.pot, at.put_in, at.street_bets, at.to_call, at.stacks) == (600, (300, 100), (200, 0), 200, (600, 800))
    assert at.actions == ("fold", "call")


def test_an_all_in_call_before_the_river_is_a_runout() -> None:
    spot = parse_spot(_spot(sizes={"flop": {"oop": {"bet": "a"}}}))
    at = position(build_tree(spot), spot, ("allin 900", "call"))
    assert (at.kind, at.player, at.pot) == ("runout", -1, 2000)


def _spot(**changes: object) -> dict[str, object]:
    half = {"oop": {"bet": "50%"}, "ip": {"bet": "50%"}}
    return {
        "board": "Td9d6h",
        "ranges": {"oop": "AA", "ip": "KK"},
        "pot": 200,
        "effective_stack": 900,
        "sizes": {"flop": half, "turn": half, "river": half},
        **changes,
    }
