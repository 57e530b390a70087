"""Drills over REST: what fits a plan, drills that are kept, links, and whole ranges that are painted at once.

A plan is the same object everywhere: in ``POST /training/sessions`` (``drill.plan``), in a saved drill, inside a link.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from app.api.deps import OPEN, Reader, Trainer
from app.api.envelope import Envelope, ok
from app.api.training import Cards, Id, PlanIn, StepOut
from services.accounts.sessions import ensure_user
from services.infra.db import transaction
from services.solutions import reservations
from services.solutions.service import get_strategies
from services.training import saved
from services.training.drills import matches
from services.training.plan import MOST_LINK, Plan
from services.training.presets import PRESETS
from services.training.ranges import RangeTable, get_range_training
from services.training.views import DrillSpec
from solver.cards import HAND_CLASSES

router = APIRouter(prefix="/training/drills", tags=["drills"])
ranges = APIRouter(prefix="/training", tags=["drills"])


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class PlanBody(_In):
    """A plan; ``solution_id`` narrows it to one solution."""

    plan: PlanIn
    solution_id: Id | None = None


class PlanOut(_Out):
    """A plan and the link that carries it: ``/drills?d=<link>``."""

    plan: Plan
    link: str


class PresetOut(PlanOut):
    """A drill that comes with the product."""

    key: str
    about: str


class SavedOut(PlanOut):
    """A drill that the caller keeps."""

    id: UUID
    name: str
    created_at: datetime
    updated_at: datetime


class SavedPage(BaseModel):
    """By name; there are never more than a page."""

    items: list[SavedOut]
    next_cursor: None = None


class PresetPage(BaseModel):
    """In the order in which they are shown."""

    items: list[PresetOut]
    next_cursor: None = None


class MatchesOut(_Out):
    """What the library has for a plan; ``problem`` says why there is nothing, ``field`` which wish is in the way."""

    spots: int
    boards: int
    field: str
    problem: str


class Choices(_In):
    """Hand class -> action (or group of sizes), for every class with a weight."""

    choices: Annotated[dict[str, Annotated[str, Field(max_length=40)]], Field(max_length=len(HAND_CLASSES))]


class RangeGradedOut(BaseModel):
    """What a painted range cost.

    Losses are in % of the pot by hand class; ``least_pct`` is what the class's best single action costs.
    """

    choices: dict[str, str]
    losses_pct: dict[str, float]
    least_pct: dict[str, float]
    words: dict[str, str]
    ev_loss_bb: float
    ev_loss_pct: float
    unavoidable_bb: float
    right_share: float
    tolerance_pct: float
    solved_to_pct: float | None
    passed_solved_to_pct: float | None
    villain: str
    grid: str
    seed: str


class RangeOut(BaseModel):
    """A node at which a whole range is asked for; chips."""

    session_id: UUID
    range_id: UUID
    number: int
    set_size: int
    solution_id: UUID
    family: str
    pot_type: str
    positions: list[str]
    big_blind: int
    street: int
    board: Cards
    hero: int
    line: list[StepOut]
    pot: int
    stacks: list[int]
    to_call: int
    actions: list[str]
    weights: dict[str, float]
    plan: Plan
    commitment: str
    status: Literal["open", "graded", "set_done"]
    graded: RangeGradedOut | None


def _by_class(values: tuple[Any, ...], weights: tuple[float, ...]) -> dict[str, Any]:
    return {name: value for name, value, weight in zip(HAND_CLASSES, values, weights, strict=True) if weight > 0}


def _range_out(table: RangeTable) -> RangeOut:
    graded = None
    if (found := table.graded) is not None:
        held = tuple(float(place >= 0) for place in found.choices)
        graded = RangeGradedOut(
            choices=_by_class(tuple(found.actions[place] for place in found.choices), held),
            losses_pct=_by_class(found.losses_pct, held),
            least_pct=_by_class(found.least_pct, held),
            words=_by_class(found.words, held),
            ev_loss_bb=found.loss_bb,
            ev_loss_pct=found.loss_pct,
            unavoidable_bb=found.least_bb,
            right_share=found.right_share,
            tolerance_pct=found.tolerance_pct,
            solved_to_pct=found.solved_to_pct,
            passed_solved_to_pct=found.passed_solved_to_pct,
            villain=found.villain,
            grid=found.grid,
            seed=found.seed,
        )
    return RangeOut(
        session_id=table.session_id,
        range_id=table.item_id,
        number=table.number,
        set_size=table.set_size,
        solution_id=table.solution.id,
        family=table.solution.family,
        pot_type=table.solution.pot_type,
        positions=list(table.solution.positions),
        big_blind=table.solution.big_blind,
        street=table.street,
        board=table.board,  # pyright: ignore[reportArgumentType] the validator writes it as text
        hero=table.hero,
        line=[StepOut.model_validate(step) for step in table.line],
        pot=table.pot,
        stacks=list(table.stacks),
        to_call=table.to_call,
        actions=list(table.actions),
        weights=_by_class(table.weights, table.weights),
        plan=table.plan,
        commitment=table.commitment,
        status="set_done" if table.set_over else "graded" if graded else "open",
        graded=graded,
    )


def _plan_out(plan: Plan) -> PlanOut:
    return PlanOut(plan=plan, link=plan.to_link())


@router.get("/presets", dependencies=[OPEN])
async def presets() -> Envelope[PresetPage]:
    """Drills to begin with."""
    items = [PresetOut(plan=one.plan, link=one.plan.to_link(), key=one.key, about=one.about) for one in PRESETS]
    return ok(PresetPage(items=items))


@router.post("/matches")
async def count(body: PlanBody, principal: Reader) -> Envelope[MatchesOut]:
    """How many spots and boards fit a plan; nothing is started."""
    strategies = get_strategies()
    async with transaction() as db:
        if body.solution_id is not None:
            await strategies.visible(db, body.solution_id, principal.user_id)
        kept = await reservations.kept(db)
    return ok(MatchesOut.model_validate(await matches(strategies, body.plan, kept, body.solution_id)))


@router.get("/links/{link}", dependencies=[OPEN])
async def linked(link: Annotated[str, Path(max_length=MOST_LINK)]) -> Envelope[PlanOut]:
    """The drill that a link carries."""
    return ok(_plan_out(Plan.from_link(link)))


@router.get("")
async def kept(principal: Reader) -> Envelope[SavedPage]:
    """The caller's drills."""
    async with transaction() as db:
        found = await saved.listed(db, principal.user_id)
    return ok(SavedPage(items=[SavedOut.model_validate(one) for one in found]))


