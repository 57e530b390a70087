"""Training: sets of hands against stored strategies, graded by EV. One door for the pages and for REST.

Every method runs in the caller's transaction and never commits. ``act`` writes the grade and nothing else, so that an
answer is safe before anybody waits for villain; ``advance`` plays on. Both are idempotent, and a hand that was left
between the two is finished by the next ``current``.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.training.views import Answer, DrillSpec, Fairness, Mode, Summary, Table, WeekProgress


class TrainingService:
    """Deals, grades and keeps hands."""

    async def start(
        self, db: AsyncSession, user_id: UUID, mode: Mode = "hands", drill: DrillSpec | None = None
    ) -> Table:
        """The first decision of a new set; a set of the same kind that is still open is resumed instead.

        Raises:
            Forbidden: Ranked play by a guest.
            NotFound: A drill names a decision that is not an answered one of the player's own.
        """
        raise NotImplementedError

    async def current(self, db: AsyncSession, user_id: UUID, mode: Mode = "hands") -> Table | None:
        """The table to resume, played on if it was left between two commits; None when there is none."""
        raise NotImplementedError

    async def act(self, db: AsyncSession, user_id: UUID, decision_id: UUID, action: str) -> Answer:
        """Grade an action and commit to it; the same action again gives the same answer.

        Raises:
            NotFound: No such decision of this player.
            Conflict: The decision was answered with another action, or its time is over.
            Invalid: The action is not among the decision's actions.
        """
        raise NotImplementedError

    async def retry(self, db: AsyncSession, user_id: UUID, decision_id: UUID, action: str) -> Answer:
        """Take an answered decision back and grade another action: recorded, never counted; the hand goes on as it was."""
        raise NotImplementedError

    async def advance(self, db: AsyncSession, user_id: UUID, hand_id: UUID) -> Table:
        """Play villain and the cards up to hero's next decision or the end."""
        raise NotImplementedError

    async def next_hand(self, db: AsyncSession, user_id: UUID, session_id: UUID) -> Table:
        """Deal the next hand; the present table when it is not over or the set is."""
        raise NotImplementedError

    async def table(self, db: AsyncSession, user_id: UUID, hand_id: UUID) -> Table:
        """A hand as it stands."""
        raise NotImplementedError

    async def summary(self, db: AsyncSession, user_id: UUID, session_id: UUID) -> Summary:
        """The set in figures, at any time."""
        raise NotImplementedError

    async def fairness(self, db: AsyncSession, user_id: UUID, hand_id: UUID) -> Fairness:
        """The hand's commitment; its seed after the hand (ranked: after the week)."""
        raise NotImplementedError

    async def week(self, db: AsyncSession, user_id: UUID) -> WeekProgress:
        """The player's way through this week's ranked set."""
        raise NotImplementedError


_training = TrainingService()


def get_training() -> TrainingService:
    """The service of this process."""
    return _training
