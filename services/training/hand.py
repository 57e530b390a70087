"""A hand as the fold of its events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from services.infra.events import Event, StoredEvent
from services.training.deals import combo_cards
from services.training.events import (
    CardDealt,
    DecisionGraded,
    DecisionOffered,
    HandDealt,
    HandFinished,
    HeroForced,
    Judged,
    VillainActed,
)
from services.training.views import ActionRow, Answer, Grade, HandResult, Step, StrategyGrid, StreetLoss
from solver.cards import card_to_text


@dataclass(frozen=True, slots=True)
class Hand:
    """What the events of a hand say.

    Attributes:
        version: Of the stream.
        line: From the solution's root; cards after an all-in are not part of it.
        steps: What happened since the hand's start, those cards included.
        runout: Board cards after an all-in.
        pending: The decision that waits for an answer.
        offered: The last decision offered.
    """

    id: UUID
    version: int
    dealt: HandDealt
    line: tuple[str, ...]
    steps: tuple[Step, ...] = ()
    runout: tuple[int, ...] = ()
    pending: DecisionOffered | None = None
    offered: DecisionOffered | None = None
    graded: tuple[DecisionGraded, ...] = ()
    finished: HandFinished | None = None

    @property
    def hero_cards(self) -> tuple[int, int]:
        """The higher first."""
        return combo_cards(self.dealt.hero_combo)

    def after(self, event: Event) -> Hand:
        """The hand after one more event.

        Raises:
            TypeError: The event is none of a hand's.
        """
        hand = replace(self, version=self.version + 1)
        match event:
            case DecisionOffered():
                return replace(hand, pending=event, offered=event)
            case DecisionGraded():
                step = Step(event.street, self.dealt.hero, event.action)
                graded = (*self.graded, event)
                return replace(
                    hand, pending=None, graded=graded, line=(*self.line, event.action), steps=(*self.steps, step)
                )
            case VillainActed() | HeroForced():
                player = self.dealt.hero if isinstance(event, HeroForced) else 1 - self.dealt.hero
                step = Step(event.street, player, event.action)
                return replace(hand, line=(*self.line, event.action), steps=(*self.steps, step))
            case CardDealt():
                steps = (*self.steps, Step(event.street, -1, "deal", event.card))
                if event.runout:
                    return replace(hand, runout=(*self.runout, event.card), steps=steps)
                return replace(hand, line=(*self.line, f"deal {card_to_text(event.card)}"), steps=steps)
            case HandFinished():
                return replace(hand, finished=event)
            case Judged():  # a retry changes nothing
                return hand
            case _:
                raise TypeError(f"{event.type} does not belong to a hand")


def fold(stored: Sequence[StoredEvent]) -> Hand:
    """The hand that a stream describes; its first event is ``HandDealt``."""
    first = stored[0].event
    assert isinstance(first, HandDealt)
    hand = Hand(id=stored[0].stream_id, version=1, dealt=first, line=first.start)
    for one in stored[1:]:
        hand = hand.after(one.event)
    return hand


def answer_of(event: Judged) -> Answer:
    """What was shown when the event was written."""
    best = max((row.ev for row in event.rows if row.ev is not None), default=0.0)
    grade = Grade(
        word=event.grade,
        borderline=event.borderline,
        scored=event.grade != "uncertain",
        loss=event.loss,
        loss_bb=event.loss_bb,
        loss_pct=event.loss_pct,
        tolerance_pct=event.tolerance_pct,
        difficulty=event.difficulty,
        difficulty_bb=event.difficulty_bb,
        difficulty_pct=event.difficulty_pct,
    )
    rows = tuple(
        ActionRow(
            action=row.action,
            frequency=row.frequency,
            ev=row.ev,
            ev_bb=None if row.ev is None else row.ev / event.big_blind,
            loss_bb=None if row.ev is None else (best - row.ev) / event.big_blind,
            loss_pct=None if row.ev is None else 100 * (best - row.ev) / event.pot,
        )
        for row in event.rows
    )
    return Answer(
        decision_id=event.decision_id,
        street=event.street,
        line=event.line,
        board=event.board,
        action=event.action,
        grade=grade,
        rows=rows,
        die=event.die,
        die_pick=event.die_pick,
        solved_to_pct=event.solved_to_pct,
        tolerance_pct=event.tolerance_pct,
        tolerance_fitted=event.tolerance_fitted,
        reasons=event.reasons,
        in_range=event.in_range,
        timed_out=event.timed_out,
        tree_hash=event.tree_hash,
        config_hash=event.config_hash,
        grid=StrategyGrid(tuple(row.action for row in event.rows), event.grid),
        chose=event.chose,
        villain=event.villain,
        passed_solved_to_pct=event.passed_solved_to_pct,
    )


def street_losses(graded: Sequence[tuple[int, float]]) -> tuple[StreetLoss, ...]:
    """Losses by street, in order, of (street, loss in bb); streets without a decision are left out."""
    streets = sorted({street for street, _ in graded})
    return tuple(
        StreetLoss(
            street=street,
            decisions=sum(1 for other, _ in graded if other == street),
            loss_bb=sum(loss for other, loss in graded if other == street),
        )
        for street in streets
    )


def result_of(hand: Hand) -> HandResult | None:
    """How the hand ended; None while it is being played."""
    end = hand.finished
    if end is None:
        return None
    return HandResult(
        kind=end.result,
        winner=end.winner,
        net=end.net,
        rake=end.rake,
        villain_cards=None if end.villain_combo is None else combo_cards(end.villain_combo),
        losses=street_losses([(event.street, event.loss_bb) for event in hand.graded]),
        loss_bb=sum(event.loss_bb for event in hand.graded),
    )
