"""The spot format: what is read, what is refused and where, and the hash."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.cards import COMBO_CARDS, parse_cards
from solver.errors import SpotError
from solver.ranges import parse_range
from solver.spot import compatible_pairs, parse_spot, spot_hash, spot_to_json

REFERENCE = sorted((Path(__file__).parents[1] / "reference" / "spots").glob("*.json"))

GOOD = {
    "board": "Td9d6hQc",
    "ranges": {"oop": "66+,A8s+,AJo+:0.5", "ip": "QQ-22,AQs-A2s"},
    "pot": 200,
    "effective_stack": 900,
    "sizes": {
        "turn": {"oop": {"bet": "60%,e,a", "raise": "2.5x"}, "ip": {"bet": "60%", "raise": "2.5x"}},
        "river": {"oop": {"bet": "60%", "raise": "2.5x", "donk": "50%"}, "ip": {"bet": "a"}},
    },
    "add_allin_threshold": 1.5,
    "force_allin_threshold": 0.15,
    "merging_threshold": 0.1,
    "rake": {"rate": 0.05, "cap": 30},
}


def changed(path: str, value: object) -> dict:
    """GOOD with one field set, or removed with ``...``."""
    data = copy.deepcopy(GOOD)
    *parents, last = path.split(".")
    place = data
    for parent in parents:
        place = place[parent]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return data


def problems_of(data: object) -> list[tuple[str, int | None]]:
    with pytest.raises(SpotError) as refusal:
        parse_spot(data)
    return [(problem.path, problem.position) for problem in refusal.value.problems]


@pytest.mark.parametrize("path", REFERENCE, ids=lambda path: path.stem)
def test_a_reference_spot_survives_writing_and_reading(path):
    spot = parse_spot(json.loads(path.read_text())["spot"])
    again = parse_spot(json.loads(json.dumps(spot_to_json(spot))))
    assert spot_hash(again) == spot_hash(spot)
    assert all(np.array_equal(a, b) for a, b in zip(spot.ranges, again.ranges, strict=True))
    assert again.sizes == spot.sizes


def test_the_example_of_the_format_is_read_as_written():
    spot = parse_spot(GOOD)
    assert spot.board == parse_cards("Td9d6hQc")
    assert (spot.street, spot.pot, spot.effective_stack, spot.big_blind) == (1, 200, 900, 10)
    assert (spot.rake_rate, spot.rake_cap) == (0.05, 30)
    assert [str(size) for size in spot.sizes[1][0].bet] == ["60%", "e", "a"]
    assert [str(size) for size in spot.sizes[2][0].donk or ()] == ["50%"]
    assert spot.sizes[1][0].donk is None


def test_combos_that_touch_the_board_are_dropped():
    spot = parse_spot(GOOD)
    blocked = np.isin(COMBO_CARDS, spot.board).any(axis=1)
    assert not spot.oop_range[blocked].any()
    assert np.array_equal(spot.oop_range[~blocked], parse_range(GOOD["ranges"]["oop"])[~blocked])


def test_missing_sizes_thresholds_and_rake_mean_none():
    data = {key: GOOD[key] for key in ("board", "ranges", "pot", "effective_stack")}
    spot = parse_spot(data)
    assert all(not side.bet and not side.raise_ and side.donk is None for street in spot.sizes for side in street)
    assert (spot.add_allin_threshold, spot.force_allin_threshold, spot.merging_threshold) == (0, 0, 0)
    assert (spot.rake_rate, spot.rake_cap) == (0, 0)


def test_an_empty_donk_is_not_an_absent_one():
    assert parse_spot(changed("sizes.river.oop.donk", "")).sizes[2][0].donk == ()


def test_ranges_of_a_spot_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        parse_spot(GOOD).oop_range[0] = 1


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("ranges.oop", "AJo+:0.5, 66+,A8s+"),
        ("board", "9dTd6h Qc"),
        ("rake.cap", 30.0),
        ("merging_threshold", 0.10),
    ],
)
def test_the_hash_ignores_what_changes_nothing(path, value):
    assert spot_hash(parse_spot(changed(path, value))) == spot_hash(parse_spot(GOOD))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("board", "Td9dQc6h"),
        ("ranges.oop", "66+,A8s+,AJo+:0.51"),
        ("pot", 201),
        ("effective_stack", 899),
        ("sizes.river.ip.bet", "a,50%"),
        ("sizes.river.oop.donk", ...),
        ("sizes.river.oop.donk", ""),
        ("add_allin_threshold", 0),
        ("rake.rate", 0.04),
        ("big_blind", 20),
    ],
)
def test_the_hash_sees_what_changes_the_game(path, value):
    assert spot_hash(parse_spot(changed(path, value))) != spot_hash(parse_spot(GOOD))


NO_INTEGERS = [True, 1.5, 200.0, "200", None, 0, -1, 100_000_001, 10**400, [], {}, float("nan"), float("inf")]
NO_NUMBERS = [True, "1", None, -0.001, -1, 1e9, 10**400, [], {}, float("nan"), float("inf"), float("-inf")]
NO_TEXTS = [None, 1, 1.5, True, [], ["AA"], {}]
NO_OBJECTS = [None, 1, True, "x", [], [1]]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        *[(name, value) for name in ("pot", "effective_stack", "big_blind") for value in NO_INTEGERS],
        *[
            (name, value)
            for name in ("add_allin_threshold", "force_allin_threshold", "merging_threshold", "rake.rate", "rake.cap")
            for value in NO_NUMBERS
        ],
        ("rake.rate", 1.001),
        *[
            (name, value)
            for name in ("board", "ranges.oop", "ranges.ip", "sizes.turn.oop.bet", "sizes.river.oop.donk")
            for value in NO_TEXTS
        ],
        *[
            (name, value)
            for name in ("ranges", "sizes", "sizes.turn", "sizes.river.ip", "rake")
            for value in NO_OBJECTS
        ],
        *[(name, ...) for name in ("board", "ranges", "ranges.oop", "ranges.ip", "pot", "effective_stack", "rake.cap")],
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_a_value_outside_its_domain_is_refused_by_its_path(path, value):
    assert problems_of(changed(path, value)) == [(path, None)]


@pytest.mark.parametrize(
    ("path", "value", "position"),
    [
        ("board", "", 0),
        ("board", "Td9d", 4),
        ("board", "Td9d6hQc2c3c", 10),
        ("board", "Td9d6hTd", 6),
        ("board", "Td9d6", 5),
        ("board", "Td9x6h", 3),
        ("board", "td9d6h", 0),
        ("board", "Td,9d6h", 2),
        ("board", "Td9d6h\ud800", 6),
        ("board", "Td" * 30, 20),
        ("ranges.oop", "", 0),
        ("ranges.oop", "AA:0", 0),
        ("ranges.oop", "TdTc,9d9c", 0),
        ("ranges.ip", "AA,KKs", 5),
        ("sizes.turn.ip.bet", "60%,x", 4),
        ("sizes.turn.ip.bet", "60%,0%", 4),
        ("sizes.turn.ip.bet", "1" * 201, 200),
        ("sizes.river.oop.donk", "50%,2x", 4),
    ],
)
def test_a_bad_text_is_refused_by_path_and_position(path, value, position):
    data = changed(path, value)
    assert problems_of(data) == [(path, position)]


@pytest.mark.parametrize(
    ("path", "unknown"),
    [
        ("colour", "colour"),
        ("ranges.utg", "ranges.utg"),
        ("sizes.preflop", "sizes.preflop"),
        ("sizes.turn.btn", "sizes.turn.btn"),
        ("sizes.turn.oop.bets", "sizes.turn.oop.bets"),
        ("sizes.turn.ip.donk", "sizes.turn.ip.donk"),
        ("rake.max", "rake.max"),
    ],
)
def test_an_unknown_field_is_refused(path, unknown):
    assert problems_of(changed(path, "1")) == [(unknown, None)]


def test_a_donk_on_the_flop_is_refused_for_nobody_bet_before_it():
    assert problems_of({**GOOD, "sizes": {"flop": {"oop": {"donk": "50%"}}}}) == [("sizes.flop.oop.donk", None)]


def test_ranges_that_always_collide_are_refused():
    assert problems_of(changed("ranges", {"oop": "AsKs", "ip": "AsKs,AsQs"})) == [("ranges", None)]


def test_every_problem_is_reported_at_once():
    data = {"board": "AsAs", "ranges": {"oop": "A,K"}, "pot": 0, "sizes": {"turn": {"oop": {"bet": "?"}}}, "x": 1}
    assert {path for path, _ in problems_of(data)} == {
        "board", "ranges.oop", "ranges.ip", "pot", "effective_stack", "sizes.turn.oop.bet", "x",
    }  # fmt: skip


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(json_values, st.sampled_from(["", *GOOD, "ranges.oop", "sizes.turn", "sizes.turn.oop", "sizes.river.ip.bet"]))
def test_any_json_value_anywhere_is_read_or_refused(value, path):
    data = changed(path, value) if path else value
    try:
        refused = []
        parse_spot(data)
    except SpotError as error:
        refused = error.problems
    assert all(problem.path.isprintable() and problem.message.isprintable() for problem in refused)


@settings(max_examples=60, deadline=None)
@given(st.sets(st.integers(0, 1325), min_size=1, max_size=40), st.sets(st.integers(0, 1325), min_size=1, max_size=40))
def test_compatible_pairs_are_those_that_share_no_card(ours, theirs):
    a, b = np.zeros(1326, dtype=np.float32), np.zeros(1326, dtype=np.float32)
    a[list(ours)], b[list(theirs)] = 0.5, 1
    counted = sum(not set(COMBO_CARDS[x].tolist()) & set(COMBO_CARDS[y].tolist()) for x in ours for y in theirs)
    assert compatible_pairs(a, b) == counted
