"""Amounts in the player's unit, and the table in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.training.views import Step
from state.amounts import Unit, column, is_unit, loss_texts, money, pot_text, signed
from state.spoken import card_words, spoken_table
from state.views import StepView, answer_view, seat_of, step_views, table_view
from tests.state.test_views import ANSWER, FACING


@pytest.mark.parametrize(
    ("unit", "text", "pot", "gain", "cell"),
    [
        ("bb", "2.5 bb", "5.5 bb", "+2.5 bb", "2.50"),
        ("pct", "45% pot", "5.5 bb", "+45% pot", "45.5"),
        ("chips", "25 chips", "55 chips", "+25 chips", "25.0"),
    ],
)
def test_chips_in_each_unit(unit: Unit, text: str, pot: str, gain: str, cell: str) -> None:
    assert is_unit(unit)
    assert money(25, 55, 10, unit) == text
    assert pot_text(55, 10, unit) == pot
    assert signed(25, 55, 10, unit) == gain
    assert column(25, 55, 10, unit) == cell


def test_a_loss_leads_with_the_players_unit() -> None:
    assert loss_texts(0.404, 3.04, 10, "bb") == ("0.4 bb", "3% of pot")
    assert loss_texts(0.404, 3.04, 10, "pct") == ("3% of pot", "0.4 bb")
    assert loss_texts(0.404, 3.04, 10, "chips") == ("4 chips", "3% of pot")


def test_the_ribbon_measures_each_action_by_the_pot_before_it() -> None:
    line = (
        Step(0, 0, "bet 55"),
        Step(0, 1, "raise 165"),
        Step(0, 0, "call"),
        Step(1, -1, "deal", 3),
        Step(1, 0, "bet 385"),
    )
    texts = [step.text for step in step_views(line, ("BB", "BTN"), 10, 0, 55, "pct")]
    assert texts == ["Flop", "BB bets 100% pot", "BTN raises to 150% pot", "BB calls", "Turn", "BB bets 100% pot"]


def test_buttons_stacks_and_rows_follow_the_unit() -> None:
    view = table_view(FACING, "chips")
    assert [action.label for action in view.actions] == [
        "Fold", "Call 36 chips", "Raise to 162 chips", "All-in 975 chips",
    ]  # fmt: skip
    assert (view.pot, view.hero_stack, view.villain_bet) == ("127 chips", "957 chips", "54 chips")
    answer = answer_view(ANSWER, seat_of(FACING), "chips")
    assert answer.unit == "chips"
    assert [row.ev for row in answer.rows] == ["0.0", "8.0", "12.0", "−5.0"]


def test_ranked_decisions_show_the_servers_time() -> None:
    assert table_view(FACING).timebank == 0
    assert table_view(replace(FACING, mode="ranked")).timebank == 600


def test_a_decision_is_said_in_the_order_one_asks_for_it() -> None:
    assert table_view(FACING).spoken == (
        "Flop: ten of diamonds, nine of diamonds, six of hearts. BB checks, BTN bets 1.8 bb, BB raises to 5.4 bb. "
        "Pot 12.7 bb, 3.6 bb to call. You are BTN with ace of hearts and eight of spades."
    )


def test_only_what_happened_on_this_street_is_repeated() -> None:
    line = (StepView("Flop"), StepView("BB checks"), StepView("Turn", card="2c"))
    said = spoken_table(("Td", "9d", "6h", "2c", ""), ("Ah", "8s"), line, "5.5 bb", "", "BB")
    assert said == (
        "Turn: ten of diamonds, nine of diamonds, six of hearts, two of clubs. Pot 5.5 bb. "
        "You are BB with ace of hearts and eight of spades."
    )
    assert card_words("Qs") == "queen of spades"
