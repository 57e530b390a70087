"""Figures of a set: scores, intervals, the worst spots."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from services.infra.clock import new_id
from services.training.models import DecisionRow, HandRow, SessionRow
from services.training.statistics import HandLoss, interval
from services.training.summary import summarise
from services.training.tolerance import STREETS, tolerance
from solver.cards import parse_cards, parse_combo

NOW = datetime(2026, 11, 23, tzinfo=UTC)
SESSION = SessionRow(
    id=new_id(),
    user_id=new_id(),
    mode="hands",
    set_size=20,
    drill=[],
    set_id=None,
    hands=0,
    decisions=0,
    started_at=NOW,
    finished_at=None,
)


def hand() -> HandRow:
    return HandRow(
        id=new_id(),
        session_id=SESSION.id,
        user_id=SESSION.user_id,
        number=1,
        mode="hands",
        whole=True,
        solution_id=UUID(int=1),
        family="BTN vs BB",
        pot_type="SRP",
        positions=["BB", "BTN"],
        big_blind=10,
        hero=1,
        hero_combo=parse_combo("AsKs"),
        item_id=None,
        set_id=None,
        decisions=1,
        loss_bb=0.0,
        result=None,
        net=None,
        dealt_at=NOW,
        finished_at=None,
    )


def decision(grade: str, loss_bb: float, **more: Any) -> DecisionRow:
    values = {
        "id": new_id(),
        "hand_id": UUID(int=2),
        "session_id": SESSION.id,
        "user_id": SESSION.user_id,
        "number": 0,
        "street": 0,
        "line": ["check"],
        "board": list(parse_cards("Td9d6h")),
        "pot": 60,
        "actions": ["check", "bet 20"],
        "die": 50,
        "offered_at": NOW,
        "deadline": None,
        "answered_at": NOW,
        "action": "check",
        "best_action": "bet 20",
        "die_pick": "bet 20",
        "grade": grade,
        "borderline": False,
        "timed_out": False,
        "loss_bb": loss_bb,
        "loss_pct": 100 * loss_bb / 6,
        "difficulty_bb": 0.1,
        "retries": 0,
    }
    return DecisionRow(**(values | more))


def test_losses_counts_and_score_of_a_set() -> None:
    rows = [
        (decision("best", 0.0, action="bet 20"), hand()),
        (decision("wrong", 0.3, street=1), hand()),
        (decision("uncertain", 0.5, street=1), hand()),
    ]
    figures = summarise(SESSION, rows, [])
    assert figures.ev_loss_bb == pytest.approx(0.8)
    assert figures.ev_loss_per_100 == pytest.approx(80 / 3)
    assert figures.ev_score == pytest.approx(100 * 2 ** (-0.3 / 0.2))  # the uncertain decision is not scored
    assert (figures.decisions, figures.scored, figures.die_followed) == (3, 2, 1)
    assert (figures.counts["best"], figures.counts["wrong"], figures.counts["uncertain"]) == (1, 1, 1)
    assert [(street.street, street.decisions) for street in figures.streets] == [(0, 1), (1, 2)]


def test_the_worst_spots_are_the_three_costliest_mistakes() -> None:
    losses = {"inaccuracy": 0.04, "wrong": 0.3, "blunder": 2.0, "correct": 0.01, "uncertain": 9.0}
    rows = [(decision(grade, loss), hand()) for grade, loss in losses.items()]
    rows.append((decision("wrong", 0.5), hand()))
    assert [spot.loss_bb for spot in summarise(SESSION, rows, []).worst] == [2.0, 0.5, 0.3]


def test_an_empty_set_has_no_score_and_no_rate() -> None:
    figures = summarise(SESSION, [], [])
    assert (figures.ev_score, figures.ev_loss_per_100, figures.interval, figures.worst) == (None, None, None, ())


def test_there_is_no_interval_below_100_decisions() -> None:
    assert interval([HandLoss(3, 0.5)] * 33, []) is None
    assert interval([HandLoss(3, 0.5)] * 34, [HandLoss(3, 0.5)]) is not None


def test_the_interval_covers_the_true_rate_of_heavy_tailed_losses_far_more_often_than_not() -> None:
    rng = np.random.default_rng(7)

    def hands(count: int) -> list[HandLoss]:
        mistakes = rng.random(count) < 0.15
        return [HandLoss(2, float(loss)) for loss in np.where(mistakes, rng.lognormal(-1.5, 1.2, count), 0.0)]

    truth = 100 * 0.15 * float(np.exp(-1.5 + 1.2**2 / 2)) / 2
    population = hands(2000)
    covered = 0
    for _ in range(60):
        low, high = interval(hands(100), population) or (0.0, 0.0)
        covered += low <= truth <= high
    assert covered >= 51


def test_a_tolerance_is_wider_where_training_is_thinner() -> None:
    for street, figures in enumerate(STREETS):
        common = tolerance(street, 0.5, 0.9, 0.01).pct
        rare = tolerance(street, 0.02, 0.9, 0.01).pct
        absent = tolerance(street, 0.5, 0.0, 0.01, in_range=False).pct
        thin = tolerance(street, 0.5, 0.02, 0.01).pct
        assert common < min(rare, thin, absent)
        assert tolerance(street, 0.5, 0.9, None).pct == figures.absent


def test_a_tolerance_is_never_smaller_than_the_place_is_solved() -> None:
    assert tolerance(2, 0.5, 0.9, 1.2).pct == 1.2


def test_a_tolerance_is_never_smaller_than_what_the_solver_loses_with_the_hand_itself() -> None:
    assert tolerance(2, 0.5, 0.9, 0.01, own_loss_pct=1.3).pct == 1.3


def test_a_tolerance_says_whether_it_was_measured() -> None:
    assert [tolerance(street, 0.5, 0.9, 0.01).fitted for street in range(3)] == [one.fitted for one in STREETS]
    absent = [tolerance(street, 0.5, 0.9, 0.01, in_range=False).fitted for street in range(3)]
    assert absent == [one.absent_fitted for one in STREETS]
    assert not any(tolerance(street, 0.5, 0.9, None).fitted for street in range(3))
