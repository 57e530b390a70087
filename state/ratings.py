"""The boards of the week and the day on a page: read, reread when they changed, and what their figures look like."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import reflex as rx

from services.accounts.sessions import Role
from services.infra import clock
from services.infra.db import transaction
from services.infra.errors import DomainError
from services.ratings.periods import Kind, Period
from services.ratings.service import PAGE_LIMIT, Board, Entry, get_leaderboards
from services.training.service import get_training
from services.training.views import RankedProgress
from state.amounts import fixed
from state.guard import Policy, policy
from state.session import principal_of

PAGE: Final = 50


@dataclass(frozen=True)
class BoardRow:
    """One row; ``low``, ``width`` and ``at`` place interval and score on the row's scale, in % of its width.

    ``marked``: how many decisions were on boards that the player had studied.
    """

    key: str = ""
    rank: str = ""
    name: str = ""
    score: str = ""
    interval: str = ""
    decisions: str = ""
    marked: str = ""
    own: bool = False
    low: float = 0.0
    width: float = 0.0
    at: float = 0.0


@dataclass(frozen=True)
class BoardHead:
    """What stands above the table.

    Attributes:
        unit: What a rank takes: decisions of the week, hands of the day.
        started: The viewer has begun the set.
        ready: The set is drawn and can be played.
        streak: Days in a row, in words; empty under two.
    """

    period: str = ""
    closes: str = ""
    rule: str = ""
    invitation: str = ""
    unit: str = "decisions"
    commitment: str = ""
    streak: str = ""
    started: bool = False
    finished: bool = False
    ready: bool = False


class LeaderboardState(rx.State):
    """What this tab shows of the board of the week or the day.

    Attributes:
        apart: The own row when it is not among ``rows``: further down, or provisional.
        more: There are players below the last row.
    """

    status: Literal["loading", "ready", "failed"] = "loading"
    error: str = ""
    head: BoardHead = BoardHead()
    rows: tuple[BoardRow, ...] = ()
    apart: BoardRow = BoardRow()
    more: bool = False
    kind: Kind = "weekly"
    _shown: int = PAGE

    @rx.event
    @policy(Policy.PUBLIC)
    async def load(self) -> None:
        """Read the board at hand; also when the stream says that it changed."""
        await self._read()

    @rx.event
    @policy(Policy.PUBLIC)
    async def load_weekly(self) -> None:
        """Read the week's board."""
        self._take("weekly")
        await self._read()

    @rx.event
    @policy(Policy.PUBLIC)
    async def load_daily(self) -> None:
        """Read the day's board."""
        self._take("daily")
        await self._read()

    @rx.event
    @policy(Policy.PUBLIC)
    async def show_more(self) -> None:
        """Show further players below the last row."""
        self._shown = min(self._shown + PAGE, PAGE_LIMIT)
        await self._read()

    def _take(self, kind: Kind) -> None:
        if self.kind != kind:
            self.kind, self._shown, self.status = kind, PAGE, "loading"
            self.rows, self.apart, self.head, self.more = (), BoardRow(), BoardHead(), False

    async def _read(self) -> None:
        try:
            try:
                principal = await principal_of(self)
            except DomainError:
                principal = None  # everybody may read
            async with transaction() as db:
                viewer = principal.user_id if principal is not None else None
                board = await get_leaderboards().board(db, self.kind, viewer=viewer, limit=self._shown)
                member = principal is not None and principal.role is not Role.GUEST
                progress = await get_training().ranked.progress(db, viewer if member else None, self.kind)
        except DomainError as failure:
            # Rows that are there stay: old standings with a note are better than none.
            self.error, self.status = failure.message, "ready" if self.rows else "failed"
            return
        self.head = head_view(board, progress, clock.now(), member=member)
        self.rows, self.apart = rows_view(board)
        self.more = board.next_cursor is not None and self._shown < PAGE_LIMIT
        self.error, self.status = "", "ready"