@router.post("", status_code=201)
async def keep(body: PlanBody, principal: Trainer, response: Response) -> Envelope[SavedOut]:
    """Keep a drill under its ``name``; a name is given once, so a repeated call is a conflict."""
    async with transaction() as db:
        await ensure_user(db, principal)
        one = await saved.save(db, principal.user_id, body.plan)
    response.headers["Location"] = f"/api/training/drills/{one.id}"
    return ok(SavedOut.model_validate(one), message="Saved", status=201)


@router.get("/{drill_id}")
async def one_drill(drill_id: UUID, principal: Reader) -> Envelope[SavedOut]:
    """One of the caller's drills."""
    async with transaction() as db:
        return ok(SavedOut.model_validate(await saved.get(db, principal.user_id, drill_id)))


@router.put("/{drill_id}")
async def replace(drill_id: UUID, body: PlanBody, principal: Trainer) -> Envelope[SavedOut]:
    """Replace a drill, its name included."""
    async with transaction() as db:
        one = await saved.change(db, principal.user_id, drill_id, body.plan)
    return ok(SavedOut.model_validate(one), message="Saved")


@router.delete("/{drill_id}")
async def forget(drill_id: UUID, principal: Trainer) -> Envelope[None]:
    """Forget a drill; sets that were played with it stay."""
    async with transaction() as db:
        await saved.delete(db, principal.user_id, drill_id)
    return ok(None, message="Deleted")


@ranges.post("/ranges", status_code=201)
async def paint(body: PlanBody, principal: Trainer, response: Response) -> Envelope[RangeOut]:
    """Open a set of whole ranges; its first node."""
    async with transaction() as db:
        await ensure_user(db, principal)
        drill = DrillSpec(plan=body.plan, solution_id=body.solution_id)
        table = await get_range_training().start(db, principal.user_id, drill)
    response.headers["Location"] = f"/api/training/ranges/{table.item_id}"
    return ok(_range_out(table), message="Dealt", status=201)


@ranges.get("/ranges/current")
async def current_range(principal: Reader) -> Envelope[RangeOut | None]:
    """The node to resume; null when there is none."""
    async with transaction() as db:
        table = await get_range_training().current(db, principal.user_id)
    return ok(None if table is None else _range_out(table))


@ranges.get("/ranges/{range_id}")
async def one_range(range_id: UUID, principal: Reader) -> Envelope[RangeOut]:
    """A node as it stands."""
    async with transaction() as db:
        return ok(_range_out(await get_range_training().table(db, principal.user_id, range_id)))


@ranges.put("/ranges/{range_id}/choices")
async def choose(range_id: UUID, body: Choices, principal: Trainer) -> Envelope[RangeOut]:
    """Grade a painted range. The same choices again give the same grades; others are a conflict."""
    async with transaction() as db:
        table = await get_range_training().answer(db, principal.user_id, range_id, body.choices)
    return ok(_range_out(table), message="Graded")


@ranges.post("/sessions/{session_id}/ranges")
async def next_range(session_id: UUID, principal: Trainer) -> Envelope[RangeOut]:
    """The set's next node; the present one while it is not painted."""
    async with transaction() as db:
        return ok(_range_out(await get_range_training().next_range(db, principal.user_id, session_id)))
