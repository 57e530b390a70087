"""What is stored of a player's sets and hands, read for the service and its likes."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.infra import events
from services.infra.errors import Conflict, FieldError, Forbidden, Invalid, NotFound, Unavailable
from services.solutions import reservations
from services.solutions.catalog import SolutionInfo
from services.training import repository
from services.training.drills import pool
from services.training.hand import Hand, answer_of, fold
from services.training.models import DecisionRow, SessionRow
from services.training.play import Strategies
from services.training.redaction import table_shown, withheld
from services.training.tables import plan_of, table_of
from services.training.views import Answer, Table

MOST_EVENTS = 200
"""Of a hand. Playing one takes a few dozen; tries again are the rest, and who looks at the hand reads all of them."""


class Records:
    """Reading, with the errors that a player is told."""

    _strategies: Strategies

    async def answers(self, db: AsyncSession, user_id: UUID, session_id: UUID) -> list[Answer]:
        """Every answer of a session in order."""
        if await repository.session(db, user_id, session_id) is None:
            raise NotFound("there is no such session")
        kept = await reservations.kept(db)
        answers: list[Answer] = []
        for hand_id in await repository.hand_ids(db, session_id):
            hand = await self._hand(db, hand_id)
            board = (await self._strategies.info(hand.dealt.solution_id)).board
            answers += [withheld(answer_of(event), kept, board) for event in hand.graded]
        return answers

    async def is_ranked(self, db: AsyncSession, user_id: UUID, session_id: UUID) -> bool:
        """Whether a set counts on a board; not where the player has no such set."""
        session = await repository.session(db, user_id, session_id)
        return session is not None and session.set_id is not None

    async def _library(self, db: AsyncSession) -> list[SolutionInfo]:
        """What may be practised now."""
        kept = await reservations.kept(db)
        library = kept.open([info for info in await self._strategies.list() if info.source == "library"])
        if not library:
            raise Unavailable("there are no spots to deal: build the library first", code="library-empty")
        return library

    async def _pool(self, db: AsyncSession, session: SessionRow) -> list[SolutionInfo]:
        """What hands of a set are dealt from.

        Raises:
            BoardKept: A drill of one solution, on whose board a ranked set runs by now.
        """
        if (plan := plan_of(session)) is not None and not session.drill:
            return await pool(self._strategies, plan, await reservations.kept(db), session.solution_id)
        if session.solution_id is None:
            return await self._library(db)
        info = await self._strategies.info(session.solution_id)
        (await reservations.kept(db)).check(info.board)
        return [info]

    async def _table(self, db: AsyncSession, session: SessionRow, hand: Hand) -> Table:
        """The table as it may be shown now."""
        return table_shown(await table_of(self._strategies, session, hand), await reservations.kept(db))

    async def _shown(self, db: AsyncSession, hand: Hand, answer: Answer) -> Answer:
        """An answer as it may be shown now."""
        info = await self._strategies.info(hand.dealt.solution_id)
        return withheld(answer, await reservations.kept(db), info.board)

    async def _decision(self, db: AsyncSession, user_id: UUID, decision_id: UUID) -> DecisionRow:
        row = await repository.decision(db, user_id, decision_id)
        if row is None:
            raise NotFound("there is no such decision")
        return row

    async def _hand(self, db: AsyncSession, hand_id: UUID) -> Hand:
        return fold(await events.load(db, hand_id))

    async def _load(self, db: AsyncSession, user_id: UUID, hand_id: UUID) -> tuple[SessionRow, Hand]:
        row = await repository.hand(db, user_id, hand_id)
        session = None if row is None else await repository.session(db, user_id, row.session_id)
        if session is None:
            raise NotFound("there is no such hand")
        return session, await self._hand(db, hand_id)

    async def _lock(self, db: AsyncSession, session: SessionRow) -> SessionRow:
        """The session as it is now, locked until the transaction ends."""
        locked = await repository.session(db, session.user_id, session.id, lock=True)
        if locked is None:  # a guest's hands moved into an account meanwhile
            raise Conflict("this session moved to another account", code="session-moved")
        return locked


def check_action(action: str, actions: tuple[str, ...]) -> None:
    """Let an action pass that the decision has.

    Raises:
        Invalid: It has none of this name.
    """
    if action not in actions:
        problem = FieldError("action", f"{action[:40]!a} is no action here; actions are {', '.join(actions)}")
        raise Invalid("this action is not possible", code="no-such-action", errors=[problem])


def check_room(hand: Hand) -> None:
    """Let a hand be tried again that was not tried too often.

    Raises:
        Forbidden: It has as many events as it may have.
    """
    if hand.version >= MOST_EVENTS:
        raise Forbidden("this hand was tried again often enough", code="too-many-retries")


def time_out_action(actions: tuple[str, ...]) -> str:
    """What is played for somebody whose time is over."""
    return "check" if "check" in actions else "fold"
