"""Training over REST: sets, hands and decisions, the same service as the pages.

A set is opened, its first table answered with the table's ``decision_id``, the hand played on with ``advance``, and so
on. Cards are text (``Td9d6h``), amounts chips with ``big_blind`` beside them. Before a decision is answered nothing of
the solution, villain's cards or the seed is in any reply.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from app.api.deps import Reader, Trainer
from app.api.envelope import Envelope, ok
from services.accounts.permissions import Permission, check
from services.accounts.sessions import Principal, ensure_user
from services.infra.db import transaction
from services.infra.errors import FieldError, Invalid
from services.training import history
from services.training.plan import Plan
from services.training.service import get_training
from services.training.views import DrillSpec, Mode, Status, Table, Word
from solver.cards import cards_to_text

router = APIRouter(prefix="/training", tags=["training"])


def _text(cards: object) -> object:
    """Cards as text; text and None stay."""
    return cards_to_text(cards) if isinstance(cards, Iterable) and not isinstance(cards, str) else cards


Cards = Annotated[str, BeforeValidator(_text)]
Id = Annotated[UUID, Field(strict=False)]
"""An id in a strict body: JSON has no type for it."""


PlanIn = Annotated[Plan, Field(strict=False)]
"""A plan in a strict body: JSON has no tuples; the plan checks itself."""


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class StepOut(_Out):
    """An action, or a card (``player`` -1)."""

    street: int
    player: int
    action: str
    card: Annotated[str | None, BeforeValidator(lambda card: None if card is None else cards_to_text([card]))]


class GradeOut(_Out):
    """The verdict."""

    word: Word
    borderline: bool
    scored: bool
    loss_bb: float
    loss_pct: float
    tolerance_pct: float
    difficulty_bb: float
    difficulty_pct: float


class ActionRowOut(_Out):
    """One action of hero's hand; EVs are None where villain can't be here."""

    action: str
    frequency: float
    ev: float | None
    ev_bb: float | None
    loss_bb: float | None
    loss_pct: float | None


class GridOut(_Out):
    """The node by hand class: base64 of bytes [169, 1 + actions], weight then frequencies, 255 = 1."""

    actions: list[str]
    data: str


class AnswerOut(_Out):
    """A graded decision; ``withheld`` says why rows, reasons, die's pick and grid are empty, if they are."""

    decision_id: UUID
    street: int
    line: list[str]
    board: Cards
    action: str
    grade: GradeOut
    rows: list[ActionRowOut]
    die: int
    die_pick: str
    solved_to_pct: float | None
    tolerance_pct: float
    tolerance_fitted: bool
    reasons: list[str]
    in_range: bool
    timed_out: bool
    tree_hash: str
    config_hash: str
    grid: GridOut
    withheld: str
    chose: str
    villain: str
    passed_solved_to_pct: float | None


class StreetLossOut(_Out):
    """EV given up on one street."""

    street: int
    decisions: int
    loss_bb: float


class HandResultOut(_Out):
    """How a hand ended; ``net`` in chips."""

    kind: Literal["fold", "showdown", "spot"]
    winner: int
    net: int
    rake: int
    villain_cards: Annotated[str | None, BeforeValidator(_text)]
    losses: list[StreetLossOut]
    loss_bb: float


class TableOut(_Out):
    """A hand as its player sees it; chips.

    ``solution_id`` is null and ``kept_until`` set while a ranked set runs on its board. ``set_size`` counts hands where
    the mode is ``daily``.
    """

    session_id: UUID
    mode: Mode
    drill: bool
    hand_id: UUID
    hand_number: int
    set_size: int
    decisions_done: int
    solution_id: UUID | None
    kept_until: datetime | None
    family: str
    pot_type: str
    positions: list[str]
    big_blind: int
    street: int
    board: Cards
    hero: int
    hero_cards: Cards
    line: list[StepOut]
    pot: int
    stacks: list[int]
    street_bets: list[int]
    to_call: int
    die: int
    status: Status
    decision_id: UUID | None
    actions: list[str]
    pot_at_decision: int | None
    deadline: datetime | None
    answers: list[AnswerOut]
    result: HandResultOut | None
    commitment: str
    plan: Plan | None


class WorstSpotOut(_Out):
    """A costly decision; its id can be drilled."""

    decision_id: UUID
    hand_id: UUID
    family: str
    pot_type: str
    positions: list[str]
    big_blind: int
    street: int
    board: Cards
    hero: int
    hero_cards: Cards
    line: list[str]
    pot: int
    action: str
    best_action: str
    word: Word
    loss_bb: float
    loss_pct: float


