"""What was played before: every decision, filtered and sorted, sets to go on with, and themes with what they cost.

Lists go by opaque cursors over the sort key of the last row, so that what is played meanwhile moves nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.infra import cursors
from services.infra.errors import FieldError, Invalid, NotFound
from services.solutions import reservations
from services.training import history_repository
from services.training.events import Queued
from services.training.families import STREETS, parse_node
from services.training.grading import ev_score
from services.training.history_repository import Filter, Order, Theme
from services.training.models import SessionRow
from services.training.redaction import spot_shown
from services.training.service import TrainingService
from services.training.statistics import HandLoss, interval, most_errors_pct
from services.training.summary import purpose_of, spot_of
from services.training.views import Table, WorstSpot

THEME_DRILL = 20
"""Decisions of a drill of a theme."""

_MOST_HANDS = 1000
"""Of one theme that the interval is made from, the newest: older ones say little about today's play."""

_SETS = "sets"


@dataclass(frozen=True, slots=True)
class PastDecision:
    """An answered decision, where it belongs and what kind it was."""

    spot: WorstSpot
    session_id: UUID
    mode: str
    number: int
    answered_at: datetime
    borderline: bool
    timed_out: bool
    difficulty_bb: float
    situation: str
    texture: str
    hand_class: str


@dataclass(frozen=True, slots=True)
class PastSet:
    """A set as a list shows it; ``purpose`` is ``review`` or ``theme`` for sets with a queue."""

    row: SessionRow
    loss_bb: float
    purpose: str


@dataclass(frozen=True, slots=True)
class ThemeView:
    """A node type with what it costs the player.

    Attributes:
        interval: 95% of ``loss_per_100``; None below 100 decisions.
        most_errors_pct: With no wrong play or blunder so far, the most that their share may be; else None.
    """

    node: str
    street: int
    situation: str
    hands: int
    decisions: int
    errors: int
    loss_per_100: float
    interval: tuple[float, float] | None
    ev_score: float | None
    most_errors_pct: float | None


async def decisions(
    db: AsyncSession, user_id: UUID, wanted: Filter, order: Order, limit: int, cursor: str | None = None
) -> tuple[list[PastDecision], str | None]:
    """A page of answered decisions, and the cursor of the next one.

    Raises:
        Invalid: The cursor is none of a list in this order.
    """
    start: tuple[datetime | float, UUID] | None = None
    if cursor is not None:
        key, last = cursors.decode(cursor, order, cursors.moment if order == "newest" else float, UUID)
        start = (key, last)
    rows = await history_repository.decisions(db, user_id, wanted, order, limit + 1, start)
    kept = await reservations.kept(db)
    page = [
        PastDecision(
            spot=spot_shown(spot_of(decision, hand), kept),
            session_id=decision.session_id,
            mode=hand.mode,
            number=decision.number,
            answered_at=decision.answered_at or decision.offered_at,
            borderline=bool(decision.borderline),
            timed_out=bool(decision.timed_out),
            difficulty_bb=decision.difficulty_bb or 0.0,
            situation=decision.situation or "",
            texture=decision.texture or "",
            hand_class=decision.hand_class or "",
        )
        for decision, hand in rows[:limit]
    ]
    if len(rows) <= limit:
        return page, None
    last_row = page[-1]
    key = last_row.answered_at if order == "newest" else last_row.spot.loss_bb
    return page, cursors.encode(order, key, last_row.spot.decision_id)


async def sets(
    db: AsyncSession, user_id: UUID, limit: int, cursor: str | None = None, *, is_open: bool | None = None
) -> tuple[list[PastSet], str | None]:
    """A page of sets, newest first, and the cursor of the next one.

    Raises:
        Invalid: The cursor is none of this list.
    """
    after: UUID | None = None
    if cursor is not None:
        (after,) = cursors.decode(cursor, _SETS, UUID)
    rows = await history_repository.sets(db, user_id, limit + 1, after, is_open=is_open)
    losses = await history_repository.set_losses(db, [row.id for row in rows[:limit]])
    page = [PastSet(row, losses.get(row.id, 0.0), purpose_of(row)) for row in rows[:limit]]
    return page, cursors.encode(_SETS, page[-1].row.id) if len(rows) > limit else None


async def hands(
    training: TrainingService, db: AsyncSession, user_id: UUID, session_id: UUID
) -> list[tuple[Table, datetime]]:
    """Every hand of a set of one's own in order, and when it was dealt."""
    return [
        (await training.table(db, user_id, hand_id), dealt_at)
        for hand_id, dealt_at in await history_repository.hands_of(db, user_id, session_id)
    ]


async def spot_families(db: AsyncSession, user_id: UUID) -> list[tuple[str, str]]:
    """(family, pot type) of the solutions that the player has met."""
    return await history_repository.families(db, user_id)


async def themes(db: AsyncSession, user_id: UUID, since: datetime | None = None) -> list[ThemeView]:
    """The player's node types, the costliest first."""
    mine = await history_repository.theme_losses(db, user_id, since)
    everybody = await history_repository.theme_losses(db, None, None)
    scores = await history_repository.theme_scores(db, user_id, since)
    found = await asyncio.to_thread(_themes, mine, everybody, scores)
    return sorted(found, key=lambda theme: (-theme.loss_per_100, theme.node))


def _themes(
    mine: Mapping[Theme, list[HandLoss]],
    everybody: Mapping[Theme, list[HandLoss]],
    scores: Mapping[Theme, tuple[float, float, int]],
) -> list[ThemeView]:
    found: list[ThemeView] = []
    for (street, situation), hands in mine.items():
        count = sum(hand.decisions for hand in hands)
        lost, hard, errors = scores.get((street, situation), (0.0, 0.0, 0))
        found.append(
            ThemeView(
                node=f"{STREETS[street]}.{situation}",
                street=street,
                situation=situation,
                hands=len(hands),
                decisions=count,
                errors=errors,
                loss_per_100=100 * sum(hand.loss_bb for hand in hands) / count,
                interval=interval(hands[-_MOST_HANDS:], everybody.get((street, situation), [])),
                ev_score=ev_score(lost, hard),
                most_errors_pct=most_errors_pct(errors, count),
            )
        )
    return found


async def drill_theme(training: TrainingService, db: AsyncSession, user_id: UUID, node: str) -> Table:
    """The first decision of a drill of one node type.

    Raises:
        NotFound: There is no such node type.
    """
    if parse_node(node) is None:
        raise NotFound("there is no such theme")
    return await training.start_queue(db, user_id, [Queued(kind="new", family=node)] * THEME_DRILL)


def window(low: float | None, high: float | None) -> None:
    """Check a range of losses.

    Raises:
        Invalid: Its ends are the wrong way round.
    """
    if low is not None and high is not None and low > high:
        raise Invalid("this is no range", errors=[FieldError("max_loss_bb", "is less than min_loss_bb")])
