"""Spaced repetition over one's own mistakes: what is due, the review itself, and the player's calendar.

Cards come and go by the projections; this service only reads them, opens reviews as sets of training, and keeps what
the player says about cards and time zone. Every method runs in the caller's transaction and never commits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncSession

import services.reviews.projections  # noqa: F401  # pyright: ignore[reportUnusedImport] registers itself
from services.infra import clock, cursors, events
from services.infra.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from services.infra.settings import get_settings
from services.reviews import repository
from services.reviews.days import DEFAULT_ZONE, day_of, day_starts, known
from services.reviews.events import CardResumed, CardSuspended, TimeZoneSet
from services.reviews.models import CardRow
from services.reviews.schedule import REVIEW_SIZE, CardState, Entry, Memory, after, forecast, recall
from services.training.events import Queued
from services.training.service import TrainingService, get_training
from services.training.views import Table

FORECAST_DAYS = 14
MOST_CHANGES = 200
"""How often one card may be suspended and resumed: each time the card is made anew from its whole history."""
_CALENDAR = UUID("0d0c7d9c-3f1d-5f0c-9a61-63616c656e64")
_CURSOR = "cards"


@dataclass(frozen=True, slots=True)
class CardView:
    """A card as its player sees it.

    Attributes:
        recall: The chance that the family is still known today, 0 to 1.
        hand_id: The hand of the mistake, to look at again.
    """

    family: str
    due_on: date
    added_on: date
    reviewed_on: date
    interval: int
    stability: float
    difficulty: float
    recall: float
    reviews: int
    lapses: int
    suspended: bool
    decision_id: UUID
    hand_id: UUID | None
    word: str
    loss_bb: float
    loss_pct: float


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """Something that happened to a card, and when it was due after it."""

    on: date
    at: datetime
    kind: str
    words: tuple[str, ...]
    decision_id: UUID | None
    due_on: date
    stability: float
    difficulty: float


@dataclass(frozen=True, slots=True)
class Due:
    """What waits today.

    Attributes:
        forecast: [day from today on] how many cards come due, what is overdue today's.
        done_today: Reviews decided since the day began.
        session_id: A review that was begun and not ended.
        next_day: When the next of the player's days begins.
    """

    today: date
    zone: str
    zone_chosen: bool
    due: int
    cards: int
    done_today: int
    forecast: tuple[int, ...]
    session_id: UUID | None
    next_day: datetime


class ReviewService:
    """See the module."""

    def __init__(self, training: TrainingService) -> None:
        self._training = training

    async def count(self, db: AsyncSession, user_id: UUID) -> int:
        """How many cards are due today."""
        return await repository.count_due(db, user_id, await self._today(db, user_id))

    async def due(self, db: AsyncSession, user_id: UUID) -> Due:
        """What waits today, and what the coming two weeks bring."""
        row = await repository.zone(db, user_id)
        zone = DEFAULT_ZONE if row is None else row.zone
        today = day_of(clock.now(), zone)
        days = await repository.due_days(db, user_id)
        return Due(
            today=today,
            zone=zone,
            zone_chosen=row is not None and row.chosen,
            due=sum(day <= today for day in days),
            cards=len(days),
            done_today=await repository.reviewed_between(db, user_id, day_starts(today, zone)),
            forecast=forecast(days, today, FORECAST_DAYS),
            session_id=await repository.open_review(db, user_id),
            next_day=day_starts(date.fromordinal(today.toordinal() + 1), zone),
        )

    async def cards(
        self, db: AsyncSession, user_id: UUID, limit: int, cursor: str | None = None, *, due: bool = False
    ) -> tuple[list[CardView], str | None]:
        """A page of cards by the day they come due, and the cursor of the next one.

        Raises:
            Invalid: The cursor is none of this list.
        """
        today = await self._today(db, user_id)
        start = None
        if cursor is not None:
            on, family = cursors.decode(cursor, _CURSOR, date.fromisoformat, str)
            start = (on, family)
        rows = await repository.cards(db, user_id, limit + 1, start, due=today if due else None)
        page = await self._views(db, rows[:limit], today)
        following = cursors.encode(_CURSOR, page[-1].due_on, page[-1].family) if len(rows) > limit else None
        return page, following

    async def card(self, db: AsyncSession, user_id: UUID, family: str) -> tuple[CardView, list[HistoryEntry]]:
        """A card and its history, newest first.

        Raises:
            NotFound: The player has no card of this family.
        """
        row = await self._card(db, user_id, family)
        state: CardState | None = None
        history: list[HistoryEntry] = []
        for entry in await repository.entries(db, user_id, family):
            state = after(state, entry)
            if state is not None:
                history.append(_history(entry, state))
        views = await self._views(db, [row], await self._today(db, user_id))
        return views[0], history[::-1]

    async def start(self, db: AsyncSession, user_id: UUID) -> Table:
        """The first decision of a review of what is due, mixed with new spots; one that is open is resumed instead.

        Raises:
            Conflict: Nothing is due.
        """
        await repository.lock_player(db, user_id)
        if (session_id := await repository.open_review(db, user_id)) is not None:
            table = await self._training.current(db, user_id, named=str(session_id))
            assert table is not None
            return table
        most = max(1, get_settings().set_size // (REVIEW_SIZE + 1))
        cards = await repository.cards(db, user_id, most, due=await self._today(db, user_id))
        if not cards:
            raise Conflict("nothing is due today", code="nothing-due")
        return await self._training.start_queue(db, user_id, [item for card in cards for item in review_of(card)])

    async def suspend(self, db: AsyncSession, user_id: UUID, family: str, *, suspended: bool) -> CardView:
        """Take a card out of the queue, or back into it.

        Raises:
            NotFound: The player has no card of this family.
            Forbidden: It was suspended and resumed too often.
        """
        await repository.lock_player(db, user_id)
        row = await self._card(db, user_id, family)
        if row.suspended != suspended:
            event = CardSuspended(family=family) if suspended else CardResumed(family=family)
            await self._append(db, user_id, f"card {family}", event, most=MOST_CHANGES)
        view, _ = await self.card(db, user_id, family)
        return view

    async def set_zone(self, db: AsyncSession, user_id: UUID, zone: str, *, chosen: bool) -> bool:
        """Say where the player is; what a browser says does not undo a choice. Returns whether anything changed.

        Raises:
            Invalid: There is no such time zone.
        """
        if not known(zone):
            raise Invalid("there is no such time zone", errors=[FieldError("zone", "an IANA name, e.g. Europe/Berlin")])
        if not chosen and not await repository.has_played(db, user_id):
            return False  # of somebody who only looks around nothing is kept
        await repository.lock_player(db, user_id)
        row = await repository.zone(db, user_id)
        if row is not None and ((row.chosen and not chosen) or (row.zone, row.chosen) == (zone, chosen)):
            return False
        await self._append(db, user_id, "calendar", TimeZoneSet(zone=zone, chosen=chosen))
        return True

    async def _append(
        self, db: AsyncSession, user_id: UUID, what: str, event: events.Event, most: int | None = None
    ) -> None:
        stream = uuid5(_CALENDAR, f"{user_id} {what}")
        version = await events.version_of(db, stream)
        if most is not None and version >= most:
            raise Forbidden("this card was suspended and resumed often enough", code="too-many-changes")
        await events.append(db, stream, "review", version, [event], user_id)

    async def _today(self, db: AsyncSession, user_id: UUID) -> date:
        row = await repository.zone(db, user_id)
        return day_of(clock.now(), DEFAULT_ZONE if row is None else row.zone)

    async def _card(self, db: AsyncSession, user_id: UUID, family: str) -> CardRow:
        row = await repository.card(db, user_id, family)
        if row is None:
            raise NotFound("there is no such card")
        return row

    async def _views(self, db: AsyncSession, rows: list[CardRow], today: date) -> list[CardView]:
        missed = await repository.missed(db, [row.decision_id for row in rows])
        return [_view(row, missed.get(row.decision_id, {}), today) for row in rows]


def review_of(card: CardRow) -> tuple[Queued, ...]:
    """The decisions of a card's review, and a new spot behind them."""
    again = Queued(kind="missed", decision_id=card.decision_id, family=card.family, review_id=clock.new_id())
    sibling = again.model_copy(update={"kind": "sibling"})
    return again, *[sibling] * (REVIEW_SIZE - 1), Queued(kind="new")


