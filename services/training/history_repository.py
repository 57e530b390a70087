"""The SQL of what was played before: decisions, sets and themes of one player."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from services.training.models import DECISION, HAND, SESSION, DecisionRow, HandRow, SessionRow
from services.training.statistics import HandLoss

Order = Literal["newest", "loss"]
Theme = tuple[int, str]
"""Street and situation."""

_POPULATION = 2000


@dataclass(frozen=True, slots=True)
class Filter:
    """Which decisions; None and () leave something open.

    Attributes:
        family: Of the solution, e.g. ``BTN vs BB``.
        until: The first moment that is too late.
    """

    since: datetime | None = None
    until: datetime | None = None
    family: str | None = None
    pot_type: str | None = None
    street: int | None = None
    grades: tuple[str, ...] = ()
    situation: str | None = None
    texture: str | None = None
    hand_class: str | None = None
    mode: str | None = None
    least_loss_bb: float | None = None
    most_loss_bb: float | None = None
    session_id: UUID | None = None


def _where(user_id: UUID, wanted: Filter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [DECISION.c.user_id == user_id, DECISION.c.answered_at.is_not(None)]
    equal = (
        (HAND.c.family, wanted.family),
        (HAND.c.pot_type, wanted.pot_type),
        (HAND.c.mode, wanted.mode),
        (DECISION.c.street, wanted.street),
        (DECISION.c.situation, wanted.situation),
        (DECISION.c.texture, wanted.texture),
        (DECISION.c.hand_class, wanted.hand_class),
        (DECISION.c.session_id, wanted.session_id),
    )
    found += [column == value for column, value in equal if value is not None]
    if wanted.grades:
        found.append(DECISION.c.grade.in_(wanted.grades))
    if wanted.since is not None:
        found.append(DECISION.c.answered_at >= wanted.since)
    if wanted.until is not None:
        found.append(DECISION.c.answered_at < wanted.until)
    if wanted.least_loss_bb is not None:
        found.append(DECISION.c.loss_bb >= wanted.least_loss_bb)
    if wanted.most_loss_bb is not None:
        found.append(DECISION.c.loss_bb <= wanted.most_loss_bb)
    return found


async def decisions(
    db: AsyncSession,
    user_id: UUID,
    wanted: Filter,
    order: Order,
    limit: int,
    after: tuple[datetime | float, UUID] | None = None,
) -> list[tuple[DecisionRow, HandRow]]:
    """A page of answered decisions with their hands, the newest or the costliest first."""
    key = DECISION.c.answered_at if order == "newest" else DECISION.c.loss_bb
    query = select(DECISION.c.id, HAND.c.id).join(HAND, HAND.c.id == DECISION.c.hand_id)
    query = query.where(*_where(user_id, wanted))
    if after is not None:
        query = query.where(tuple_(key, DECISION.c.id) < tuple_(*after))
    pairs = (await db.execute(query.order_by(key.desc(), DECISION.c.id.desc()).limit(limit))).all()
    rows = await db.execute(select(DECISION).where(DECISION.c.id.in_([pair[0] for pair in pairs])))
    answered = {row["id"]: DecisionRow(**row) for row in rows.mappings()}
    rows = await db.execute(select(HAND).where(HAND.c.id.in_([pair[1] for pair in pairs])))
    hands = {row["id"]: HandRow(**row) for row in rows.mappings()}
    return [(answered[pair[0]], hands[pair[1]]) for pair in pairs]


async def sets(
    db: AsyncSession,
    user_id: UUID,
    limit: int,
    after: UUID | None = None,
    *,
    is_open: bool | None = None,
) -> list[SessionRow]:
    """The player's sets, newest first (their ids grow with time), behind the one named ``after``."""
    query = select(SESSION).where(SESSION.c.user_id == user_id)
    if is_open is not None:
        query = query.where(SESSION.c.finished_at.is_(None) if is_open else SESSION.c.finished_at.is_not(None))
    if after is not None:
        query = query.where(SESSION.c.id < after)
    rows = await db.execute(query.order_by(SESSION.c.id.desc()).limit(limit))
    return [SessionRow(**row) for row in rows.mappings()]


async def set_losses(db: AsyncSession, session_ids: Sequence[UUID]) -> dict[UUID, float]:
    """EV lost in each of these sets, bb."""
    query = select(HAND.c.session_id, func.sum(HAND.c.loss_bb)).where(HAND.c.session_id.in_(session_ids))
    return {row[0]: float(row[1]) for row in await db.execute(query.group_by(HAND.c.session_id))}


async def hands_of(db: AsyncSession, user_id: UUID, session_id: UUID) -> list[tuple[UUID, datetime]]:
    """The hands of a set of the player's and when they were dealt, in order."""
    query = select(HAND.c.id, HAND.c.dealt_at).where(HAND.c.user_id == user_id, HAND.c.session_id == session_id)
    return [(row[0], row[1]) for row in await db.execute(query.order_by(HAND.c.number))]


async def families(db: AsyncSession, user_id: UUID) -> list[tuple[str, str]]:
    """(family, pot type) of the solutions that the player has met."""
    query = select(HAND.c.family, HAND.c.pot_type).where(HAND.c.user_id == user_id).distinct()
    return sorted((row[0], row[1]) for row in await db.execute(query))


async def theme_losses(db: AsyncSession, user_id: UUID | None, since: datetime | None) -> dict[Theme, list[HandLoss]]:
    """Losses by theme, whole hands: of one player, or (None) of the latest hands of everybody."""
    of_hand = (DECISION.c.street, DECISION.c.situation, DECISION.c.hand_id)
    query = select(*of_hand, func.count(), func.sum(DECISION.c.loss_bb)).where(
        DECISION.c.answered_at.is_not(None), DECISION.c.situation.is_not(None)
    )
    if user_id is not None:
        query = query.where(DECISION.c.user_id == user_id)
    else:
        latest = select(HAND.c.id).where(HAND.c.mode == "hands", HAND.c.finished_at.is_not(None))
        query = query.where(
            DECISION.c.hand_id.in_(latest.order_by(HAND.c.finished_at.desc(), HAND.c.id).limit(_POPULATION))
        )
    if since is not None:
        query = query.where(DECISION.c.answered_at >= since)
    found: dict[Theme, list[HandLoss]] = defaultdict(list)
    for row in await db.execute(query.group_by(*of_hand).order_by(DECISION.c.hand_id)):
        found[row[0], row[1]].append(HandLoss(row[3], float(row[4])))
    return found


async def theme_scores(
    db: AsyncSession, user_id: UUID, since: datetime | None
) -> dict[Theme, tuple[float, float, int]]:
    """(sum of losses, sum of difficulties, wrong plays and blunders) of the scored decisions by theme, bb."""
    wrong = func.count().filter(DECISION.c.grade.in_(("wrong", "blunder")))
    query = (
        select(
            DECISION.c.street,
            DECISION.c.situation,
            func.sum(DECISION.c.loss_bb),
            func.sum(DECISION.c.difficulty_bb),
            wrong,
        )
        .where(DECISION.c.user_id == user_id, DECISION.c.answered_at.is_not(None), DECISION.c.grade != "uncertain")
        .where(DECISION.c.situation.is_not(None))
        .group_by(DECISION.c.street, DECISION.c.situation)
    )
    if since is not None:
        query = query.where(DECISION.c.answered_at >= since)
    return {(row[0], row[1]): (float(row[2]), float(row[3]), int(row[4])) for row in await db.execute(query)}
