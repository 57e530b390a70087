"""A set in figures: pure, from the rows of the read models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from services.training.deals import combo_cards
from services.training.grading import WORDS, ev_score
from services.training.hand import street_losses
from services.training.models import DecisionRow, HandRow, SessionRow
from services.training.statistics import HandLoss, interval, most_errors_pct
from services.training.views import Mode, Summary, Word, WorstSpot

WORST = 3

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
        most_errors_pct=most_errors_pct(counts["wrong"] + counts["blunder"], len(scored)),
        mistakes=sum(counts[word] for word in ("inaccuracy", "wrong", "blunder")),
        purpose=purpose_of(session),
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
    return tuple(spot_of(decision, hand) for decision, hand in costly[:WORST])


def purpose_of(session: SessionRow) -> str:
    """What a set with a queue was made for; empty for others."""
    if not session.queue:
        return ""
    return "review" if any(item.get("review_id") for item in session.queue) else "theme"


def spot_of(decision: DecisionRow, hand: HandRow) -> WorstSpot:
    """An answered decision with enough to show it."""
    return WorstSpot(
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
