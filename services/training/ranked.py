"""The ranked sets of weeks and days: drawn and committed to beforehand, dealt to everybody alike, opened afterwards.

A set is drawn from a new seed some time before it opens and stored whole; with it goes the fingerprint of its seed,
pool and spots (``ranked_draw.committed``), public from then on. From its opening to its close the boards it is played
on are kept (``services.solutions.reservations``). After the close seed, pool and spots are public, and ``verify`` draws
the set again from the seed alone. A set whose period began before anybody could draw it (a new installation) opens when
it is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.infra import clock
from services.infra.db import transaction
from services.infra.errors import Conflict, NotFound, Unavailable
from services.infra.log import get_logger
from services.infra.settings import get_settings
from services.infra.waiting import Line
from services.ratings import live
from services.ratings.periods import KINDS, Kind, Period, period_named, period_of
from services.ratings.service import DAILY_HANDS
from services.solutions import reservations, study
from services.solutions.catalog import SolutionInfo
from services.training import ranked_repository as store
from services.training import repository
from services.training.deals import new_seed
from services.training.hand import Hand
from services.training.models import RankedSetRow, SessionRow
from services.training.play import Deal, Strategies
from services.training.ranked_draw import (
    RankedSpot,
    committed,
    draw_spots,
    hand_seed,
    kept_entries,
    pool_document,
    spot_document,
)
from services.training.ranked_proof import Proof, Verification, proof_of, verify
from services.training.views import Mode, RankedProgress

MODES: dict[Kind, Mode] = {"weekly": "ranked", "daily": "daily"}
KIND_OF: dict[Mode, Kind] = {mode: kind for kind, mode in MODES.items()}

LATE = timedelta(seconds=5)
"""An answer may arrive this long after its deadline: the network's share."""

NOTICE: dict[Kind, timedelta] = {"weekly": timedelta(hours=24), "daily": timedelta(hours=12)}
"""How long before it opens a set is drawn and its fingerprint published."""

REASONS: dict[Kind, str] = {"weekly": "this week's ranked set", "daily": "today's ten hands"}

STREAK_FROM = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Draft:
    """A set that was drawn and is not published yet."""

    period: Period
    seed: bytes
    pool: list[dict[str, Any]]
    kept: list[SolutionInfo]
    spots: list[RankedSpot]


@dataclass(frozen=True, slots=True)
class RankedDeal:
    """A spot of a set as a hand of somebody's; ``die`` None: drawn from the deal's seed."""

    item_id: UUID
    deal: Deal
    start: tuple[str, ...]
    die: int | None
    commitment: str


