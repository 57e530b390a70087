"""Boards: a page of the standings, and a stream that says when they changed."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Literal, cast
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from app.api.deps import OPEN, OptionalPrincipal
from app.api.envelope import Envelope, ok
from app.api.event_stream import ChangeStream
from services.infra.db import transaction
from services.infra.errors import NotFound
from services.ratings.live import feeds
from services.ratings.periods import KINDS, Kind
from services.ratings.service import PAGE_LIMIT, Board, get_leaderboards

router = APIRouter(prefix="/leaderboards", tags=["leaderboards"])


class EntryOut(BaseModel):
    """One player. Scores are in % of the pot per decision gained on the field.

    ``items``: spots answered, hands of a daily set. ``studied``: decisions on a board whose solution the player had
    seen in the week before or since; they count like the others.
    """

    model_config = ConfigDict(from_attributes=True)

    player_id: UUID
    name: str
    rank: int | None
    score_pct: float
    interval_pct: tuple[float, float] | None
    decisions: int
    items: int
    studied: int


class ViewerOut(EntryOut):
    """The caller's own entry; provisional while ``items`` is under ``minimum``."""

    provisional: bool


class BoardOut(BaseModel):
    """A page of a board, best player first."""

    board: Kind
    period: Literal["week", "day"]
    set_id: str
    starts: datetime
    ends: datetime
    minimum: int
    shrinkage: float
    total: int
    items: list[EntryOut]
    next_cursor: str | None
    viewer: ViewerOut | None


@router.get("/{board}")
async def leaderboard(
    board: str,
    principal: OptionalPrincipal,
    set_id: Annotated[
        str | None, Query(max_length=10, description="`2026-W48` or `2026-11-23`; the running week or day.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_LIMIT)] = 50,
    cursor: Annotated[str | None, Query(max_length=200, description="`next_cursor` of the page before.")] = None,
) -> Envelope[BoardOut]:
    """The standings of a board. Players whose intervals overlap that of the rank's first player share the rank."""
    kind = _known(board)
    viewer = principal.user_id if principal is not None else None
    async with transaction() as db:
        page = await get_leaderboards().board(db, kind, set_id, viewer=viewer, limit=limit, cursor=cursor)
    return ok(_out(page))


@router.get(
    "/{board}/events",
    dependencies=[OPEN],
    status_code=200,
    response_class=ChangeStream,
    responses={200: {"content": {"text/event-stream": {}}, "description": "Server-sent events"}},
)
async def leaderboard_events(board: str) -> ChangeStream:
    """Server-sent events: ``board`` at once and after every change, at most one a second."""
    return ChangeStream("board", feeds[_known(board)].client)


def _known(board: str) -> Kind:
    if board not in KINDS:
        raise NotFound(f"there is no board '{board[:40]}'; there are: weekly, daily")
    return cast("Kind", board)


def _out(page: Board) -> BoardOut:
    viewer = page.viewer
    return BoardOut(
        board=page.period.kind,
        period="week" if page.period.kind == "weekly" else "day",
        set_id=page.period.name,
        starts=page.period.starts,
        ends=page.period.ends,
        minimum=page.minimum,
        shrinkage=page.shrinkage,
        total=page.ranked,
        items=[EntryOut.model_validate(entry) for entry in page.entries],
        next_cursor=page.next_cursor,
        viewer=None if viewer is None else ViewerOut(**asdict(viewer), provisional=viewer.rank is None),
    )
