"""The fair-play check of a ranked set, for administrators: who had to do with its boards, and what was marked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.accounts import administration
from services.infra.errors import NotFound
from services.ratings import repository as boards
from services.solutions import reservations, study
from services.training import ranked_repository
from solver.cards import cards_to_text


@dataclass(frozen=True, slots=True)
class Study:
    """What an account did on a day with a board of the set.

    Attributes:
        kind: ``look``: opened a solution. ``solve``: asked for one. ``refused``: was told that the board is kept.
        marked_decisions: Of the account in this set, on whatever board.
    """

    user_id: UUID
    name: str
    board: str
    kind: str
    times: int
    last_at: datetime
    marked_decisions: int


@dataclass(frozen=True, slots=True)
class Report:
    """The boards of a set, and everybody who had to do with them, the latest first."""

    boards: tuple[str, ...]
    studies: tuple[Study, ...]


async def report(db: AsyncSession, set_id: str) -> Report:
    """The report of a set.

    Raises:
        NotFound: There is no such set.
    """
    row = await ranked_repository.ranked_set(db, set_id)
    if row is None:
        raise NotFound("there is no such set")
    kept = await reservations.boards_of(db, set_id)
    found = await study.of_boards(db, kept, row.opens_at, row.closes_at)
    names = await administration.names_of(db, list({one.user_id for one in found}))
    marked = (await boards.answers(db, set_id)).studied
    return Report(
        boards=tuple(cards_to_text(board) for board in kept),
        studies=tuple(
            Study(
                user_id=one.user_id,
                name=names.get(one.user_id, ""),
                board=one.board,
                kind=one.kind,
                times=one.times,
                last_at=one.last_at,
                marked_decisions=marked.get(one.user_id, 0),
            )
            for one in found
        ),
    )
