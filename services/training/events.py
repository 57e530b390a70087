"""Facts about training. Streams: one a session, one a hand.

A session: ``SessionStarted`` ... ``SessionFinished``. A hand: ``HandDealt``, then ``DecisionOffered`` and
``DecisionGraded`` in turn with ``VillainActed``, ``HeroForced`` and ``CardDealt`` between them, then ``HandFinished``.
Nothing that a player must not know yet is in an event: the seed and villain's cards appear in ``HandFinished``; until
then they lie in ``training.seed``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.infra.events import Event, Upcaster
from services.training.views import Word

Kind = Literal["hands", "drill", "ranked", "daily", "range"]

Until = Literal["end", "street", "decision"]
"""How far a hand is played."""


def _set_id(payload: dict[str, Any]) -> dict[str, Any]:
    """Version 1 knew weeks only: its ``week`` is the id of the week's set."""
    return {"set_id": payload.get("week"), **{name: value for name, value in payload.items() if name != "week"}}


class Queued(BaseModel):
    """One decision of a set that is drawn when its turn comes.

    Attributes:
        kind: ``missed`` asks a decision again; ``sibling`` asks another one of its family, about as difficult; ``new``
            asks one of a node type.
        decision_id: The decision that was missed, also for its siblings.
        family: Slug of a family, for ``new`` of a node type; empty: any.
        review_id: What the decisions of one review have in common.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["missed", "sibling", "new"]
    decision_id: UUID | None = None
    family: str = ""
    review_id: UUID | None = None


class SessionStarted(Event):
    """A set began; a drill replays the decisions ``drill``, deals hands of ``solution_id``, a ``queue``, or by a plan.

    Attributes:
        plan: ``Plan.data()``.
        place: Which of two tables.
    """

    type: ClassVar[str] = "SessionStarted"
    payload_version: ClassVar[int] = 2
    upcasters: ClassVar[dict[int, Upcaster]] = {1: _set_id}
    mode: Kind
    set_size: int
    drill: tuple[UUID, ...] = ()
    solution_id: UUID | None = None
    queue: tuple[Queued, ...] = ()
    set_id: str | None = None
    plan: dict[str, Any] | None = None
    place: int = 1


class SessionFinished(Event):
    """The last hand of the set ended."""

    type: ClassVar[str] = "SessionFinished"
    decisions: int


class HandDealt(Event):
    """Cards were dealt.

    Attributes:
        number: From 1 within the session.
        whole: Played to its end.
        until: How far it is played; None in events that only knew ``whole``.
        start: Line from the root of the solution to where the hand begins.
        commitment: SHA-256 of the hand's seed, hex.
        queued: What it was dealt for, in a set with a queue.
    """

    type: ClassVar[str] = "HandDealt"
    payload_version: ClassVar[int] = 2
    upcasters: ClassVar[dict[int, Upcaster]] = {1: _set_id}
    session_id: UUID
    number: int
    mode: Kind
    whole: bool
    solution_id: UUID
    family: str
    pot_type: str
    positions: tuple[str, str]
    big_blind: int
    board: tuple[int, ...]
    start: tuple[str, ...]
    hero: int
    hero_combo: int
    commitment: str
    item_id: UUID | None = None
    set_id: str | None = None
    queued: Queued | None = None
    until: Until | None = None

    @property
    def ends(self) -> Until:
        """How far it is played."""
        return self.until or ("end" if self.whole else "decision")


class DecisionOffered(Event):
    """Hero was asked; ``number`` counts from 0 within the hand, ``die`` is 0 without one, ``actions`` may be groups."""

    type: ClassVar[str] = "DecisionOffered"
    decision_id: UUID
    number: int
    street: int
    line: tuple[str, ...]
    board: tuple[int, ...]
    pot: int
    actions: tuple[str, ...]
    die: int
    deadline: datetime | None = None


class GradedAction(BaseModel):
    """One action as it was graded."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: str
    frequency: float
    ev: float | None
    """None: villain can't be here against this hand."""