def _view(row: CardRow, missed: dict[str, object], today: date) -> CardView:
    memory = Memory(row.stability, row.difficulty, row.rated_on, row.interval)
    hand_id = missed.get("hand_id")
    return CardView(
        family=row.family,
        due_on=row.due_on,
        added_on=row.added_on,
        reviewed_on=row.rated_on,
        interval=row.interval,
        stability=row.stability,
        difficulty=row.difficulty,
        recall=recall(memory, today),
        reviews=row.reviews,
        lapses=row.lapses,
        suspended=row.suspended,
        decision_id=row.decision_id,
        hand_id=hand_id if isinstance(hand_id, UUID) else None,
        word=str(missed.get("grade") or ""),
        loss_bb=float(str(missed.get("loss_bb") or 0.0)),
        loss_pct=float(str(missed.get("loss_pct") or 0.0)),
    )


def _history(entry: Entry, state: CardState) -> HistoryEntry:
    return HistoryEntry(
        on=entry.on,
        at=entry.at,
        kind=entry.kind,
        words=entry.words,
        decision_id=entry.decision_id,
        due_on=state.due_on,
        stability=state.memory.stability,
        difficulty=state.memory.difficulty,
    )


@lru_cache(maxsize=1)
def get_reviews() -> ReviewService:
    """The service of this process."""
    return ReviewService(get_training())
