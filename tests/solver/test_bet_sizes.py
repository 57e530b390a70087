"""Bet sizes as text."""

from __future__ import annotations

import pytest

from solver import SpotError, parse_bet_sizes


def test_every_kind_is_read_and_written_back() -> None:
    assert [str(size) for size in parse_bet_sizes("60%, 2.5x,e,a,120c,33.3%")] == [
        "60%",
        "2.5x",
        "e",
        "a",
        "120c",
        "33.3%",
    ]


@pytest.mark.parametrize("text", ["", "  "])
def test_an_empty_text_holds_no_sizes(text: str) -> None:
    assert parse_bet_sizes(text) == ()


@pytest.mark.parametrize("text", ["0%", "-5%", "1x", "0c", "1.5c", "60", "e2", "nan%", "1e3%", "½%", ",", "60%,,a"])
def test_what_is_no_size_or_out_of_its_domain_is_refused(text: str) -> None:
    with pytest.raises(SpotError):
        parse_bet_sizes(text, "sizes.turn.ip.raise")


def test_every_problem_is_reported_with_its_position() -> None:
    with pytest.raises(SpotError) as refused:
        parse_bet_sizes("60%, oops,a,0c", "sizes.flop.ip.bet")
    assert [(problem.path, problem.position) for problem in refused.value.problems] == [
        ("sizes.flop.ip.bet", 5),
        ("sizes.flop.ip.bet", 12),
    ]


def test_a_multiple_of_a_previous_bet_is_refused_where_there_is_none() -> None:
    with pytest.raises(SpotError, match="previous"):
        parse_bet_sizes("2.5x", "sizes.turn.oop.donk")
