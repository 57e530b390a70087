"""Siblings of a missed spot: of its family, about as hard, never the spot itself."""

from __future__ import annotations

import math

import pytest

from services.training.deals import combo_cards, derive
from services.training.families import family_of, situation_of
from services.training.siblings import LIKE, Wanted, difficulties, draw_decision
from tests.services.training.doubles import HashedStrategies


@pytest.mark.parametrize("situation", ["first", "checked-to", "facing-bet", "facing-raise"])
@pytest.mark.parametrize("street", [0, 1, 2])
async def test_a_spot_of_a_node_type_is_one_and_follows_from_the_seed(
    strategies: HashedStrategies, street: int, situation: str
):
    library = await strategies.list()
    for number in range(4):
        seed = derive(b"0" * 32, f"{number}")
        found = await draw_decision(strategies, seed, library, Wanted(street, situation))
        assert found is not None
        deal, line = found
        position = await strategies.position(deal.solution_id, line)
        assert (position.kind, position.street, situation_of(line)) == ("decision", street, situation)
        assert position.player == deal.hero
        assert not set(combo_cards(deal.hero_combo)) & set(position.board)
        assert await draw_decision(strategies, seed, library, Wanted(street, situation)) == found


async def test_a_sibling_is_of_the_family_and_about_as_hard_and_another_hand(strategies: HashedStrategies):
    library = await strategies.list()
    first = await draw_decision(strategies, b"1" * 32, library, Wanted(0, "first"))
    assert first is not None
    deal, line = first
    node = await strategies.node(deal.solution_id, line)
    family = family_of(line, node.position.board, combo_cards(deal.hero_combo))
    hard = float(difficulties(node)[node.row(deal.hero_combo)])
    wanted = Wanted(0, "first", family.texture, family.hand, hard, avoid=(deal.solution_id, line, deal.hero_combo))
    for number in range(6):
        found = await draw_decision(strategies, derive(b"2" * 32, f"{number}"), library, wanted)
        assert found is not None
        other, place = found
        there = await strategies.node(other.solution_id, place)
        assert family_of(place, there.position.board, combo_cards(other.hero_combo)) == family
        assert (other.solution_id, place, other.hero_combo) != (deal.solution_id, line, deal.hero_combo)
        difficulty = float(difficulties(there)[there.row(other.hero_combo)])
        assert abs(math.log(difficulty / hard)) <= math.log(LIKE)


async def test_without_the_texture_in_the_library_it_is_given_up_before_the_hand(strategies: HashedStrategies):
    library = [info for info in await strategies.list() if info.street == 0]  # a connected flop alone
    found = await draw_decision(strategies, b"3" * 32, library, Wanted(0, "first", "paired", "pair", 1.0))
    assert found is not None
    deal, line = found
    board = (await strategies.position(deal.solution_id, line)).board
    assert family_of(line, board, combo_cards(deal.hero_combo)).hand == "pair"


async def test_an_empty_library_has_no_sibling(strategies: HashedStrategies):
    assert await draw_decision(strategies, b"4" * 32, [], Wanted(0, "first")) is None
