"""The form "New solve" as texts."""

from __future__ import annotations

import pytest

from solver.errors import SpotError
from solver.spot import spot_to_json
from state.spot_form import EXAMPLE, FIELDS, RAKES, SIZES, field_texts, read_form, street_of, with_sizes


def errors_of(**changes: str) -> dict[str, str]:
    """The fields that are refused, with their messages."""
    values = EXAMPLE | {name.replace("__", "."): text for name, text in changes.items()}
    with pytest.raises(SpotError) as refused:
        read_form(values)
    return {field: text for field, text in field_texts(refused.value.problems).items() if text}


def test_the_example_is_a_spot() -> None:
    spot, target = read_form(EXAMPLE)
    assert (spot.street, spot.pot, spot.effective_stack, spot.big_blind, target) == (1, 225, 890, 10, 0.5)


def test_the_form_has_every_field() -> None:
    assert set(EXAMPLE) == set(FIELDS)


@pytest.mark.parametrize("preset", SIZES)
@pytest.mark.parametrize("board", ["Qh8h3c", "Qh8h3cTd", "Qh8h3cTd2s"])
def test_every_preset_is_a_spot_on_every_street(preset: str, board: str) -> None:
    spot, _ = read_form(with_sizes(EXAMPLE | {"board": board}, preset))
    assert spot.street == len(board) // 2 - 3


@pytest.mark.parametrize("rake", RAKES)
def test_a_rake_cap_is_written_in_bb_and_kept_in_chips(rake: str) -> None:
    spot, _ = read_form(EXAMPLE | {"rake": rake})
    assert (spot.rake_rate, spot.rake_cap) == {"none": (0, 0), "high": (0.05, 6), "low": (0.05, 40)}[rake]


@pytest.mark.parametrize(("text", "chips"), [("22.5", 225), ("1", 10), ("0.1", 1), (" 30 bb ", 300), ("30bb", 300)])
def test_amounts_are_bb_with_one_decimal(text: str, chips: int) -> None:
    assert read_form(EXAMPLE | {"pot": text})[0].pot == chips


@pytest.mark.parametrize("text", ["", "0", "-1", "1.25", "1e3", "NaN", "١", "9999999", "1,5"])
def test_what_is_no_amount_is_refused_at_its_field(text: str) -> None:
    assert set(errors_of(pot=text)) == {"pot"}


@pytest.mark.parametrize("text", ["", "x", "0", "11", "nan", "inf", "-1"])
def test_a_target_out_of_bounds_is_refused_at_its_field(text: str) -> None:
    assert set(errors_of(target_pct=text)) == {"target_pct"}


def test_a_wrong_card_is_named_with_its_character() -> None:
    assert "(character 7)" in errors_of(board="Qh 8h Xc Td")["board"]


def test_a_wrong_range_token_is_named_with_its_character() -> None:
    assert "(character 5)" in errors_of(ranges__ip="AA, ZZ")["ranges.ip"]


def test_a_wrong_size_is_named_at_its_street_and_player() -> None:
    assert set(errors_of(sizes__river__ip__bet="33")) == {"sizes.river.ip.bet"}


def test_all_problems_are_told_together() -> None:
    assert set(errors_of(board="Qh", pot="x", ranges__oop="")) == {"board", "pot", "ranges.oop"}


def test_sizes_of_streets_before_the_board_do_not_matter() -> None:
    spot, _ = read_form(EXAMPLE | {"sizes.flop.oop.bet": "nonsense"})
    assert "flop" not in spot_to_json(spot)["sizes"]  # type: ignore[operator]


@pytest.mark.parametrize(
    ("board", "street"),
    [("", 0), ("Qh", 0), ("Qh8h3c", 0), ("Qh8h3cTd", 1), ("Qh8h3cTd2s", 2), ("Qh8h3cTd2s4s", 2), ("x", 0)],
)
def test_the_street_follows_the_board_while_it_is_typed(board: str, street: int) -> None:
    assert street_of(board) == street
