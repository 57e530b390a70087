"""What an answer still shows while its board is kept for a ranked set: the verdict, not the solution.

The word and the loss come at once. The mix, the EVs, the reasons, the die's pick and the range's strategy come when the
board is open again, because the same node is asked with other hands, and everybody gets the same spots. The rule goes
by the board, so that it holds for answers of practice before the set as well.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.accounts import export
from services.solutions import reservations
from services.solutions.reservations import KeptBoards
from services.training.events import DecisionGraded, DecisionRetried
from services.training.views import Answer, StrategyGrid, Summary, Table, WorstSpot


def withheld(answer: Answer, kept: KeptBoards, board: tuple[int, ...] | None = None) -> Answer:
    """The answer as it may be shown now; ``board`` is that of the solution's root where it is known."""
    keeping = kept.holds(answer.board if board is None else board)
    if keeping is None:
        return answer
    return replace(
        answer,
        rows=(),
        reasons=("", "", ""),
        die_pick="",
        grid=StrategyGrid((), ""),
        withheld=f"This board is {keeping.words}: the solver's mix and values are shown then.",
    )


def table_shown(table: Table, kept: KeptBoards) -> Table:
    """The table as it may be shown now."""
    board = table.solution.board
    keeping = kept.holds(board)
    if keeping is None:
        return table
    answers = tuple(withheld(answer, kept, board) for answer in table.answers)
    return replace(table, answers=answers, kept_until=keeping.closes_at)


def summary_shown(summary: Summary, kept: KeptBoards) -> Summary:
    """The summary as it may be shown now: a worst spot on a kept board does not say what was better."""
    return replace(summary, worst=tuple(spot_shown(spot, kept) for spot in summary.worst))


def spot_shown(spot: WorstSpot, kept: KeptBoards) -> WorstSpot:
    """A decision in a list as it may be shown now: without what was better."""
    return spot if kept.holds(spot.board) is None else replace(spot, best_action="")


_JUDGED = {DecisionGraded.type, DecisionRetried.type}
_SOLUTION: dict[str, Any] = {"rows": [], "reasons": ["", "", ""], "die_pick": "", "best_action": "", "grid": ""}


@export.screen
async def events_shown(db: AsyncSession) -> export.Screen:
    """The same rule for the events in the copy of an account."""
    kept = await reservations.kept(db)
    is_kept = lru_cache(maxsize=10_000)(lambda board: kept.holds(board) is not None)

    def shown(event_type: str, payload: str) -> str:
        if event_type not in _JUDGED:
            return payload
        fields = json.loads(payload)
        return json.dumps(fields | _SOLUTION) if is_kept(tuple(fields.get("board", ()))) else payload

    return shown
