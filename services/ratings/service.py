"""Boards as pages and the API show them."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.infra import clock
from services.infra.db import transaction
from services.infra.errors import FieldError, Invalid
from services.infra.settings import get_settings
from services.ratings import repository
from services.ratings.leaderboard import INTERVAL_FROM, Standing, measured_shrinkage, standings
from services.ratings.live import SETTLE_S
from services.ratings.periods import Kind, Period, period_named, period_of

KEPT_S = SETTLE_S
"""How long computed standings are served. Not longer than the feed waits before it wakes pages, see ``live``."""

PAGE_LIMIT = 200

DAILY_HANDS = 10
"""Hands of a day's set, all of which a rank takes."""

_WEEKS_KEPT = 8


@dataclass(frozen=True, slots=True)
class Entry:
    """One player on a board.

    Attributes:
        rank: None for a player under the minimum.
        score_pct: % of pot per decision gained on the field, shrunk (see ``leaderboard``).
        interval_pct: The ends of its interval; None under 100 decisions, where it would promise too much.
        items: Spots answered: decisions of the week, hands of the day.
        studied: Decisions on a board whose solution the player had seen before: marked, and counted like the others.
    """

    player_id: UUID
    name: str
    rank: int | None
    score_pct: float
    interval_pct: tuple[float, float] | None
    decisions: int
    items: int
    studied: int


@dataclass(frozen=True, slots=True)
class Board:
    """A page of the board of a week or a day.

    Attributes:
        minimum: Spots needed for a rank.
        shrinkage: The k of the score.
        ranked: Players with a rank, on all pages together.
        entries: Ranked players of this page from the best down.
        viewer: The viewer's own entry wherever it is, also under the minimum; None without an answer.
        next_cursor: Where the next page starts; None on the last one.
    """

    period: Period
    minimum: int
    shrinkage: float
    ranked: int
    entries: tuple[Entry, ...]
    viewer: Entry | None
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class _Computed:
    shrinkage: float
    standings: list[Standing]


class Leaderboards:
    """The boards; one object per process, because it keeps computed standings for a second."""

    def __init__(self) -> None:
        self._computed: dict[str, tuple[float, asyncio.Task[_Computed]]] = {}
        self._shrinkage: dict[str, float] = {}

    async def board(
        self,
        db: AsyncSession,
        kind: Kind,
        set_id: str | None = None,
        *,
        viewer: UUID | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Board:
        """The board of the running week or day, or of an earlier one.

        Args:
            db: Reads the names of the players on the page.
            kind: Which board.
            set_id: The week or day; None: the running one.
            viewer: Whose own entry is wanted besides.
            limit: Entries on a page, 1 to ``PAGE_LIMIT``.
            cursor: ``next_cursor`` of the page before. It holds a place, not a number of rows, so that a page
                neither repeats nor skips players who kept their score while others moved.

        Raises:
            Invalid: A limit, cursor or set that is none.
        """
        if not 1 <= limit <= PAGE_LIMIT:
            raise Invalid(
                "the page size is out of range",
                errors=[FieldError("limit", f"{limit} is not allowed; a page has 1 to {PAGE_LIMIT} entries")],
            )
        period = period_of(kind, clock.now()) if set_id is None else _named(kind, set_id)
        computed = await self._standings(period)
        minimum = _minimum(kind)
        ranked = [standing for standing in computed.standings if standing.rank is not None]
        start = 0 if cursor is None else _after(ranked, cursor)
        page = ranked[start : start + limit]
        own = next((s for s in computed.standings if s.player == viewer), None)
        shown = [*page, own] if own is not None else page
        names = await repository.names(db, [standing.player for standing in shown])
        more = start + limit < len(ranked)
        return Board(
            period=period,
            minimum=minimum,
            shrinkage=computed.shrinkage,
            ranked=len(ranked),
            entries=tuple(_entry(standing, names) for standing in page),
            viewer=_entry(own, names) if own is not None else None,
            next_cursor=_cursor(page[-1]) if more else None,
        )

    async def _standings(self, period: Period) -> _Computed:
        """One computation at a time; a caller who leaves does not cancel it for the others.

        One that began longer ago than ``KEPT_S`` may lack an answer the caller was told of, even if it still runs: then
        the caller waits for its end and for the next one.
        """
        while True:
            fresh_until, task = self._computed.get(period.name, (0.0, None))
            fresh = time.monotonic() < fresh_until
            if task is not None and not fresh and not task.done():
                await asyncio.wait({task})
                continue
            if task is None or not fresh or (task.done() and task.exception() is not None):
                task = asyncio.create_task(self._compute(period), name=f"board {period.name}")
                kept = {name: one for name, one in self._computed.items() if one[0] > time.monotonic()}
                self._computed = kept | {period.name: (time.monotonic() + KEPT_S, task)}
            return await asyncio.shield(task)

    async def _compute(self, period: Period) -> _Computed:
        async with transaction() as db:
            shrinkage = await self._shrinkage_of(db, period)
            answers = await repository.answers(db, period.name)
        minimum = _minimum(period.kind)
        found = await asyncio.to_thread(standings, answers, minimum=minimum, shrinkage=shrinkage)
        return _Computed(shrinkage, found)

    async def _shrinkage_of(self, db: AsyncSession, period: Period) -> float:
        """A week's is measured on the week before, so that it stands still while a week runs; a day's is a setting."""
        if period.kind == "daily":
            return get_settings().daily_shrinkage
        if period.name not in self._shrinkage:
            answers = await repository.answers(db, period.before.name)
            measured = await asyncio.to_thread(measured_shrinkage, answers)
            self._shrinkage = dict(list(self._shrinkage.items())[-_WEEKS_KEPT:]) | {period.name: measured}
        return self._shrinkage[period.name]


def _minimum(kind: Kind) -> int:
    return get_settings().board_minimum if kind == "weekly" else DAILY_HANDS


def _named(kind: Kind, set_id: str) -> Period:
    try:
        period = period_named(set_id)
    except ValueError as error:
        raise Invalid("this is no set of the board", errors=[FieldError("set_id", str(error))]) from None
    if period.kind != kind or period.starts > clock.now():
        message = f"{set_id} is not among the {kind} sets up to now"
        raise Invalid("this is no set of the board", errors=[FieldError("set_id", message)])
    return period


@lru_cache(maxsize=1)
def get_leaderboards() -> Leaderboards:
    """The boards of this process."""
    return Leaderboards()


def _entry(standing: Standing, names: dict[UUID, str]) -> Entry:
    return Entry(
        player_id=standing.player,
        name=names.get(standing.player, ""),
        rank=standing.rank,
        score_pct=standing.score,
        interval_pct=(standing.low, standing.high) if standing.decisions >= INTERVAL_FROM else None,
        decisions=standing.decisions,
        items=standing.items,
        studied=standing.studied,
    )


def _cursor(standing: Standing) -> str:
    place = json.dumps([standing.score, standing.player.hex], separators=(",", ":"))
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _after(ranked: list[Standing], cursor: str) -> int:
    """The index of the first player behind the place ``cursor``.

    Raises:
        Invalid: It is no cursor of ours.
    """
    try:
        score, player = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        place = (-float(score), UUID(player))
    except (ValueError, TypeError, AttributeError) as error:
        raise Invalid(
            "the cursor is not one of this list", errors=[FieldError("cursor", "take next_cursor of the page before")]
        ) from error
    return sum((-standing.score, standing.player) <= place for standing in ranked)