class SummaryOut(_Out):
    """A set in figures."""

    session_id: UUID
    mode: Mode
    drill: bool
    set_size: int
    hands: int
    decisions: int
    scored: int
    ev_score: float | None
    ev_loss_bb: float
    ev_loss_per_100: float | None
    interval: tuple[float, float] | None
    most_errors_pct: float | None
    mistakes: int
    purpose: str
    counts: dict[Word, int]
    borderline: int
    die_followed: int
    worst: list[WorstSpotOut]
    streets: list[StreetLossOut]


class SessionOut(_Out):
    """A set, as a list shows it."""

    id: UUID
    mode: Literal["hands", "drill", "ranked", "daily", "range"]
    set_size: int
    place: int
    set_id: str | None
    hands: int
    decisions: int
    started_at: datetime
    finished_at: datetime | None


class PastSessionOut(SessionOut):
    """With what it cost; ``purpose`` is ``review`` or ``theme`` where the set was drawn for one."""

    loss_bb: float
    purpose: str


class SessionPage(BaseModel):
    """Newest first; ``next_cursor`` continues the list."""

    items: list[PastSessionOut]
    next_cursor: str | None


class AnswerPage(BaseModel):
    """In the order they were given."""

    items: list[AnswerOut]
    next_cursor: None = None


class FairnessOut(_Out):
    """SHA-256 of the seed, and the seed once the hand is over; in a ranked set the set's, see `/api/ranked/sets`."""

    hand_id: UUID
    commitment: str
    seed: str | None


class DrillIn(_In):
    """Answered decisions of the caller's own, a solution to play hands of, or a plan of filters and ways to play."""

    items: Annotated[list[Id], Field(max_length=50)] = []
    solution_id: Id | None = None
    plan: PlanIn | None = None


class SessionIn(_In):
    """What to play; `ranked` (the week's set) and `daily` are for members."""

    mode: Mode = "hands"
    drill: DrillIn | None = None


class SessionChange(_In):
    """End a set early."""

    status: Literal["finished"]


class DecisionIn(_In):
    """An answer: an action's name as the table lists it."""

    decision_id: Id
    action: Annotated[str, Field(min_length=1, max_length=40)]


class RetryIn(_In):
    """Another action, unrated."""

    action: Annotated[str, Field(min_length=1, max_length=40)]


def table_out(table: Table) -> TableOut:
    """A table as it is sent."""
    values = {name: getattr(table, name) for name in TableOut.model_fields if name != "solution_id"}
    return TableOut.model_validate({**values, "solution_id": None if table.kept_until else table.solution.id})


def spec_of(drill: DrillIn) -> DrillSpec:
    """The drill that a body asks for."""
    return DrillSpec(tuple(drill.items), drill.solution_id, drill.plan)


async def _check_hand_played(db: AsyncSession, principal: Principal, session_id: UUID) -> None:
    """Let nobody but a person at a browser answer what counts on a board."""
    if principal.scopes is not None and await get_training().is_ranked(db, principal.user_id, session_id):
        check(principal, Permission.MEMBER)


@router.get("/sessions")
async def sessions(
    principal: Reader,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Query(max_length=400)] = None,
    status: Annotated[Literal["open", "finished"] | None, Query()] = None,
) -> Envelope[SessionPage]:
    """The caller's sets; an open one goes on with ``POST .../hands``."""
    is_open = None if status is None else status == "open"
    async with transaction() as db:
        found, following = await history.sets(db, principal.user_id, limit, cursor, is_open=is_open)
    page = [
        PastSessionOut(**SessionOut.model_validate(one.row).model_dump(), loss_bb=one.loss_bb, purpose=one.purpose)
        for one in found
    ]
    return ok(SessionPage(items=page, next_cursor=following))


@router.post("/sessions", status_code=201)
async def open_session(body: SessionIn, principal: Trainer, response: Response) -> Envelope[TableOut]:
    """Open a set, or resume the open one of the same mode; the table holds the first decision."""
    if body.mode != "hands" and principal.scopes is not None:
        check(principal, Permission.MEMBER)
    if body.drill is not None and body.mode != "hands":
        raise Invalid("a drill has mode hands", errors=[FieldError("drill", "only with mode hands")])
    drill = None if body.drill is None else spec_of(body.drill)
    async with transaction() as db:
        await ensure_user(db, principal)
        table = await get_training().start(db, principal.user_id, body.mode, drill)
    response.headers["Location"] = f"/api/training/sessions/{table.session_id}"
    return ok(table_out(table), message="Dealt", status=201)