class RankedSets:
    """See the module. Methods that take ``db`` run in the caller's transaction and never commit."""

    def __init__(self, strategies: Strategies) -> None:
        self._strategies = strategies
        self._verifying = Line(1, of_one=1, in_all=20)
        self._verified: dict[str, Verification] = {}

    # -- making ------------------------------------------------------------------------------------------------------

    async def due(self, db: AsyncSession) -> Period | None:
        """The next period that should have a set by now and has none."""
        now = clock.now()
        for kind in KINDS:
            period = period_of(kind, now)
            coming = [period, period.following] if now >= period.ends - NOTICE[kind] else [period]
            for one in coming:
                if await store.ranked_set(db, one.name) is None:
                    return one
        return None

    async def pool(self, db: AsyncSession, period: Period) -> list[SolutionInfo]:
        """What a period's boards are drawn from: the library; for a day without what its week keeps."""
        library = [info for info in await self._strategies.list() if info.source == "library"]
        if period.kind == "daily":
            week = period_of("weekly", period.starts)
            taken = await reservations.boards_of(db, week.name)
            library = [info for info in library if not any(reservations.overlap(info.board, one) for one in taken)]
        return library

    async def draft(self, period: Period, pool: Sequence[SolutionInfo]) -> Draft:
        """Draw a period's set.

        Raises:
            Unavailable: The library is too small.
        """
        seed = new_seed()
        kept = kept_entries(seed, period.kind, pool)
        count = get_settings().weekly_items if period.kind == "weekly" else DAILY_HANDS
        spots = await draw_spots(self._strategies, seed, period.kind, kept, count)
        return Draft(period, seed, pool_document(pool), kept, spots)

    async def publish(self, db: AsyncSession, draft: Draft) -> bool:
        """Store a set with its fingerprint and keep its boards; False where the period has one already."""
        period, now = draft.period, clock.now()
        spots = [spot_document(spot) for spot in draft.spots]
        opens_at = max(period.starts, now)
        values = {
            "id": period.name,
            "kind": period.kind,
            "seed": draft.seed,
            "commitment": committed(period.name, draft.seed, draft.pool, spots),
            "items": len(draft.spots),
            "pool": draft.pool,
            "published_at": now,
            "opens_at": opens_at,
            "closes_at": period.ends,
        }
        if not await store.add_set(db, values, [_row(period.name, spot) for spot in draft.spots]):
            return False
        boards = [info.board for info in draft.kept]
        await reservations.keep(db, period.name, boards, REASONS[period.kind], opens_at, period.ends + LATE)
        live.publish_after_commit(db, period.name)
        get_logger().info("ranked_set_published", set_id=period.name, commitment=values["commitment"])
        return True

    async def prepare(self) -> None:
        """Draw and publish every set that is due; opens transactions of its own.

        Raises:
            Unavailable: The library is too small.
        """
        while True:
            async with transaction() as db:
                period = await self.due(db)
                pool = [] if period is None else await self.pool(db, period)
            if period is None:
                return
            draft = await self.draft(period, pool)
            async with transaction() as db:
                await self.publish(db, draft)

    # -- playing -----------------------------------------------------------------------------------------------------

    async def running(self, db: AsyncSession, kind: Kind) -> RankedSetRow:
        """The set that can be played now.

        Raises:
            Unavailable: It is still being drawn.
        """
        row = await store.ranked_set(db, period_of(kind, clock.now()).name)
        if row is None or row.opens_at > clock.now():
            raise Unavailable("this set is being drawn; try again in a minute", code="set-not-drawn")
        return row

    async def session(self, db: AsyncSession, user_id: UUID, kind: Kind) -> SessionRow | None:
        """The player's pass through the running set."""
        return await repository.ranked_session(db, user_id, period_of(kind, clock.now()).name)

    async def set_of(self, db: AsyncSession, session: SessionRow) -> RankedSetRow:
        """The set that a session passes through."""
        row = None if session.set_id is None else await store.ranked_set(db, session.set_id)
        if row is None:
            raise NotFound("there is no such set")
        return row

    async def deal(self, db: AsyncSession, session: SessionRow, number: int, seed: bytes) -> RankedDeal:
        """Spot ``number`` of a session's set; a decision's hand needs a ``seed`` of its own for nothing.

        Raises:
            NotFound: The set has no such spot.
        """
        running = await self.set_of(db, session)
        item = await store.item(db, running.id, number)
        if item is None:
            raise NotFound("this set has no further spot")
        whole = item.villain_combo is not None
        own = hand_seed(running.seed, number) if whole else seed
        deal = Deal(item.solution_id, item.hero, item.hero_combo, item.villain_combo, own)
        return RankedDeal(item.id, deal, tuple(item.line), None if whole else item.die, running.commitment)

    async def following(self, db: AsyncSession, session: SessionRow) -> tuple[UUID, tuple[str, ...]] | None:
        """Where the session's next spot is decided, if that is known: (solution, line)."""
        item = None if session.set_id is None else await store.item(db, session.set_id, session.hands + 1)
        return None if item is None or item.villain_combo is not None else (item.solution_id, tuple(item.line))

    async def deadline(self, db: AsyncSession, session: SessionRow) -> datetime:
        """When a decision that is offered now is answered for the player: the set's close at the latest."""
        row = await self.set_of(db, session)
        return min(clock.now() + timedelta(seconds=get_settings().ranked_decision_s), row.closes_at)

    async def marks(self, db: AsyncSession, hand: Hand, user_id: UUID, judged: dict[str, Any]) -> dict[str, Any]:
        """The fields of ``DecisionGraded`` that a board needs; none outside of ranked sets."""
        dealt = hand.dealt
        running = None if dealt.set_id is None else await store.ranked_set(db, dealt.set_id)
        if running is None:
            return {}
        info = await self._strategies.info(dealt.solution_id)
        return {
            "item_id": dealt.item_id,
            "set_id": running.id,
            "ranked_loss_pct": 100 * judged["loss"] / info.pot if dealt.whole else judged["loss_pct"],
            "studied": await study.studied(db, user_id, info.board, running.opens_at),
        }

    async def progress(self, db: AsyncSession, user_id: UUID | None, kind: Kind) -> RankedProgress:
        """A player's way through the running set; for nobody in particular only the set."""
        period = period_of(kind, clock.now())
        row = await store.ranked_set(db, period.name)
        session = None if user_id is None else await repository.ranked_session(db, user_id, period.name)
        items = row.items if row is not None else get_settings().weekly_items if kind == "weekly" else DAILY_HANDS
        return RankedProgress(
            set_id=period.name,
            kind=kind,
            items=session.set_size if session is not None else items,
            dealt=0 if session is None else session.hands,
            answered=0 if session is None else session.decisions,
            finished=session is not None and session.finished_at is not None,
            ready=row is not None and row.opens_at <= clock.now(),
            closes_at=period.ends,
            commitment="" if row is None else row.commitment,
            streak=await self._streak(db, user_id) if kind == "daily" and user_id is not None else 0,
        )

    async def _streak(self, db: AsyncSession, user_id: UUID) -> int:
        """Days in a row, up to today or yesterday, whose ten hands were all played."""
        now = clock.now()
        played = {name for name, whole in await store.days_played(db, user_id, now - STREAK_FROM) if whole}
        day = period_of("daily", now)
        if day.name not in played:
            day = day.before
        count = 0
        while day.name in played:
            count, day = count + 1, day.before
        return count

    # -- looking into ------------------------------------------------------------------------------------------------

    async def proofs(
        self, db: AsyncSession, kind: Kind | None, limit: int = 20, before: str | None = None
    ) -> list[Proof]:
        """Sets from the latest to open, without their spots; ``before`` is the id at which the list before ended."""
        start = None if before is None else (await self._known(db, before)).opens_at
        return [proof_of(row) for row in await store.sets(db, kind, limit, start)]

    async def proof(self, db: AsyncSession, set_id: str) -> Proof:
        """Everything that may be known of a set.

        Raises:
            NotFound: There is none of this id.
        """
        row = await self._known(db, set_id)
        items = await store.items(db, set_id) if clock.now() >= row.closes_at else []
        return proof_of(row, items)

    async def verify(self, set_id: str) -> Verification:
        """Hold a closed set against its fingerprint, and draw it again from its seed; opens a transaction of its own.

        Raises:
            NotFound: There is none of this id.
            Conflict: It is not closed yet.
        """
        async with transaction() as db:
            proof = await self.proof(db, set_id)
        if not proof.closed:
            raise Conflict(
                f"the seed is public from {proof.closes_at:%Y-%m-%d %H:%M} UTC on; until then nothing can be verified",
                code="set-running",
            )
        if set_id not in self._verified:
            async with self._verifying.turn(set_id):
                self._verified = {**self._verified, set_id: await verify(self._strategies, proof)}
        return self._verified[set_id]

    async def _known(self, db: AsyncSession, set_id: str) -> RankedSetRow:
        row = await store.ranked_set(db, set_id)
        if row is None:
            raise NotFound("there is no such set")
        return row


def _row(set_id: str, spot: RankedSpot) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(spot, name) for name in RankedSpot.__dataclass_fields__}
    return values | {"id": clock.new_id(), "set_id": set_id, "line": list(spot.line)}


def kind_named(set_id: str) -> Kind:
    """Whether an id is that of a week's or of a day's set.

    Raises:
        NotFound: It is neither.
    """
    try:
        return period_named(set_id).kind
    except ValueError as error:
        raise NotFound(str(error)) from None
