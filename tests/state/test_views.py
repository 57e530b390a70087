"""Chips become text in one place: what the buttons, the ribbon and the grade say."""

import base64
from dataclasses import replace
from uuid import UUID

import pytest

from services.solutions.catalog import SolutionInfo
from services.training.views import ActionRow, Answer, Grade, HandResult, Step, StrategyGrid, StreetLoss, Table
from solver.cards import parse_cards
from state.amounts import bb, number
from state.views import action_label, action_tones, action_views, answer_view, seat_of, table_view

ID = UUID(int=7)
SOLUTION = SolutionInfo(
    id=ID, spot_hash="h", name="BTN vs BB SRP Td9d6h", family="BTN vs BB", pot_type="SRP", street=0,
    board=parse_cards("Td9d6h"), pot=55, effective_stack=975, big_blind=10, positions=("BB", "BTN"),
    exploitability_pct=0.2, tree_hash="t", config_hash="c", source="library",
)  # fmt: skip
FACING = Table(
    session_id=ID, mode="hands", drill=False, hand_id=ID, hand_number=1, set_size=20, decisions_done=1,
    solution=SOLUTION, family="BTN vs BB", pot_type="SRP", positions=("BB", "BTN"), big_blind=10, street=0,
    board=parse_cards("Td9d6h"), hero=1, hero_cards=parse_cards("8sAh"),  # type: ignore[arg-type]
    line=(Step(0, 0, "check"), Step(0, 1, "bet 18"), Step(0, 0, "raise 54")), pot=127, stacks=(921, 957),
    street_bets=(54, 18), to_call=36, die=57, status="decision", decision_id=ID,
    actions=("fold", "call", "raise 162", "allin 975"), pot_at_decision=127, deadline=None, answers=(), result=None,
    commitment="",
)  # fmt: skip
GRADE = Grade("wrong", False, True, 4.04, 0.404, 3.04, 0.3, 2.0, 0.2, 1.6)
ANSWER = Answer(
    decision_id=ID, street=0, line=("check", "bet 18", "raise 54"), board=parse_cards("Td9d6h"), action="call",
    grade=GRADE,
    rows=(ActionRow("fold", 0.38, 0.0, 0.0, 1.2, 9.4), ActionRow("call", 0.0, 8.0, 0.8, 0.404, 3.04),
          ActionRow("raise 162", 0.62, 12.04, 1.204, 0.0, 0.0), ActionRow("allin 975", 0, -5.0, -0.5, 1.7, 13.4)),
    die=57, die_pick="raise 162", solved_to_pct=0.183, tolerance_pct=0.3, tolerance_fitted=False,
    reasons=("a", "b", "c"), in_range=True, timed_out=False, tree_hash="3fa9c2d17e", config_hash="99ab01cdef",
    grid=StrategyGrid(("fold", "call", "raise 162", "allin 975"), base64.b64encode(bytes(169 * 5)).decode()),
)  # fmt: skip


@pytest.mark.parametrize(
    ("chips", "text"), [(25, "2.5 bb"), (90, "9 bb"), (0, "0 bb"), (3, "0.3 bb"), (-31, "−3.1 bb"), (975, "97.5 bb")]
)
def test_chips_are_shown_in_big_blinds_without_a_trailing_zero(chips: int, text: str) -> None:
    assert bb(chips, 10) == text


@pytest.mark.parametrize(("value", "text"), [(0.05, "0.1"), (0.25, "0.3"), (-0.04, "0"), (-0.25, "−0.3"), (2, "2")])
def test_numbers_round_half_away_from_zero_and_never_show_a_negative_zero(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("action", "label"),
    [
        ("fold", "Fold"),
        ("check", "Check"),
        ("call", "Call 2.5 bb"),
        ("bet 33", "Bet 3.3 bb (33%)"),
        ("raise 90", "Raise to 9 bb"),
        ("allin 975", "All-in 97.5 bb"),
    ],
)
def test_buttons_are_named_as_the_outside_relies_on(action: str, label: str) -> None:
    assert action_label(action, pot=100, to_call=25, big_blind=10) == label


def test_a_bigger_size_is_always_darker() -> None:
    assert action_tones(("check", "bet 18", "bet 20", "bet 41", "allin 975"), 55) == (
        "pass", "bet-1", "bet-2", "bet-3", "bet-5",
    )  # fmt: skip


