"""What is stored of a player's sets and hands, read for the service and its likes."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.infra import events
from services.infra.errors import Conflict, FieldError, Invalid, NotFound
from services.training import repository
from services.training.hand import Hand, answer_of, fold
from services.training.models import DecisionRow, SessionRow
from services.training.views import Answer


class Records:
    """Reading, with the errors that a player is told."""

    async def answers(self, db: AsyncSession, user_id: UUID, session_id: UUID) -> list[Answer]:
        """Every answer of a session in order."""
        if await repository.session(db, user_id, session_id) is None:
            raise NotFound("there is no such session")
        hands = [await self._hand(db, hand_id) for hand_id in await repository.hand_ids(db, session_id)]
        return [answer_of(event) for hand in hands for event in hand.graded]

    async def sessions(
        self, db: AsyncSession, user_id: UUID, limit: int = 20, before: UUID | None = None
    ) -> list[SessionRow]:
        """The player's sets, newest first."""
        return await repository.sessions(db, user_id, limit, before)

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


def time_out_action(actions: tuple[str, ...]) -> str:
    """What is played for somebody whose time is over."""
    return "check" if "check" in actions else "fold"
