"""Who looked at which board: the fair-play check behind ranked play.

Recorded is what a player chose to see: opening a solution, playing hands of a chosen one, asking for a solve, and what
was refused because the board is kept. Not recorded is what the server dealt: everybody meets the library's boards in
practice. A ranked decision on a board that its player studied in the week before the set, or meanwhile, is marked. It
counts like every other, because nobody could know the board beforehand; the mark stands on the board for all to see,
and administrators see who looked at what, and who tried.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.infra import clock
from services.infra.db import transaction
from services.infra.errors import TooMany
from services.solutions import kept_repository
from services.solutions.models import StudyRow
from services.solutions.reservations import BoardKept, kept, overlap
from solver.cards import cards_to_text, parse_cards

Kind = Literal["look", "solve", "refused"]

LOOK_BACK = timedelta(days=7)
"""Before a set opens: what was studied in this time marks its decisions."""


async def admit(db: AsyncSession, user_id: UUID | None, board: Sequence[int], kind: Literal["look", "solve"]) -> None:
    """Let a player study a board and remember it; a kept board is refused and the attempt remembered.

    Raises:
        BoardKept: It is kept.
        TooMany: The player studied as many boards today as one may.
    """
    await pass_kept(db, user_id, board)
    moment = clock.now()
    if user_id is not None and not await kept_repository.record(
        db, user_id, cards_to_text(sorted(board)), kind, moment
    ):
        day = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        raise TooMany(
            f"you looked at {kept_repository.MOST_A_DAY:,} boards today, as many as anybody may; go on tomorrow",
            code="too-many-boards",
            retry_after_s=int((day + timedelta(days=1) - moment).total_seconds()) + 1,
        )


async def pass_kept(db: AsyncSession, user_id: UUID | None, board: Sequence[int]) -> None:
    """Let a player see a board that was reached by cards of their choice; a refusal is remembered.

    Raises:
        BoardKept: It is kept.
    """
    try:
        (await kept(db)).check(board)
    except BoardKept:
        if user_id is not None:
            async with transaction() as own:  # the caller's is rolled back
                await kept_repository.record(own, user_id, cards_to_text(sorted(board)), "refused", clock.now())
        raise


async def studied(db: AsyncSession, user_id: UUID, board: Sequence[int], opened_at: datetime) -> bool:
    """Whether a player saw a board's solution in the week before a set opened, or since."""
    rows = await kept_repository.studies(db, opened_at - LOOK_BACK, clock.now(), _patterns(board), user_id)
    return any(row.kind != "refused" and overlap(parse_cards(row.board), board) for row in rows)


async def of_boards(
    db: AsyncSession, boards: Sequence[Sequence[int]], opened_at: datetime, closed_at: datetime
) -> list[StudyRow]:
    """Everybody's studies that concern a set's boards, the latest first."""
    patterns = sorted({pattern for board in boards for pattern in _patterns(board)})
    rows = await kept_repository.studies(db, opened_at - LOOK_BACK, closed_at, patterns)
    return [row for row in rows if any(overlap(parse_cards(row.board), board) for board in boards)]


def _patterns(board: Sequence[int]) -> list[str]:
    """What the texts of boards that `overlap` this one are ``LIKE``: its ranks with any suits, or more, or fewer.

    The database leaves few boards to compare card by card, however many somebody studied.
    """
    ranks = [f"{rank}_" for rank in cards_to_text(sorted(board))[::2]]
    fewer = {"".join(some) for size in range(3, len(ranks)) for some in combinations(ranks, size)}
    return [*sorted(fewer), f"%{'%'.join(ranks)}%"]
