"""When a card comes back: FSRS-6 over whole days, and a card as the fold of its history.

py-fsrs does the arithmetic. It is given midnights of the player's calendar instead of moments, so that its count of
elapsed days is exact, and no steps within a day, because a family is not learned by meeting it again ten minutes
later. Its fuzz is off: the same history always gives the same card, bit by bit.

The mistake that makes a card is its first review, a failed one. Further mistakes of the family outside of a review
bring the card forward to the next day and become its spot, but do not rate it: good play outside of reviews does not
rate it either. A review is three decisions, passed with two of three and no blunder.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from uuid import UUID

from fsrs import Card, Rating, Scheduler, State

Kind = Literal["missed", "passed", "failed", "unsure", "suspended", "resumed"]
"""``unsure``: the solution could not tell about any of a review's three decisions; the card stays as it was."""

RETENTION = 0.9
LONGEST_DAYS = 365
REVIEW_SIZE = 3

_RIGHT = {"best", "correct", "inaccuracy"}


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened to a card, in the order of the event store's positions.

    Attributes:
        on: The player's day.
        words: The grades: one of a mistake, three of a review.
        decision_id: The mistake.
    """

    position: int
    on: date
    at: datetime
    kind: Kind
    words: tuple[str, ...] = ()
    decision_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """What FSRS knows of a card after a day's rating.

    Attributes:
        stability: Days until recall falls to 90%.
        difficulty: 1 to 10.
    """

    stability: float
    difficulty: float
    on: date
    interval: int


@dataclass(frozen=True, slots=True)
class CardState:
    """A card as it stands."""

    memory: Memory
    due_on: date
    added_on: date
    decision_id: UUID
    reviews: int = 0
    lapses: int = 0
    suspended: bool = False


@lru_cache(maxsize=1)
def scheduler() -> Scheduler:
    """The scheduler of every card: default FSRS-6 parameters, days only, no fuzz."""
    return Scheduler(
        desired_retention=RETENTION,
        learning_steps=(),
        relearning_steps=(),
        maximum_interval=LONGEST_DAYS,
        enable_fuzzing=False,
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _card(memory: Memory | None) -> Card:
    if memory is None:
        return Card(card_id=0, due=_midnight(date(1970, 1, 1)))
    return Card(
        card_id=0,
        state=State.Review,
        stability=memory.stability,
        difficulty=memory.difficulty,
        due=_midnight(memory.on + timedelta(days=memory.interval)),
        last_review=_midnight(memory.on),
    )


def rated(memory: Memory | None, rating: Rating, on: date, using: Scheduler | None = None) -> Memory:
    """The memory after a rating; a day before the last rating's counts as that day (a journey westwards)."""
    day = on if memory is None else max(on, memory.on)
    card, _ = (using or scheduler()).review_card(_card(memory), rating, _midnight(day))
    assert card.stability is not None
    assert card.difficulty is not None
    return Memory(card.stability, card.difficulty, day, (card.due - _midnight(day)).days)


def recall(memory: Memory, on: date) -> float:
    """The chance that the family is still known on a day, 0 to 1."""
    return scheduler().get_card_retrievability(_card(memory), _midnight(max(on, memory.on)))


def verdict(words: Sequence[str]) -> Literal["passed", "failed", "unsure"]:
    """What three grades make of a review; decisions that the solution can't tell about do not count."""
    scored = [word for word in words if word != "uncertain"]
    if not scored:
        return "unsure"
    right = sum(word in _RIGHT for word in scored)
    return "passed" if "blunder" not in scored and 3 * right >= 2 * len(scored) else "failed"


def after(state: CardState | None, entry: Entry) -> CardState | None:
    """The card after one more entry; None until its first mistake."""
    if state is None:
        if entry.kind != "missed" or entry.decision_id is None:
            return None
        memory = rated(None, Rating.Again, entry.on)
        return CardState(memory, entry.on + timedelta(days=memory.interval), entry.on, entry.decision_id)
    match entry.kind:
        case "missed":
            due_on = min(state.due_on, max(entry.on, state.memory.on) + timedelta(days=1))
            return replace(state, due_on=due_on, decision_id=entry.decision_id or state.decision_id)
        case "passed" | "failed":
            failed = entry.kind == "failed"
            memory = rated(state.memory, Rating.Again if failed else Rating.Good, entry.on)
            return replace(
                state,
                memory=memory,
                due_on=memory.on + timedelta(days=memory.interval),
                reviews=state.reviews + 1,
                lapses=state.lapses + failed,
            )
        case "suspended" | "resumed":
            return replace(state, suspended=entry.kind == "suspended")
        case "unsure":
            return state


def fold(entries: Iterable[Entry]) -> CardState | None:
    """The card that its entries make, whatever order they come in."""
    state: CardState | None = None
    for entry in sorted(entries, key=lambda one: one.position):
        state = after(state, entry)
    return state


def forecast(due: Iterable[date], today: date, days: int) -> tuple[int, ...]:
    """[day from today on] how many cards come due; what is overdue counts today."""
    counts = [0] * days
    for day in due:
        ahead = max(0, (day - today).days)
        if ahead < days:
            counts[ahead] += 1
    return tuple(counts)