def test_sizes_are_on_number_keys_and_the_rest_on_letters() -> None:
    views = action_views(("fold", "call", "raise 162", "allin 975"), 127, 54, 10)
    assert [view.key for view in views] == ["F", "C", "1", "2"]


def test_a_call_is_named_by_what_it_costs() -> None:
    assert table_view(FACING).actions[1].label == "Call 3.6 bb"


def test_the_ribbon_tells_the_line_and_carries_new_cards() -> None:
    steps = table_view(replace(FACING, line=(*FACING.line, Step(0, 1, "call"), Step(1, -1, "deal", 0)))).line
    assert [step.text for step in steps] == [
        "Flop", "BB checks", "BTN bets 1.8 bb", "BB raises to 5.4 bb", "BTN calls", "Turn",
    ]  # fmt: skip
    assert steps[-1].card == "2c"


def test_a_spot_that_begins_on_a_later_street_tells_what_led_there() -> None:
    turn = replace(SOLUTION, street=1, pot=121, board=parse_cards("Td9d6h2c"), before=("bet 33", "call", "deal 2c"))
    steps = table_view(replace(FACING, solution=turn, line=(Step(1, 0, "check"),))).line
    assert [step.text for step in steps] == ["Flop", "BB bets 3.3 bb", "BTN calls", "Turn", "BB checks"]
    assert steps[3].card == "2c"
    by_pot = table_view(replace(FACING, solution=turn, line=(Step(1, 0, "check"),)), "pct").line
    assert by_pot[1].text == "BB bets 60% pot"


def test_the_last_hand_of_a_set_leads_to_its_summary() -> None:
    assert table_view(FACING).onwards == "Next hand"
    assert table_view(replace(FACING, decisions_done=20)).onwards == "See the summary"


def test_the_board_keeps_five_places() -> None:
    assert table_view(FACING).board == ("Td", "9d", "6h", "", "")


def test_villains_cards_stay_hidden_until_the_hand_is_over() -> None:
    assert table_view(FACING).villain_cards == ("", "")
    shown = HandResult("showdown", 1, 127, 0, (0, 4), (StreetLoss(0, 2, 0.4),), 0.4)
    assert table_view(replace(FACING, result=shown)).villain_cards == ("3c", "2c")


def test_a_grade_is_told_in_bb_and_percent_with_the_better_action() -> None:
    view = answer_view(ANSWER, seat_of(FACING))
    assert view.sentence == "Costs 0.4 bb (3% of pot). Raise to 16.2 bb was better."
    assert (view.word, view.loss, view.loss_aside) == ("Wrong", "0.4 bb", "3% of pot")


def test_a_grade_says_how_accurate_the_solution_is() -> None:
    view = answer_view(ANSWER, seat_of(FACING))
    assert view.solved == "Solved to 0.18% of pot here"
    through = answer_view(replace(ANSWER, passed_solved_to_pct=26.04), seat_of(FACING))
    assert through.solved == "Solved to 0.18% of pot here, to 26% earlier in the line"
    assert view.tolerance == "±0.3%, not yet fitted"


def test_the_rows_carry_the_same_labels_as_the_buttons_did() -> None:
    labels = [row.label for row in answer_view(ANSWER, seat_of(FACING)).rows]
    assert labels == [view.label for view in table_view(FACING).actions]


def test_the_rows_mark_what_was_played_and_what_the_die_named() -> None:
    rows = answer_view(ANSWER, seat_of(FACING)).rows
    assert [row.chosen for row in rows] == [False, True, False, False]
    assert [row.named for row in rows] == [False, False, True, False]


def test_a_hand_outside_the_solvers_range_is_said_to_be_so() -> None:
    assert "not in the solver's range" in answer_view(replace(ANSWER, in_range=False), seat_of(FACING)).note


def test_what_the_solution_does_not_know_is_shown_as_unknown() -> None:
    unknown = ActionRow("fold", 0.0, None, None, None, None)
    view = answer_view(replace(ANSWER, rows=(unknown, *ANSWER.rows[1:]), solved_to_pct=None), seat_of(FACING))
    assert (view.rows[0].ev, view.rows[0].loss) == ("–", "–")
    assert view.solved == "Solved to: unknown here"
