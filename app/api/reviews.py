"""Spaced repetition over REST: what is due, the cards with their history, the review itself, the calendar.

Dates are days of the player's own calendar; a day begins at 04:00 in the player's time zone.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from app.api.deps import Reader, Trainer
from app.api.envelope import Envelope, ok
from app.api.training import TableOut, table_out
from services.accounts.sessions import ensure_user
from services.infra.db import transaction
from services.reviews.service import get_reviews

router = APIRouter(prefix="/training", tags=["reviews"])

Family = Annotated[str, Path(max_length=60, description="Slug of a family, e.g. turn.facing-bet.high.draw")]


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class CardOut(_Out):
    """A family to work on; ``recall`` is the chance that it is still known today."""

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


class EntryOut(_Out):
    """Something that happened to a card, and how it stood after it."""

    on: date
    at: datetime
    kind: Literal["missed", "passed", "failed", "unsure", "suspended", "resumed"]
    words: list[str]
    decision_id: UUID | None
    due_on: date
    stability: float
    difficulty: float


class CardDetail(CardOut):
    """A card with its history, newest first."""

    history: list[EntryOut]


class ReviewsOut(BaseModel):
    """What waits today, and a page of it.

    Attributes:
        forecast: Cards that come due, day by day from today on; what is overdue counts today.
        session_id: A review that was begun and not ended.
        next_day: When the player's next day begins.
    """

    today: date
    time_zone: str
    due: int
    cards: int
    done_today: int
    forecast: list[int]
    session_id: UUID | None
    next_day: datetime
    items: list[CardOut]
    next_cursor: str | None


class CardPage(BaseModel):
    """By the day they come due."""

    items: list[CardOut]
    next_cursor: str | None


class CardChange(BaseModel):
    """Take a card out of the queue, or back into it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    suspended: bool


class TimeZone(BaseModel):
    """Where the player's days begin: an IANA name."""

    model_config = ConfigDict(extra="forbid", strict=True)

    zone: Annotated[str, Field(max_length=64)]


Limit = Annotated[int, Query(ge=1, le=100)]
Cursor = Annotated[str | None, Query(max_length=400)]


@router.get("/reviews")
async def due(principal: Reader, limit: Limit = 20, cursor: Cursor = None) -> Envelope[ReviewsOut]:
    """The cards that are due today, with the forecast of the next 14 days."""
    async with transaction() as db:
        waiting = await get_reviews().due(db, principal.user_id)
        page, following = await get_reviews().cards(db, principal.user_id, limit, cursor, due=True)
    return ok(
        ReviewsOut(
            today=waiting.today,
            time_zone=waiting.zone,
            due=waiting.due,
            cards=waiting.cards,
            done_today=waiting.done_today,
            forecast=list(waiting.forecast),
            session_id=waiting.session_id,
            next_day=waiting.next_day,
            items=[CardOut.model_validate(card) for card in page],
            next_cursor=following,
        )
    )


@router.post("/reviews", status_code=201)
async def start(principal: Trainer, response: Response) -> Envelope[TableOut]:
    """Open a review of what is due, or resume the open one; the table holds the first decision."""
    async with transaction() as db:
        await ensure_user(db, principal)
        table = await get_reviews().start(db, principal.user_id)
    response.headers["Location"] = f"/api/training/sessions/{table.session_id}"
    return ok(table_out(table), message="Dealt", status=201)


@router.get("/reviews/cards")
async def cards(principal: Reader, limit: Limit = 20, cursor: Cursor = None) -> Envelope[CardPage]:
    """All cards, by the day they come due."""
    async with transaction() as db:
        page, following = await get_reviews().cards(db, principal.user_id, limit, cursor)
    return ok(CardPage(items=[CardOut.model_validate(card) for card in page], next_cursor=following))


@router.get("/reviews/cards/{family}")
async def card(family: Family, principal: Reader) -> Envelope[CardDetail]:
    """A card and what happened to it."""
    async with transaction() as db:
        view, history = await get_reviews().card(db, principal.user_id, family)
    return ok(
        CardDetail(
            **CardOut.model_validate(view).model_dump(), history=[EntryOut.model_validate(one) for one in history]
        )
    )


@router.patch("/reviews/cards/{family}")
async def change(family: Family, body: CardChange, principal: Trainer) -> Envelope[CardOut]:
    """Suspend a card or resume it."""
    async with transaction() as db:
        view = await get_reviews().suspend(db, principal.user_id, family, suspended=body.suspended)
    return ok(CardOut.model_validate(view), message="Suspended" if body.suspended else "Resumed")


@router.put("/time-zone")
async def set_zone(body: TimeZone, principal: Trainer) -> Envelope[TimeZone]:
    """Choose where the days begin."""
    async with transaction() as db:
        await ensure_user(db, principal)
        await get_reviews().set_zone(db, principal.user_id, body.zone, chosen=True)
    return ok(body, message="Saved")
