"""Cards, from the events of training and of reviews.

A card is the fold of its entries in the order of the event store's positions. An entry behind all others is one more
step; one that comes late, because two tabs answered at the same moment, makes the fold anew: the card is the one that a
rebuild leaves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from uuid import UUID

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.accounts.events import AccountErased, GuestMerged
from services.infra.events import StoredEvent, projector
from services.reviews import repository
from services.reviews.days import DEFAULT_ZONE, day_of
from services.reviews.events import CardResumed, CardSuspended, TimeZoneSet
from services.reviews.repository import CARD, ENTRY, HAND, ZONE, entries, lock_card
from services.reviews.schedule import REVIEW_SIZE, CardState, Entry, Kind, Memory, after, fold, verdict
from services.training.deals import combo_cards
from services.training.events import DecisionGraded, HandDealt
from services.training.families import family_of

_COSTLY = {"wrong", "blunder"}
MOST_MISSED = 100
"""Mistakes a day that are written down for one card: further ones bring it forward no more."""


@projector(
    HandDealt,
    DecisionGraded,
    CardSuspended,
    CardResumed,
    TimeZoneSet,
    GuestMerged,
    AccountErased,
    tables=("reviews.zone", "reviews.hand", "reviews.entry", "reviews.card"),
)
async def project_reviews(db: AsyncSession, stored: StoredEvent) -> None:
    """Cards, their entries, the hands of reviews and the players' time zones."""
    match stored.event:
        case HandDealt() as event:
            await _hand_dealt(db, stored, event)
        case DecisionGraded() as event:
            await _decision_graded(db, stored, event)
        case CardSuspended() as event:
            await _add(db, stored, event.family, "suspended")
        case CardResumed() as event:
            await _add(db, stored, event.family, "resumed")
        case TimeZoneSet() as event:
            values = {"position": stored.position, "zone": event.zone, "chosen": event.chosen}
            await db.execute(insert(ZONE).values(user_id=stored.user_id, **values))
        case GuestMerged() as event:
            await _merge(db, event)
        case AccountErased() as event:
            for table in (ENTRY, CARD, HAND, ZONE):
                await db.execute(delete(table).where(table.c.user_id.in_((event.user_id, *event.guest_ids))))
        case other:
            raise TypeError(f"no projection of {other.type}")


async def _hand_dealt(db: AsyncSession, stored: StoredEvent, event: HandDealt) -> None:
    queued = event.queued
    if queued is None or queued.review_id is None:
        return
    await db.execute(
        insert(HAND).values(
            hand_id=stored.stream_id,
            review_id=queued.review_id,
            user_id=stored.user_id,
            family=queued.family,
        )
    )


async def _decision_graded(db: AsyncSession, stored: StoredEvent, event: DecisionGraded) -> None:
    of_review = (
        (
            await db.execute(
                update(HAND)
                .where(HAND.c.hand_id == stored.stream_id)
                .values(word=event.grade)
                .returning(HAND.c.review_id, HAND.c.family)
            )
        )
        .mappings()
        .first()
    )
    if of_review is None:
        # nobody thought about a decision that ran out of time: there is nothing to learn from it
        if event.grade in _COSTLY and not event.timed_out:
            family = family_of(event.line, event.board, combo_cards(event.hero_combo)).slug
            await _add(db, stored, family, "missed", (event.grade,), event.decision_id)
        return
    words = list(
        await db.scalars(select(HAND.c.word).where(HAND.c.review_id == of_review["review_id"]).order_by(HAND.c.hand_id))
    )
    if len(words) == REVIEW_SIZE and None not in words:
        await _add(db, stored, of_review["family"], verdict(words), words)


async def _add(
    db: AsyncSession,
    stored: StoredEvent,
    family: str,
    kind: Kind,
    words: Sequence[str] = (),
    decision_id: UUID | None = None,
) -> None:
    """One more entry of a card, and the card that follows from all of them."""
    user_id = stored.user_id
    assert user_id is not None
    await lock_card(db, user_id, family)
    on = day_of(stored.recorded_at, await _zone_at(db, user_id, stored.position))
    of_card = (ENTRY.c.user_id == user_id, ENTRY.c.family == family)
    if kind == "missed":
        today = select(func.count()).where(*of_card, ENTRY.c.on == on, ENTRY.c.kind == kind)
        if (await db.scalar(today) or 0) >= MOST_MISSED:
            return
    entry = Entry(stored.position, on, stored.recorded_at, kind, tuple(words), decision_id)
    await db.execute(insert(ENTRY).values(user_id=user_id, family=family, **asdict(entry)))
    if await db.scalar(select(exists().where(*of_card, ENTRY.c.position > stored.position))):
        await _refold(db, user_id, family)
    else:
        await _write(db, user_id, family, after(await _state(db, user_id, family), entry))


async def _state(db: AsyncSession, user_id: UUID, family: str) -> CardState | None:
    row = await repository.card(db, user_id, family)
    if row is None:
        return None
    memory = Memory(row.stability, row.difficulty, row.rated_on, row.interval)
    return CardState(memory, row.due_on, row.added_on, row.decision_id, row.reviews, row.lapses, row.suspended)


async def _refold(db: AsyncSession, user_id: UUID, family: str) -> None:
    await _write(db, user_id, family, fold(await entries(db, user_id, family)))


async def _write(db: AsyncSession, user_id: UUID, family: str, state: CardState | None) -> None:
    if state is None:
        return
    values: dict[str, UUID | date | int | float | bool] = {
        "decision_id": state.decision_id,
        "added_on": state.added_on,
        "due_on": state.due_on,
        "rated_on": state.memory.on,
        "interval": state.memory.interval,
        "stability": state.memory.stability,
        "difficulty": state.memory.difficulty,
        "reviews": state.reviews,
        "lapses": state.lapses,
        "suspended": state.suspended,
    }
    row = insert(CARD).values(user_id=user_id, family=family, **values)
    await db.execute(row.on_conflict_do_update(index_elements=["user_id", "family"], set_=values))


async def _zone_at(db: AsyncSession, user_id: UUID, position: int) -> str:
    """Where the player was when an event happened."""
    query = select(ZONE.c.zone).where(ZONE.c.user_id == user_id, ZONE.c.position < position)
    return await db.scalar(query.order_by(ZONE.c.position.desc()).limit(1)) or DEFAULT_ZONE


async def _merge(db: AsyncSession, event: GuestMerged) -> None:
    """A guest's cards become the account's; where both have one, it is the fold of both histories."""
    families = list(await db.scalars(select(CARD.c.family).where(CARD.c.user_id == event.guest_id)))
    await db.execute(delete(CARD).where(CARD.c.user_id == event.guest_id))
    for table in (ENTRY, HAND):
        await db.execute(update(table).where(table.c.user_id == event.guest_id).values(user_id=event.user_id))
    settled = select(ZONE.c.user_id).where(ZONE.c.user_id == event.user_id).exists()
    mine = ZONE.c.user_id == event.guest_id
    await db.execute(update(ZONE).where(mine, ~settled).values(user_id=event.user_id))
    await db.execute(delete(ZONE).where(mine))
    for family in sorted(families):
        await lock_card(db, event.user_id, family)
        await _refold(db, event.user_id, family)
