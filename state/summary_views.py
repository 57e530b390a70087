"""The end of a set as the browser is shown it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from services.training.views import Summary, WorstSpot
from solver.cards import card_to_text
from state import routes
from state.amounts import Unit, loss_text, number
from state.views import POT_TYPES, STREETS, StepView, action_label, price, street_losses

_WORDS: Final = ("best", "correct", "inaccuracy", "wrong", "blunder", "uncertain")


@dataclass(frozen=True)
class WorstView:
    """A costly decision of the set."""

    title: str = ""
    cards: tuple[str, ...] = ()
    board: tuple[str, ...] = ()
    text: str = ""
    loss: str = ""
    tone: str = ""
    href: str = ""


@dataclass(frozen=True)
class SummaryView:
    """A set in figures."""

    session_id: str = ""
    errors: str = ""
    mistakes: str = ""
    title: str = ""
    score: str = ""
    loss: str = ""
    per_100: str = ""
    interval: str = ""
    decisions: str = ""
    counts: tuple[StepView, ...] = ()
    streets: tuple[StepView, ...] = ()
    worst: tuple[WorstView, ...] = ()
    ranked: bool = False


def counted(count: int, noun: str) -> str:
    """``1 hand``, ``8 hands``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _spot_name(spot: WorstSpot) -> str:
    return f"{spot.family} {spot.pot_type}" if spot.pot_type in POT_TYPES else "your own spot"


def _worst(spot: WorstSpot, unit: Unit) -> WorstView:
    _, to_call = price(spot.line, 0)
    played, best = (
        action_label(action, spot.pot, to_call, spot.big_blind, unit) if action else ""
        for action in (spot.action, spot.best_action)
    )
    return WorstView(
        title=f"{STREETS[spot.street]}, {_spot_name(spot)}, you are {spot.positions[spot.hero]}",
        cards=tuple(card_to_text(card) for card in sorted(spot.hero_cards, reverse=True)),
        board=tuple(card_to_text(card) for card in spot.board),
        text=f"{played}. {best} was better." if best else f"{played}.",
        loss=loss_text(spot.loss_bb, spot.loss_pct, spot.big_blind, unit),
        tone=spot.word,
        href=f"{routes.HISTORY}/{spot.hand_id}?decision={spot.decision_id}",
    )


_MISTAKES: Final = {0: "", 1: "The one mistake"}
_FINISHED: Final = {
    "hands": "Set finished",
    "ranked": "The week's set is finished",
    "daily": "Today's ten hands are played",
}


def summary_view(summary: Summary, unit: Unit = "bb") -> SummaryView:
    """The set for the page; sums over many pots are in bb, whatever single amounts are shown in."""
    interval = summary.interval
    most = summary.most_errors_pct
    return SummaryView(
        session_id=str(summary.session_id),
        errors=f"Nothing wrong in {summary.scored} decisions: the error rate is at most {number(most, 0)}%."
        if most is not None
        else "",
        mistakes=_MISTAKES.get(summary.mistakes, f"All {summary.mistakes} mistakes, by loss"),
        title="Review finished"
        if summary.purpose == "review"
        else "Drill finished"
        if summary.drill
        else _FINISHED[summary.mode],
        score="–" if summary.ev_score is None else number(summary.ev_score),
        loss=f"{number(summary.ev_loss_bb, 2)} bb",
        per_100="–" if summary.ev_loss_per_100 is None else f"{number(summary.ev_loss_per_100)} bb",
        interval=f"95%: {number(interval[0])} to {number(interval[1])} bb"
        if interval
        else "No interval below 100 decisions.",
        decisions=f"{counted(summary.decisions, 'decision')} in {counted(summary.hands, 'hand')}",
        counts=tuple(
            StepView(text=f"{summary.counts[word]} {word}", tone=word) for word in _WORDS if summary.counts.get(word)
        ),
        streets=street_losses(summary.streets),
        worst=tuple(_worst(spot, unit) for spot in summary.worst),
        ranked=summary.mode != "hands",
    )