def signed_pct(value: float) -> str:
    """A score or an end of its interval: ``+0.42``; no sign before a zero."""
    text = fixed(value)
    return f"+{text}" if value > 0 and text.strip("0.") else text


def left_text(closes: datetime, now: datetime) -> str:
    """How long the week still runs, in the two largest units."""
    minutes = max(0, int((closes - now).total_seconds()) // 60)
    days, hours = minutes // 1440, minutes // 60 % 24
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"


def period_text(period: Period) -> str:
    """The week's number or the day's date."""
    if period.kind == "daily":
        return f"{period.starts:%A} {period.starts.day} {period.starts:%B %Y}"
    number, last = int(period.name[-2:]), period.ends.replace(hour=0)
    return f"Week {number}, {last.year}" if number > 1 else f"Week {number}"


def head_view(board: Board, progress: RankedProgress, now: datetime, *, member: bool) -> BoardHead:
    """The period, its rule, and what the viewer has still to play (nothing of that for guests)."""
    weekly = board.period.kind == "weekly"
    done = progress.answered if weekly else progress.dealt
    invitation = ""
    if member and (done or progress.finished):
        played = "answered" if weekly else "begun"
        invitation = f"You have {played} {done} of {progress.items}."
    what = f"{board.minimum} of them" if weekly else "all ten"
    return BoardHead(
        period=period_text(board.period),
        closes=f"{left_text(board.period.ends, now)} left",
        rule=(
            f"Everybody gets the same {'decisions' if weekly else 'hands'}. A rank takes {what}; "
            "players whose intervals overlap share it."
        ),
        invitation=invitation,
        unit="decisions" if weekly else "hands",
        commitment=progress.commitment,
        streak=f"{progress.streak} days in a row" if progress.streak > 1 else "",
        started=done > 0,
        finished=progress.finished,
        ready=progress.ready,
    )


def rows_view(board: Board) -> tuple[tuple[BoardRow, ...], BoardRow]:
    """The rows of the table, and the viewer's own one where it is not among them (else an empty row)."""
    viewer = board.viewer
    shown = [*board.entries, viewer] if viewer is not None and viewer.rank is not None else list(board.entries)
    ends = [end for entry in shown for end in (entry.interval_pct or (entry.score_pct, entry.score_pct))]
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    scale = (low, max(high - low, 1e-9))
    own_id = viewer.player_id if viewer is not None else None
    rows = tuple(_row(entry, board, scale, own=entry.player_id == own_id) for entry in board.entries)
    if viewer is None or any(row.own for row in rows):
        return rows, BoardRow()
    return rows, _row(viewer, board, scale, own=True)


def _unit(board: Board) -> str:
    return "decisions" if board.period.kind == "weekly" else "hands"


def _marked(entry: Entry) -> str:
    return f"{entry.studied} studied" if entry.studied else ""


def _row(entry: Entry, board: Board, scale: tuple[float, float], *, own: bool) -> BoardRow:
    if entry.rank is None:
        return BoardRow(
            key=str(entry.player_id),
            rank="–",
            name=entry.name,
            score=f"provisional: {entry.items} of {board.minimum} {_unit(board)}",
            decisions=str(entry.decisions),
            marked=_marked(entry),
            own=own,
        )
    start, span = scale
    low, high = entry.interval_pct or (entry.score_pct, entry.score_pct)
    return BoardRow(
        key=str(entry.player_id),
        rank=str(entry.rank),
        name=entry.name or "Player",
        score=f"{signed_pct(entry.score_pct)}%",
        interval=f"{signed_pct(low)} to {signed_pct(high)}" if entry.interval_pct else "from 100 decisions",
        decisions=str(entry.decisions),
        marked=_marked(entry),
        own=own,
        low=round(100 * (low - start) / span, 2),
        width=round(100 * (high - low) / span, 2),
        at=round(100 * (entry.score_pct - start) / span, 2),
    )