class Judged(Event):
    """What ``DecisionGraded`` and ``DecisionRetried`` share: an action, its grade and all that was shown with it."""

    type: ClassVar[str] = "_Judged"
    decision_id: UUID
    session_id: UUID
    hand_id: UUID
    mode: Kind
    solution_id: UUID
    family: str
    pot_type: str
    street: int
    line: tuple[str, ...]
    board: tuple[int, ...]
    hero: int
    hero_combo: int
    pot: int
    big_blind: int
    action: str
    best_action: str
    grade: Word
    borderline: bool
    loss: float
    loss_bb: float
    loss_pct: float
    difficulty: float
    difficulty_bb: float
    difficulty_pct: float
    tolerance_pct: float
    tolerance_fitted: bool
    solved_to_pct: float | None
    in_range: bool
    die: int
    die_pick: str
    rows: tuple[GradedAction, ...]
    reasons: tuple[str, str, str]
    tree_hash: str
    config_hash: str
    grid: str
    timed_out: bool = False
    chose: str = ""
    """The group of sizes that hero named; ``action`` is its least costly member."""
    villain: str = ""
    """How villain departs from the solution, in words; the loss is then counted against exactly him."""
    passed_solved_to_pct: float | None = None
    """Local exploitability of the worst solved decision on the way, % of the pot there; None where all were solved
    well, and in events that did not know it."""


class DecisionGraded(Judged):
    """Hero answered, or time ran out; ``mode`` is ``ranked`` or ``daily`` for a spot of a ranked set.

    Attributes:
        ranked_loss_pct: The loss as a board adds it up: of a whole hand's decision in % of the pot the hand began with.
            Like ``loss_pct`` the raw loss, also where the grade is ``uncertain``.
        studied: The player looked at this board's solution, or had it solved, in the week before or meanwhile.
    """

    type: ClassVar[str] = "DecisionGraded"
    payload_version: ClassVar[int] = 2
    upcasters: ClassVar[dict[int, Upcaster]] = {1: _set_id}
    item_id: UUID | None = None
    set_id: str | None = None
    ranked_loss_pct: float | None = None
    studied: bool = False


class DecisionRetried(Judged):
    """Hero took an answer back and tried another action; nothing counts it."""

    type: ClassVar[str] = "DecisionRetried"


class VillainActed(Event):
    """Villain did something, at the solver's frequencies."""

    type: ClassVar[str] = "VillainActed"
    street: int
    action: str


class HeroForced(Event):
    """Played for hero: a single legal action, or a decision that the drill leaves out."""

    type: ClassVar[str] = "HeroForced"
    street: int
    action: str


class CardDealt(Event):
    """A board card; ``runout``: after an all-in, when nobody acts any more."""

    type: ClassVar[str] = "CardDealt"
    street: int
    card: int
    runout: bool


class HandFinished(Event):
    """The hand is over, and what it hid is open. Ranked seeds stay hidden until the set closes: ``seed`` is None."""

    type: ClassVar[str] = "HandFinished"
    session_id: UUID
    result: Literal["fold", "showdown", "spot"]
    winner: int
    net: int
    rake: int
    villain_combo: int | None
    seed: str | None


class RangeOffered(Event):
    """Hero was asked for a whole range at one node; ``number`` is from 1 within the session."""

    type: ClassVar[str] = "RangeOffered"
    session_id: UUID
    number: int
    solution_id: UUID
    line: tuple[str, ...]
    hero: int
    street: int
    commitment: str


class RangeGraded(Event):
    """A painted range: one action per hand class, and what each cost.

    Attributes:
        actions: Of the node.
        choices: [169] places in ``actions``; -1 where the range holds nothing.
        losses_pct: [169] mean loss of the class's hands, % of the pot.
        least_pct: [169] what the best single action of the class costs.
        words: [169] grades, empty where nothing is held.
        loss_bb: Per hand of the range, against perfect play of every hand.
        least_bb: The part of it that one action per class can't avoid.
        board: At the node; empty in events that did not know it.
        passed_solved_to_pct: As in ``Judged``.
    """

    type: ClassVar[str] = "RangeGraded"
    session_id: UUID
    actions: tuple[str, ...]
    choices: tuple[int, ...]
    losses_pct: tuple[float, ...]
    least_pct: tuple[float, ...]
    weights: tuple[float, ...]
    words: tuple[str, ...]
    pot: int
    big_blind: int
    loss_bb: float
    loss_pct: float
    least_bb: float
    right_share: float
    tolerance_pct: float
    solved_to_pct: float | None
    grid: str
    seed: str
    villain: str = ""
    board: tuple[int, ...] = ()
    passed_solved_to_pct: float | None = None
