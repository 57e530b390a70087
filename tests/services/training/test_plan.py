"""Plans: what goes together, links, and what fits a plan in a library."""

from __future__ import annotations

import base64
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.infra.errors import Invalid
from services.training.matching import (
    connection_of,
    depth_of,
    heroes,
    high_of,
    matching,
    pairing_of,
    suits_of,
    why_none,
)
from services.training.plan import Plan, Villain
from services.training.presets import PRESETS
from solver.cards import HAND_CLASSES, parse_cards
from tests.services.training.doubles import HashedStrategies, spot_of

BOARDS = ("As7s3s", "Td9d6h", "Kh8h3c", "Jc5h5d", "7c7d7h", "Ah2c3d", "9c6d2s", "KcQdJs")


@pytest.fixture
def shelf() -> HashedStrategies:
    strategies = HashedStrategies()
    for board in BOARDS:
        strategies.add(spot_of(board))
    strategies.add(spot_of("QsJh2c4d"), "3BP")
    strategies.add(spot_of("AcKd7h5s2s"), "4BP")
    return strategies


PLANS = st.builds(
    Plan,
    mode=st.sampled_from(("full", "street", "spot")),
    name=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60),
    families=st.lists(st.sampled_from(("BTN vs BB SRP", "SB vs BB SRP")), max_size=2).map(tuple),
    hands=st.lists(st.sampled_from(HAND_CLASSES), max_size=169, unique=True).map(tuple),
    street=st.sampled_from((None, 0, 1, 2)),
    difficulty=st.sampled_from(("any", "real", "costly")),
    sizes=st.sampled_from(("exact", "grouped", "action")),
    timebank=st.sampled_from((0, 7, 15, 25)),
    count=st.integers(1, 200),
)


@given(PLANS)
def test_a_link_carries_the_whole_drill(plan: Plan) -> None:
    link = plan.to_link()
    assert Plan.from_link(link) == plan
    assert link.isascii()
    assert len(link) < 4000


@pytest.mark.parametrize("link", ["", "nonsense", "%%%", "eJwDAAAAAAE", "A" * 5000, Plan().to_link()[:-4]])
def test_a_link_without_a_drill_is_refused_in_words(link: str) -> None:
    with pytest.raises(Invalid):
        Plan.from_link(link)


def test_a_link_can_not_unfold_into_megabytes() -> None:
    bomb = base64.urlsafe_b64encode(zlib.compress(b" " * 50_000_000, 9)).decode()[:3990]
    with pytest.raises(Invalid):
        Plan.from_link(bomb)


@pytest.mark.parametrize("text", ["[" * 19_000, '{"name":' * 2000, '{"families":["\\u0000"]}', '{"name":"a\\u0000"}'])
def test_a_link_with_a_text_that_nobody_can_read_or_keep_is_refused(text: str) -> None:
    link = base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode().rstrip("=")
    with pytest.raises(Invalid):
        Plan.from_link(link)


@pytest.mark.parametrize(
    ("field", "value"), [("suits", "rainbow"), ("pairing", "paired"), ("connection", "dry"), ("high", "A")]
)
def test_a_filter_is_no_longer_than_what_there_is_to_choose(field: str, value: str) -> None:
    with pytest.raises(Invalid):
        Plan.read({field: [value] * 7})


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"villain": {"kind": "calls"}}, "from the river on"),
        ({"hands": ["AKx"]}, "no hand class"),
        ({"mode": "range", "tables": 2, "count": 3}, "one table"),
        ({"mode": "range", "hands": ["AA"], "count": 3}, "every hand"),
        ({"mode": "range", "count": 21}, "at most 20"),
        ({"count": 0}, "greater than or equal to 1"),
        ({"timebank": 8}, "0, 7, 15 or 25"),
        ({"version": 2}, "1"),
        ({"colour": "red"}, "Extra inputs"),
    ],
)
def test_what_does_not_go_together_is_refused_with_its_field(wrong: dict[str, object], words: str) -> None:
    with pytest.raises(Invalid, match=words) as caught:
        Plan.read(wrong)
    assert caught.value.errors[0].path.startswith("drill")


def test_the_data_of_a_plan_reads_back_and_holds_its_version() -> None:
    plan = Plan(mode="spot", street=2, villain=Villain(kind="folds", strength=30), hands=("AA", "72o"))
    assert plan.data()["version"] == 1
    assert Plan.read(plan.data()) == plan


@pytest.mark.parametrize(
    ("board", "suits", "pairing", "connection", "high"),
    [
        ("As7s3s", "monotone", "unpaired", "draws", "A"),
        ("Td9d6h", "two-tone", "unpaired", "connected", "T"),
        ("Kh8h3c", "two-tone", "unpaired", "dry", "K"),
        ("Jc5h5d", "rainbow", "paired", "dry", "J"),
        ("7c7d7h", "rainbow", "trips", "dry", "low"),
        ("Ah2c3d", "rainbow", "unpaired", "connected", "A"),
        ("9c6d2s", "rainbow", "unpaired", "draws", "low"),
        ("KcQdJs2h", "rainbow", "unpaired", "connected", "K"),
    ],
)
def test_textures_are_those_of_the_flop(board: str, suits: str, pairing: str, connection: str, high: str) -> None:
    cards = parse_cards(board)
    assert (suits_of(cards), pairing_of(cards), connection_of(cards), high_of(cards)) == (
        suits,
        pairing,
        connection,
        high,
    )


@pytest.mark.parametrize(
    ("plan", "boards"),
    [
        (Plan(suits=("monotone",)), 1),
        (Plan(pairing=("paired", "trips")), 2),
        (Plan(connection=("connected",), pairing=("unpaired",)), 3),
        (Plan(high=("low",)), 2),
        (Plan(families=("BTN vs BB 3BP",)), 1),
        (Plan(street=0), 8),
        (Plan(street=2), 10),
        (Plan(depths=(33,)), 10),
        (Plan(depths=(100,)), 0),
        (Plan(positions=("BTN",)), 10),
        (Plan(positions=("SB",)), 0),
        (Plan(seat="oop", positions=("BTN",)), 0),
    ],
)
async def test_each_filter_leaves_what_it_names(shelf: HashedStrategies, plan: Plan, boards: int) -> None:
    found = matching(plan, await shelf.list())
    assert len(found) == boards
    assert all(depth_of(info) == 33 for info in found)


async def test_an_empty_combination_names_the_wish_that_is_in_the_way(shelf: HashedStrategies) -> None:
    library = await shelf.list()
    assert why_none(Plan(positions=("SB",)), library) == ("positions", "The library has no spot you as SB.")
    field, words = why_none(Plan(suits=("monotone",), pairing=("paired",)), library)
    assert field in ("suits", "pairing")
    assert "Without" in words


async def test_hero_sits_where_seat_and_position_allow(shelf: HashedStrategies) -> None:
    info = (await shelf.list())[0]
    assert heroes(Plan(), info) == [0, 1]
    assert heroes(Plan(seat="ip"), info) == [1]
    assert heroes(Plan(positions=("BB",)), info) == [0]
    assert heroes(Plan(seat="ip", positions=("BB",)), info) == []


def test_presets_have_names_of_their_own_and_survive_their_links() -> None:
    assert 8 <= len(PRESETS) <= 12
    assert len({one.plan.name for one in PRESETS} | {one.key for one in PRESETS}) == 2 * len(PRESETS)
    assert all(Plan.from_link(one.plan.to_link()) == one.plan for one in PRESETS)
