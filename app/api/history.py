"""What was played before, over REST: decisions with filters, themes, exports of sets and hands."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict

from app.api.deps import Reader, Trainer
from app.api.envelope import Envelope, ok
from app.api.training import (
    SummaryOut,
    TableOut,
    WorstSpotOut,
    table_out,
)
from services.accounts.sessions import ensure_user
from services.infra import cursors
from services.infra.db import transaction
from services.training import exports, history
from services.training.history_repository import Filter
from services.training.service import get_training
from services.training.views import Word

router = APIRouter(prefix="/training", tags=["history"])


def _no_number(value: object) -> object:
    """Numbers are no moments here, though pydantic would count seconds."""
    try:
        float(str(value))
    except ValueError:
        return value
    raise ValueError("a moment is written like 2026-11-23T14:05:00Z")


Moment = Annotated[AwareDatetime, BeforeValidator(_no_number), AfterValidator(cursors.sensible)]
Situation = Literal["first", "checked-to", "facing-bet", "facing-raise"]
Texture = Literal["paired", "monotone", "connected", "high", "low"]
HandClass = Literal["strong", "top-pair", "pair", "draw", "air"]
_MOST_EXPORTED = 10_000


class PastDecisionOut(WorstSpotOut):
    """An answered decision, where it belongs and what kind it was."""

    session_id: UUID
    mode: str
    number: int
    answered_at: datetime
    borderline: bool
    timed_out: bool
    difficulty_bb: float
    situation: str
    texture: str
    hand_class: str


class DecisionPage(BaseModel):
    """In the order that was asked for; ``next_cursor`` continues the list."""

    items: list[PastDecisionOut]
    next_cursor: str | None


class ThemeOut(BaseModel):
    """A node type with what it costs; ``interval`` is 95% of ``loss_per_100_bb``, from 100 decisions on."""

    model_config = ConfigDict(from_attributes=True)

    node: str
    street: int
    situation: str
    hands: int
    decisions: int
    errors: int
    loss_per_100_bb: float
    interval: tuple[float, float] | None
    ev_score: float | None
    most_errors_pct: float | None


class ThemeList(BaseModel):
    """The costliest first."""

    items: list[ThemeOut]
    next_cursor: None = None


class ExportedSet(BaseModel):
    """A set with all of its hands."""

    summary: SummaryOut
    hands: list[TableOut]


def _past(one: history.PastDecision) -> PastDecisionOut:
    spot = WorstSpotOut.model_validate(one.spot).model_dump()
    more = {name: getattr(one, name) for name in PastDecisionOut.model_fields if name not in spot}
    return PastDecisionOut(**spot, **more)


@router.get("/decisions")
async def decisions(
    principal: Reader,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Query(max_length=400)] = None,
    order: Annotated[Literal["newest", "loss"], Query()] = "newest",
    since: Annotated[Moment | None, Query()] = None,
    until: Annotated[Moment | None, Query()] = None,
    family: Annotated[str | None, Query(max_length=80)] = None,
    pot_type: Annotated[str | None, Query(max_length=20)] = None,
    street: Annotated[int | None, Query(ge=0, le=2)] = None,
    grade: Annotated[list[Word] | None, Query(max_length=6)] = None,
    situation: Annotated[Situation | None, Query()] = None,
    texture: Annotated[Texture | None, Query()] = None,
    hand_class: Annotated[HandClass | None, Query()] = None,
    mode: Annotated[str | None, Query(max_length=20)] = None,
    min_loss_bb: Annotated[float | None, Query(ge=0, le=1e6, allow_inf_nan=False)] = None,
    max_loss_bb: Annotated[float | None, Query(ge=0, le=1e6, allow_inf_nan=False)] = None,
    session_id: Annotated[UUID | None, Query()] = None,
) -> Envelope[DecisionPage]:
    """The caller's answered decisions, the newest or the costliest first."""
    history.window(min_loss_bb, max_loss_bb)
    wanted = Filter(
        since=since,
        until=until,
        family=family,
        pot_type=pot_type,
        street=street,
        grades=tuple(grade or ()),
        situation=situation,
        texture=texture,
        hand_class=hand_class,
        mode=mode,
        least_loss_bb=min_loss_bb,
        most_loss_bb=max_loss_bb,
        session_id=session_id,
    )
    async with transaction() as db:
        page, following = await history.decisions(db, principal.user_id, wanted, order, limit, cursor)
    return ok(DecisionPage(items=[_past(one) for one in page], next_cursor=following))


@router.get("/themes")
async def themes(principal: Reader, since: Annotated[Moment | None, Query()] = None) -> Envelope[ThemeList]:
    """The caller's node types with what they cost, the costliest first."""
    async with transaction() as db:
        found = await history.themes(db, principal.user_id, since)
    items = [
        ThemeOut.model_validate({**{name: getattr(one, name) for name in ThemeOut.model_fields if hasattr(one, name)},
                                 "loss_per_100_bb": one.loss_per_100})
        for one in found
    ]  # fmt: skip
    return ok(ThemeList(items=items))


@router.post("/themes/{node}/sessions", status_code=201)
async def drill_theme(node: str, principal: Trainer, response: Response) -> Envelope[TableOut]:
    """Open a drill of one node type, e.g. ``turn.facing-bet``; the table holds the first decision."""
    async with transaction() as db:
        await ensure_user(db, principal)
        table = await history.drill_theme(get_training(), db, principal.user_id, node)
    response.headers["Location"] = f"/api/training/sessions/{table.session_id}"
    return ok(table_out(table), message="Dealt", status=201)


_FILE: dict[int | str, dict[str, object]] = {
    200: {
        "description": "The file",
        "content": {"text/csv": {}, "application/json": {}, "application/toml": {}},
    }
}


@router.get("/sessions/{session_id}/export", response_class=Response, responses=_FILE)
async def export_set(
    session_id: UUID,
    principal: Reader,
    format: Annotated[Literal["csv", "json", "phh"], Query()] = "json",  # noqa: A002 the parameter's name in the address
) -> Response:
    """A set as a file: its decisions as CSV, or its hands as JSON or in the Poker Hand History format."""
    training = get_training()
    async with transaction() as db:
        summary = await training.summary(db, principal.user_id, session_id)
        if format == "csv":
            wanted = Filter(session_id=session_id)
            found, _ = await history.decisions(db, principal.user_id, wanted, "newest", _MOST_EXPORTED)
            return _file(exports.decisions_csv(reversed(found)), "text/csv; charset=utf-8", f"{session_id}.csv")
        hands = await history.hands(training, db, principal.user_id, session_id)
    if format == "phh":
        return _file(exports.phhs(hands), "application/toml", f"{session_id}.phhs")
    body = ExportedSet(summary=SummaryOut.model_validate(summary), hands=[table_out(table) for table, _ in hands])
    return _file(body.model_dump_json(), "application/json", f"{session_id}.json")


@router.get("/hands/{hand_id}/export", response_class=Response, responses=_FILE)
async def export_hand(
    hand_id: UUID,
    principal: Reader,
    format: Annotated[Literal["json", "phh"], Query()] = "phh",  # noqa: A002 as above
) -> Response:
    """A hand as a file."""
    async with transaction() as db:
        table = await get_training().table(db, principal.user_id, hand_id)
    if format == "phh":
        return _file(exports.phh(table), "application/toml", f"{hand_id}.phh")
    return _file(table_out(table).model_dump_json(), "application/json", f"{hand_id}.json")


def _file(body: str, media_type: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="mixline-{name}"', "Cache-Control": "no-store"}
    return Response(body, media_type=media_type, headers=headers)