@router.get("/sessions/current")
async def current(
    principal: Trainer,
    mode: Annotated[Mode, Query()] = "hands",
    place: Annotated[int, Query(ge=1, le=2, description="Which of two tables.")] = 1,
) -> Envelope[TableOut | None]:
    """The table to resume, played on where villain was to act; null when there is none."""
    async with transaction() as db:
        table = await get_training().current(db, principal.user_id, mode, place=place)
    return ok(None if table is None else table_out(table))


@router.get("/sessions/{session_id}")
async def summary(session_id: UUID, principal: Reader) -> Envelope[SummaryOut]:
    """A set in figures."""
    async with transaction() as db:
        figures = await get_training().summary(db, principal.user_id, session_id)
    return ok(SummaryOut.model_validate(figures))


@router.patch("/sessions/{session_id}")
async def finish(session_id: UUID, _body: SessionChange, principal: Trainer) -> Envelope[SummaryOut]:
    """End a set early; a ranked one ends with its week or day."""
    async with transaction() as db:
        figures = await get_training().finish(db, principal.user_id, session_id)
    return ok(SummaryOut.model_validate(figures), message="Finished")


@router.post("/sessions/{session_id}/hands")
async def next_hand(session_id: UUID, principal: Trainer) -> Envelope[TableOut]:
    """Deal the next hand; the present table while its hand is not over."""
    async with transaction() as db:
        await _check_hand_played(db, principal, session_id)
        table = await get_training().next_hand(db, principal.user_id, session_id)
    return ok(table_out(table))


@router.get("/sessions/{session_id}/decisions")
async def answers(session_id: UUID, principal: Reader) -> Envelope[AnswerPage]:
    """Every answer of a set."""
    async with transaction() as db:
        given = await get_training().answers(db, principal.user_id, session_id)
    return ok(AnswerPage(items=[AnswerOut.model_validate(one) for one in given]))


@router.post("/sessions/{session_id}/decisions")
async def act(
    session_id: UUID,
    body: DecisionIn,
    principal: Trainer,
    idempotency_key: Annotated[UUID | None, Header(description="The decision's id.")] = None,
) -> Envelope[AnswerOut]:
    """Answer a decision. The same answer again gives the same grade; another one is a conflict."""
    if idempotency_key not in (None, body.decision_id):
        problem = FieldError("Idempotency-Key", "has to be the decision_id of the body")
        raise Invalid("the key is not this decision's", errors=[problem])
    async with transaction() as db:
        await _check_hand_played(db, principal, session_id)
        answer = await get_training().act(db, principal.user_id, body.decision_id, body.action, session_id=session_id)
    return ok(AnswerOut.model_validate(answer), message="Graded")


@router.post("/decisions/{decision_id}/retries")
async def retry(decision_id: UUID, body: RetryIn, principal: Trainer) -> Envelope[AnswerOut]:
    """Grade another action at an answered decision; it counts nowhere."""
    async with transaction() as db:
        answer = await get_training().retry(db, principal.user_id, decision_id, body.action)
    return ok(AnswerOut.model_validate(answer), message="Graded, not counted")


@router.get("/hands/{hand_id}")
async def hand(hand_id: UUID, principal: Reader) -> Envelope[TableOut]:
    """A hand as it stands."""
    async with transaction() as db:
        table = await get_training().table(db, principal.user_id, hand_id)
    return ok(table_out(table))


@router.post("/hands/{hand_id}/advance")
async def advance(hand_id: UUID, principal: Trainer) -> Envelope[TableOut]:
    """Play villain and the cards up to the next decision or the hand's end."""
    async with transaction() as db:
        table = await get_training().advance(db, principal.user_id, hand_id)
    return ok(table_out(table))


@router.get("/hands/{hand_id}/fairness")
async def fairness(hand_id: UUID, principal: Reader) -> Envelope[FairnessOut]:
    """What the hand's deal was committed to, and the seed once it may be known."""
    async with transaction() as db:
        found = await get_training().fairness(db, principal.user_id, hand_id)
    return ok(FairnessOut.model_validate(found))
