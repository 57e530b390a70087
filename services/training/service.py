"""Training: sets of hands against stored strategies, graded by EV. One door for the pages and for REST.

Every method runs in the caller's transaction and never commits. ``act`` writes the grade and nothing else, so that an
answer is safe before anybody waits for villain; ``advance`` plays on. Both are idempotent, and a hand that was left
between the two is finished by the next ``current``. Whoever writes holds the lock of the session's row; what takes long
(rivers are solved when they are met) is done before the lock is taken, and while hero thinks it is prepared.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

import services.training.projections  # noqa: F401  # pyright: ignore[reportUnusedImport] registers itself
from services.accounts.service import role_of
from services.accounts.sessions import Role
from services.infra import clock, events
from services.infra.db import transaction
from services.infra.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from services.infra.settings import get_settings
from services.solutions import reservations
from services.solutions.catalog import SolutionGone, SolutionInfo
from services.solutions.reservations import BoardKept
from services.solutions.service import get_strategies
from services.training import repository
from services.training.ahead import LookAhead
from services.training.deals import commitment, derive, new_seed
from services.training.drills import drill_started
from services.training.events import DecisionGraded, DecisionRetried, HandDealt, Queued, SessionFinished, SessionStarted
from services.training.hand import Hand, answer_of, fold
from services.training.models import SessionRow
from services.training.open_sets import make_room
from services.training.planned import deal_planned, play_until, prepare_planned, until_of
from services.training.play import Continuation, Deal, Strategies, deal_hand, is_over, outcome
from services.training.queued import deal_queued
from services.training.ranked import KIND_OF, LATE, RankedSets
from services.training.reasons import load_kernels
from services.training.records import Records, check_action, check_room, time_out_action
from services.training.redaction import summary_shown
from services.training.summary import summarise
from services.training.tables import (
    decision_offered,
    hand_finished,
    judged_at,
    judged_hand,
    kind_of,
    plan_of,
    set_is_over,
)
from services.training.views import Answer, DrillSpec, Fairness, Mode, Summary, Table

SUMMARY_KEPT = timedelta(hours=1)
"""How long a finished set is what ``current`` shows."""

_POPULATION = 2000


class TrainingService(Records):
    """Deals, grades and keeps hands; see the module."""

    def __init__(self, strategies: Strategies, *, look_ahead: bool = True) -> None:
        self._strategies = strategies
        self._ahead = LookAhead(strategies, enabled=look_ahead)
        self.ranked = RankedSets(strategies)
        self._kernels_loaded = False

    # -- what a player does ------------------------------------------------------------------------------------------

    async def start(
        self, db: AsyncSession, user_id: UUID, mode: Mode = "hands", drill: DrillSpec | None = None
    ) -> Table:
        """The first decision of a new set; a set of the same kind that is still open is resumed instead.

        Raises:
            Forbidden: Ranked play by a guest.
            Invalid: A drill without a spot, or with too many.
            NotFound: A drill names a decision that is not an answered one of the player's own, or a solution that they
                may not see.
            BoardKept: A drill of a board on which a ranked set runs.
            Unavailable: There is nothing to deal, or the ranked set is still being drawn.
        """
        await repository.lock_player(db, user_id, mode)
        if mode in KIND_OF:
            return await self._start_ranked(db, user_id, mode)
        if drill is not None:
            await make_room(db, user_id)
            return await self._start_drill(db, user_id, drill)
        session = await repository.newest_session(db, user_id, ["hands"])
        if session is not None and (table := await self._resume_or_end(db, session)) is not None:
            return table
        started = SessionStarted(mode="hands", set_size=get_settings().set_size)
        return await self._open(db, user_id, started, self._ahead.take_seed(await self._library(db)))

    async def start_queue(self, db: AsyncSession, user_id: UUID, queue: Sequence[Queued]) -> Table:
        """The first decision of a set whose decisions are drawn one by one, each when its turn comes.

        Raises:
            Unavailable: There is nothing to deal.
        """
        await repository.lock_player(db, user_id, "hands")
        await make_room(db, user_id)
        started = SessionStarted(mode="drill", set_size=len(queue), queue=tuple(queue))
        return await self._open(db, user_id, started, new_seed())

    async def current(
        self, db: AsyncSession, user_id: UUID, mode: Mode = "hands", *, place: int = 1, named: str = ""
    ) -> Table | None:
        """The table to resume, played on if it was left between two commits; None when there is none any more.

        ``named`` is the id of a set of one's own that comes before the newest one, as long as it is open.
        """
        if named and (session := await repository.named_session(db, user_id, named)) is not None:
            return await self._resume_or_end(db, session)
        if mode in KIND_OF:
            session = await self.ranked.session(db, user_id, KIND_OF[mode])
        else:
            since = clock.now() - SUMMARY_KEPT
            session = await repository.newest_session(
                db, user_id, ["hands", "drill"], finished_since=since, place=place
            )
        return None if session is None else await self._resume_or_end(db, session)

    async def act(
        self, db: AsyncSession, user_id: UUID, decision_id: UUID, action: str, session_id: UUID | None = None
    ) -> Answer:
        """Grade an action and commit to it; the same action again gives the same answer.

        Raises:
            NotFound: No such decision of this player, or not in the session that was named.
            Conflict: The decision was answered with another action, or its time is over.
            Invalid: The action is not among the decision's actions.
        """
        row = await self._decision(db, user_id, decision_id)
        if session_id not in (None, row.session_id):
            raise NotFound("there is no such decision in this session")
        # what is answered never changes again, so that a repeated answer need not queue for the lock
        lock = row.answered_at is None
        session = await repository.session(db, user_id, row.session_id, lock=lock)
        hand = await self._hand(db, row.hand_id)
        if (given := next((one for one in hand.graded if one.decision_id == decision_id), None)) is not None:
            if (given.chose or given.action) != action or given.timed_out:
                raise Conflict("this decision was answered already", code="decision-answered")
            return await self._shown(db, hand, answer_of(given))
        if session is None or session.finished_at is not None:
            raise Conflict("this set is over", code="set-over")
        if row.deadline is not None and clock.now() > row.deadline + LATE:
            raise Conflict("the time for this decision is over", code="decision-timed-out")
        return await self._shown(db, hand, answer_of(await self._grade(db, session, hand, user_id, action)))

    async def time_over(self, db: AsyncSession, user_id: UUID, decision_id: UUID) -> Table:
        """The player's clock says that a decision's time is over: check or fold, if the server's says so too.

        Raises:
            NotFound: No such decision of this player.
        """
        row = await self._decision(db, user_id, decision_id)
        session = await repository.session(db, user_id, row.session_id, lock=True)
        if session is None:
            raise NotFound("there is no such session")
        hand = await self._hand(db, row.hand_id)
        pending, deadline = hand.pending, row.deadline
        if pending is not None and pending.decision_id == decision_id and deadline and clock.now() >= deadline:
            await self._grade(db, session, hand, user_id, time_out_action(pending.actions), timed_out=True)
            session, hand = await self._lock(db, session), await self._hand(db, row.hand_id)
        return await self._table(db, session, hand)

    async def retry(self, db: AsyncSession, user_id: UUID, decision_id: UUID, action: str) -> Answer:
        """Take an answered decision back and grade another action: recorded, never counted; the hand goes on as it was.

        Raises:
            NotFound: No such decision of this player.
            Conflict: It was not answered yet.
            BoardKept: A ranked set runs on its board.
            Forbidden: The hand was tried again too often.
            Invalid: The action is not among the decision's actions.
        """
        row = await self._decision(db, user_id, decision_id)
        (await reservations.kept(db)).check(row.board)
        session = await repository.session(db, user_id, row.session_id, lock=True)
        hand = await self._hand(db, row.hand_id)
        given = next((one for one in hand.graded if one.decision_id == decision_id), None)
        if given is None or session is None:
            raise Conflict("this decision waits for its first answer", code="decision-open")
        check_room(hand)
        check_action(action, (*(one.action for one in given.rows), *row.actions))
        judged = await judged_at(self._strategies, session, hand, given.line, given.die, action)
        again = DecisionRetried(**judged_hand(hand, decision_id), **judged)
        await events.append(db, hand.id, "hand", hand.version, [again], user_id)
        return answer_of(again)

    async def advance(self, db: AsyncSession, user_id: UUID, hand_id: UUID) -> Table:
        """Play villain and the cards up to hero's next decision or the end.

        Raises:
            NotFound: No such hand of this player.
        """
        session, hand = await self._load(db, user_id, hand_id)
        if hand.pending is None and hand.finished is None and session.finished_at is None:
            return await self._advance(db, session, hand)
        return await self._table(db, session, hand)

    async def next_hand(self, db: AsyncSession, user_id: UUID, session_id: UUID) -> Table:
        """Deal the next hand; the present table when it is not over or the set is.

        Raises:
            NotFound: No such session of this player.
            Conflict: Ranges are painted in this one (``services.training.ranges``).
        """
        session = await repository.session(db, user_id, session_id, lock=True)
        if session is None:
            raise NotFound("there is no such session")
        if session.mode == "range":
            raise Conflict("ranges are painted in this set, no hands played", code="other-mode")
        table = await self._resume(db, session)
        if table.status != "ended":
            return table
        if session.set_id is not None and clock.now() >= (await self.ranked.set_of(db, session)).closes_at:
            await self._finish_session(db, session)
            return await self._resume(db, await self._lock(db, session))
        return await self._deal(db, session)

    async def table(self, db: AsyncSession, user_id: UUID, hand_id: UUID) -> Table:
        """A hand as it stands; nothing is played on."""
        return await self._table(db, *await self._load(db, user_id, hand_id))

    async def finish(self, db: AsyncSession, user_id: UUID, session_id: UUID) -> Summary:
        """End a set of one's own early; a ranked set can't be ended."""
        session = await repository.session(db, user_id, session_id, lock=True)
        if session is None:
            raise NotFound("there is no such session")
        if session.set_id is not None:
            raise Conflict("a ranked set ends with its week or day", code="ranked-set")
        if session.finished_at is None:
            await self._finish_session(db, session)
        return await self.summary(db, user_id, session_id)

    # -- what a player looks at --------------------------------------------------------------------------------------

    async def summary(self, db: AsyncSession, user_id: UUID, session_id: UUID) -> Summary:
        """The set in figures, at any time.

        Raises:
            NotFound: No such session of this player.
        """
        session = await repository.session(db, user_id, session_id)
        if session is None:
            raise NotFound("there is no such session")
        answered = await repository.answered(db, session_id)
        population = await repository.population(db, session.mode, _POPULATION)
        return summary_shown(summarise(session, answered, population), await reservations.kept(db))

    async def fairness(self, db: AsyncSession, user_id: UUID, hand_id: UUID) -> Fairness:
        """The hand's commitment; its seed after the hand (ranked: the set's seed, after its close)."""
        _, hand = await self._load(db, user_id, hand_id)
        seed = None if hand.finished is None else hand.finished.seed
        if hand.dealt.set_id is not None:
            seed = (await self.ranked.proof(db, hand.dealt.set_id)).seed
        return Fairness(hand.id, hand.dealt.commitment, seed)

    async def settle(self, db: AsyncSession, user_id: UUID, session_id: UUID) -> None:
        """Answer a set's decision by a check or a fold where its time is over."""
        session = await repository.session(db, user_id, session_id, lock=True)
        if session is not None:
            await self._resume_or_end(db, session)

    async def warm(self) -> None:
        """Prepare the first hand of the next player, and load the kernels that the first answer needs."""
        if not self._kernels_loaded:
            await asyncio.to_thread(load_kernels)
            self._kernels_loaded = True
        async with transaction() as db:
            library = await self._library(db)
        self._ahead.prepare_first(library)

    async def settled(self) -> None:
        """Wait until everything that is being prepared is."""
        await self._ahead.settled()

    # -- sets --------------------------------------------------------------------------------------------------------

    async def _start_drill(self, db: AsyncSession, user_id: UUID, drill: DrillSpec) -> Table:
        """Open a drill; of two tables each is a set of its own with half of the count."""
        started = await drill_started(self._strategies, db, user_id, drill)
        if started.mode == "range":
            raise Invalid("whole ranges are painted, not played", code="range-drill")
        if drill.plan is None or drill.plan.tables == 1 or started.drill or started.set_size == 1:
            return await self._open(db, user_id, started, new_seed())
        second = started.set_size // 2
        await self._open(db, user_id, started.model_copy(update={"place": 2, "set_size": second}), new_seed())
        first = started.model_copy(update={"set_size": started.set_size - second})
        return await self._open(db, user_id, first, new_seed())

    async def _start_ranked(self, db: AsyncSession, user_id: UUID, mode: Mode) -> Table:
        if await role_of(db, user_id) == Role.GUEST:
            raise Forbidden("ranked sets are for members: create an account first", code="members-only")
        session = await self.ranked.session(db, user_id, KIND_OF[mode])
        if session is not None:
            return await self._resume(db, session)
        running = await self.ranked.running(db, KIND_OF[mode])
        started = SessionStarted(mode=mode, set_size=running.items, set_id=running.id)
        return await self._open(db, user_id, started, new_seed())

    async def _open(self, db: AsyncSession, user_id: UUID, started: SessionStarted, seed: bytes) -> Table:
        session_id = clock.new_id()
        await events.append(db, session_id, "session", 0, [started], user_id)
        await repository.put_seed(db, session_id, seed)
        session = await repository.session(db, user_id, session_id, lock=True)
        assert session is not None
        return await self._deal(db, session)

    async def _resume(self, db: AsyncSession, session: SessionRow) -> Table:
        hand_id = await repository.newest_hand_id(db, session.id)
        if hand_id is None:
            return await self._deal(db, session)
        hand = await self._hand(db, hand_id)
        if session.finished_at is not None:
            return await self._table(db, session, hand)
        deadline = None if hand.pending is None else hand.pending.deadline
        if deadline is not None and clock.now() > deadline + LATE:
            await self._lock(db, session)
            hand = await self._hand(db, hand_id)
            if hand.pending is not None:
                played = time_out_action(hand.pending.actions)
                await self._grade(db, session, hand, session.user_id, played, timed_out=True)
                hand = await self._hand(db, hand_id)
        if hand.pending is None and hand.finished is None:
            return await self._advance(db, session, hand)
        return await self._table(db, session, hand)

    async def _resume_or_end(self, db: AsyncSession, session: SessionRow) -> Table | None:
        """`_resume`; None where the solution was deleted that the hand is dealt from, which ends the set."""
        try:
            return await self._resume(db, session)
        except SolutionGone:
            session = await self._lock(db, session)
            if session.finished_at is None:
                await self._finish_session(db, session)
            return None

    async def _finish_session(self, db: AsyncSession, session: SessionRow) -> None:
        finished = SessionFinished(decisions=session.decisions)
        await events.append(db, session.id, "session", 1, [finished], session.user_id)

    # -- hands -------------------------------------------------------------------------------------------------------

    async def _deal(self, db: AsyncSession, session: SessionRow) -> Table:
        """Deal the next hand of a locked session."""
        number = session.hands + 1
        seed = derive((await repository.seed(db, session.id)).seed, f"hand {number}")
        start: tuple[str, ...] = ()
        committed = commitment(seed)
        item_id, die, queued = None, None, None
        plan = None if session.drill else plan_of(session)
        until = until_of(plan, whole=session.whole)
        if session.set_id is not None:
            ranked = await self.ranked.deal(db, session, number, seed)
            deal, start, committed = ranked.deal, ranked.start, ranked.commitment
            item_id, die = ranked.item_id, ranked.die
        elif plan is not None:
            planned = await deal_planned(self._strategies, seed, plan, await self._pool(db, session))
            deal, start = planned.deal, planned.start
        elif session.whole:
            deal = await deal_hand(self._strategies, seed, await self._pool(db, session))
        elif session.queue:
            queued = Queued.model_validate_json(json.dumps(session.queue[number - 1]))
            library = await self._library(db)
            deal, start = await deal_queued(self._strategies, db, session.user_id, library, queued, seed)
        elif session.drill:
            decision = await self._decision(db, session.user_id, session.drill[number - 1])
            (await reservations.kept(db)).check(decision.board)
            original = (await self._hand(db, decision.hand_id)).dealt
            deal = Deal(original.solution_id, original.hero, original.hero_combo, None, seed)
            start = tuple(decision.line)
        else:
            raise Unavailable("this drill has no spots left", code="drill-empty")
        info = await self._strategies.info(deal.solution_id)
        hand_id = clock.new_id()
        dealt = HandDealt(
            session_id=session.id,
            number=number,
            mode=kind_of(session),
            whole=until == "end",
            until=until,
            solution_id=deal.solution_id,
            family=info.family,
            pot_type=info.pot_type,
            positions=info.positions,
            big_blind=info.big_blind,
            board=info.board,
            start=start,
            hero=deal.hero,
            hero_combo=deal.hero_combo,
            commitment=committed,
            item_id=item_id,
            set_id=session.set_id,
            queued=queued,
        )
        continuation = await play_until(self._strategies, plan_of(session), deal, start, until)
        await repository.put_seed(db, hand_id, deal.seed, deal.villain_combo)
        stored = await events.append(db, hand_id, "hand", 0, [dealt], session.user_id)
        return await self._continue(db, session, fold(stored), deal, continuation, die=die)

    async def _advance(self, db: AsyncSession, session: SessionRow, hand: Hand) -> Table:
        """Play on a hand that waits for villain, a card or its end, unless another tab just did."""
        kept = await repository.seed(db, hand.id)
        deal = Deal(hand.dealt.solution_id, hand.dealt.hero, hand.dealt.hero_combo, kept.villain_combo, kept.seed)
        plan, until = plan_of(session), hand.dealt.ends
        continuation = await play_until(self._strategies, plan, deal, hand.line, until) if until != "decision" else None
        session = await self._lock(db, session)
        now = await self._hand(db, hand.id)
        if now.version != hand.version and (now.pending is not None or now.finished is not None):
            return await self._table(db, session, now)
        return await self._continue(db, session, now, deal, continuation)

    async def _continue(
        self,
        db: AsyncSession,
        session: SessionRow,
        hand: Hand,
        deal: Deal,
        continuation: Continuation | None,
        die: int | None = None,
    ) -> Table:
        """Append what happened; None: the hand was one decision and is over."""
        happened: list[events.Event] = [] if continuation is None else list(continuation.events)
        over = continuation is None or is_over(continuation.position) or continuation.position.kind == "deal"
        if continuation is None or continuation.position.kind == "deal":
            happened.append(hand_finished(hand, deal, None, winner=-1, net=0, rake=0))
        elif over:
            end = await outcome(self._strategies, deal, continuation)
            happened.append(hand_finished(hand, deal, end.result, winner=end.winner, net=end.net, rake=end.rake))
        else:
            deadline = None if session.set_id is None else await self.ranked.deadline(db, session)
            happened.append(decision_offered(session, hand, deal, continuation, die, deadline))
        stored = await events.append(db, hand.id, "hand", hand.version, happened, session.user_id)
        for one in stored:
            hand = hand.after(one.event)
        session = await self._lock(db, session)
        if over and set_is_over(session) and session.finished_at is None:
            await self._finish_session(db, session)
            session = await self._lock(db, session)
        if continuation is not None:
            await self._look_ahead(db, session, deal, hand)
        return await self._table(db, session, hand)

    async def _look_ahead(self, db: AsyncSession, session: SessionRow, deal: Deal, hand: Hand) -> None:
        following: bytes | None = None
        upcoming: list[SolutionInfo] = []
        plan = None if session.drill else plan_of(session)
        if session.set_id is not None:
            if (place := await self.ranked.following(db, session)) is not None:
                self._ahead.prepare_spot(session.id, *place)
        elif plan is not None or session.whole:
            try:
                upcoming = await self._pool(db, session)
            except BoardKept:  # said when the next hand is asked for
                pass
            else:
                following = derive((await repository.seed(db, session.id)).seed, f"hand {session.hands + 1}")
                if plan is not None:
                    ready = prepare_planned(self._strategies, plan, following, upcoming)
                    self._ahead.prepare_next(session.id, ready)
                    following = None
        self._ahead.prepare(session.id, deal, hand, following, upcoming)

    # -- decisions ---------------------------------------------------------------------------------------------------

    async def _grade(
        self, db: AsyncSession, session: SessionRow, hand: Hand, user_id: UUID, action: str, *, timed_out: bool = False
    ) -> DecisionGraded:
        """Grade the pending decision of a hand whose session is locked."""
        pending = hand.pending
        assert pending is not None
        check_action(action, pending.actions)
        judged = await judged_at(self._strategies, session, hand, pending.line, pending.die, action)
        graded = DecisionGraded(
            **judged_hand(hand, pending.decision_id),
            **judged,
            **await self.ranked.marks(db, hand, user_id, judged),
            timed_out=timed_out,
        )
        await events.append(db, hand.id, "hand", hand.version, [graded], user_id)
        if hand.dealt.ends == "end":
            kept = await repository.seed(db, hand.id)
            deal = Deal(hand.dealt.solution_id, hand.dealt.hero, hand.dealt.hero_combo, kept.villain_combo, kept.seed)
            self._ahead.follow(graded.session_id, deal, (*pending.line, graded.action))
        return graded


@lru_cache(maxsize=1)
def get_training() -> TrainingService:
    """The service of this process."""
    return TrainingService(get_strategies())
