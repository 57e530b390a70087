"""The end of a set in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.infra.clock import new_id
from services.training.views import Summary, WorstSpot
from solver.cards import parse_cards
from state.amounts import Unit
from state.summary_views import summary_view

SPOT = WorstSpot(
    decision_id=new_id(), hand_id=new_id(), family="BTN vs BB", pot_type="SRP", positions=("BB", "BTN"), big_blind=10,
    street=1, board=parse_cards("Td9d6h2c"), hero=1, hero_cards=parse_cards("8sAh"),  # type: ignore[arg-type]
    line=("check", "bet 90", "call", "deal 2c", "bet 20", "raise 60", "raise 150"), pot=445, action="fold",
    best_action="call", word="wrong", loss_bb=1.25, loss_pct=2.81,
)  # fmt: skip
SUMMARY = Summary(
    session_id=new_id(), mode="hands", drill=False, set_size=20, hands=1, decisions=20, scored=20, ev_score=50.0,
    ev_loss_bb=1.25, ev_loss_per_100=6.25, interval=None, counts={"wrong": 1}, most_errors_pct=None, mistakes=1,
    purpose="", borderline=0, die_followed=0, worst=(SPOT,), streets=(),
)  # fmt: skip


@pytest.mark.parametrize(
    ("unit", "text", "loss"),
    [
        ("bb", "Fold. Call 9 bb was better.", "1.25 bb (2.8% of pot)"),
        ("pct", "Fold. Call 20% pot was better.", "2.8% of pot (1.25 bb)"),
        ("chips", "Fold. Call 90 chips was better.", "12.5 chips (2.8% of pot)"),
    ],
)
def test_the_worst_spots_are_in_the_players_unit_and_a_call_is_what_it_costs(unit: Unit, text: str, loss: str) -> None:
    (worst,) = summary_view(SUMMARY, unit).worst
    assert (worst.text, worst.loss) == (text, loss)


def test_one_is_counted_as_one() -> None:
    view = summary_view(SUMMARY)
    assert view.mistakes == "The one mistake"
    assert view.decisions == "20 decisions in 1 hand"
    assert summary_view(replace(SUMMARY, mistakes=0)).mistakes == ""
