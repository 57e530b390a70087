"""Boards that are kept: while a ranked set runs, nobody reads, solves or practises what it is played on.

A board is kept as its cards alone. Suits are only names, and a later card may be typed as part of the flop, so another
board falls under it when, with suits renamed, one of the two holds all cards of the other: a flop's solution contains
its turns and rivers, and a solve that starts on the turn has its flop's decisions behind it. Pot and ranges don't
matter: slightly other ones give nearly the same answers.

Everything that shows or deals from a solution asks here; ``StrategyService.visible`` does for those who open one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.infra import clock
from services.infra.errors import Forbidden
from services.solutions import kept_repository
from services.solutions.catalog import SolutionInfo
from solver.cards import cards_to_text, parse_cards
from solver.isomorphism import SUIT_MAPS, map_card


class BoardKept(Forbidden):
    """The board belongs to a ranked set that runs."""

    default_code = "board-kept"

    def __init__(self, keeping: Keeping) -> None:
        super().__init__(f"this board is {keeping.words}")
        self.keeping = keeping


@dataclass(frozen=True, slots=True)
class Keeping:
    """Why a board is kept, and until when."""

    set_id: str
    board: tuple[int, ...]
    reason: str
    closes_at: datetime

    @property
    def words(self) -> str:
        """For a message: ``kept for this week's ranked set until Monday 30 November 2026, 00:00 UTC``."""
        return (
            f"kept for {self.reason} until {self.closes_at:%A} {self.closes_at.day} {self.closes_at:%B %Y, %H:%M} UTC"
        )


class KeptBoards:
    """The boards that are kept at one moment."""

    def __init__(self, keepings: Sequence[Keeping]) -> None:
        self._keepings = keepings

    def holds(self, board: Sequence[int]) -> Keeping | None:
        """What keeps a board, or None."""
        return next((one for one in self._keepings if overlap(one.board, board)), None)

    def check(self, board: Sequence[int]) -> None:
        """Let a board pass.

        Raises:
            BoardKept: It is kept.
        """
        if (keeping := self.holds(board)) is not None:
            raise BoardKept(keeping)

    def open(self, infos: Sequence[SolutionInfo]) -> list[SolutionInfo]:
        """The solutions that may be shown and dealt from."""
        return [info for info in infos if self.holds(info.board) is None]


async def kept(db: AsyncSession) -> KeptBoards:
    """The boards that are kept now."""
    rows = await kept_repository.running(db, clock.now())
    return KeptBoards([Keeping(row.set_id, parse_cards(row.board), row.reason, row.closes_at) for row in rows])


async def keep(
    db: AsyncSession, set_id: str, boards: Sequence[Sequence[int]], reason: str, opens_at: datetime, closes_at: datetime
) -> None:
    """Keep boards for a set from its opening to its close."""
    await kept_repository.add(
        db, set_id, [cards_to_text(sorted(board)) for board in boards], reason, opens_at, closes_at
    )


async def boards_of(db: AsyncSession, set_id: str) -> list[tuple[int, ...]]:
    """The boards that a set keeps, kept or will keep."""
    return [parse_cards(row.board) for row in await kept_repository.of_set(db, set_id)]


def overlap(first: Sequence[int], second: Sequence[int]) -> bool:
    """Whether one of two boards holds all cards of the other, whatever the suits are called."""
    small, large = sorted((first, second), key=len)
    if Counter(card >> 2 for card in small) - Counter(card >> 2 for card in large):
        return False
    cards = set(large)
    return any({map_card(suits, card) for card in small} <= cards for suits in SUIT_MAPS)
