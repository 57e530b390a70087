"""A set in figures: pure, from the rows of the read models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np

from services.training.deals import combo_cards
from services.training.grading import WORDS, ev_score
from services.training.hand import street_losses
from services.training.models import DecisionRow, HandRow, SessionRow
from services.training.repository import HandLoss
from services.training.views import Mode, Summary, Word, WorstSpot

WORST = 3
INTERVAL_FROM = 100
"""Decisions below which no interval is honest: losses have heavy tails."""

PSEUDO_HANDS = 30
_RESAMPLES = 2000

Answered = Sequence[tuple[DecisionRow, HandRow]]


def summarise(session: SessionRow, answered: Answered, population: Sequence[HandLoss]) -> Summary:
    """The figures of a session's answered decisions; ``population`` is other hands of the same kind."""
    decisions = [decision for decision, _ in answered]
    scored = [decision for decision in decisions if decision.grade != "uncertain"]
    loss_bb = sum(decision.loss_bb or 0.0 for decision in decisions)
    counts: dict[Word, int] = {word: sum(1 for one in decisions if one.grade == word) for word in WORDS}
    score = ev_score(
        sum(decision.loss_bb or 0.0 for decision in scored), sum(decision.difficulty_bb or 0.0 for decision in scored)
    )
    return Summary(
        session_id=session.id,
        mode=mode_of(session),
        drill=session.mode == "drill",
        set_size=session.set_size,
        hands=len({hand.id for _, hand in answered}),
        decisions=len(decisions),
        scored=len(scored),
        ev_score=score if scored else None,
        ev_loss_bb=loss_bb,
        ev_loss_per_100=100 * loss_bb / len(decisions) if decisions else None,
        interval=interval([HandLoss(hand.decisions, hand.loss_bb) for hand in _hands(answered)], population),
        counts=counts,
        borderline=sum(1 for decision in decisions if decision.borderline),
        die_followed=sum(1 for decision in decisions if decision.action == decision.die_pick),
        worst=worst_spots(answered),
        streets=street_losses([(decision.street, decision.loss_bb or 0.0) for decision in decisions]),
    )


def mode_of(session: SessionRow) -> Mode:
    """A drill is played like hands."""
    return cast("Mode", session.mode) if session.mode in ("ranked", "daily") else "hands"


def _hands(answered: Answered) -> list[HandRow]:
    return list({hand.id: hand for _, hand in answered}.values())


def worst_spots(answered: Answered) -> tuple[WorstSpot, ...]:
    """The costliest decisions graded worse than correct, the worst first."""
    costly = [pair for pair in answered if pair[0].grade in ("inaccuracy", "wrong", "blunder")]
    costly.sort(key=lambda pair: -(pair[0].loss_bb or 0.0))
    return tuple(
        WorstSpot(
            decision_id=decision.id,
            hand_id=hand.id,
            family=hand.family,
            pot_type=hand.pot_type,
            positions=(hand.positions[0], hand.positions[1]),
            big_blind=hand.big_blind,
            street=decision.street,
            board=tuple(decision.board),
            hero=hand.hero,
            hero_cards=combo_cards(hand.hero_combo),
            line=tuple(decision.line),
            pot=decision.pot,
            action=decision.action or "",
            best_action=decision.best_action or "",
            word=cast("Word", decision.grade),
            loss_bb=decision.loss_bb or 0.0,
            loss_pct=decision.loss_pct or 0.0,
        )
        for decision, hand in costly[:WORST]
    )


def interval(hands: Sequence[HandLoss], population: Sequence[HandLoss]) -> tuple[float, float] | None:
    """95% of the loss per 100 decisions, by a bootstrap of whole hands with 30 of the population's beside them.

    None below 100 decisions. The resampling is seeded: the same hands give the same interval.
    """
    if sum(hand.decisions for hand in hands) < INTERVAL_FROM:
        return None
    rng = np.random.default_rng(0)
    others = population or hands
    pseudo: list[HandLoss] = [others[int(index)] for index in rng.integers(len(others), size=PSEUDO_HANDS)]
    sample = [*hands, *pseudo]
    losses = np.array([hand.loss_bb for hand in sample])
    decisions = np.array([hand.decisions for hand in sample])
    chosen = rng.integers(len(sample), size=(_RESAMPLES, len(hands)))
    per_100 = 100 * losses[chosen].sum(axis=1) / decisions[chosen].sum(axis=1)
    low, high = np.quantile(per_100, (0.025, 0.975))
    return float(low), float(high)
