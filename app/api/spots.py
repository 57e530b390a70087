"""The library: spots that are solved already, for everybody."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel

from app.api.deps import OPEN
from app.api.envelope import Envelope, ok
from app.api.solutions import PAGE_LIMIT, SolutionOut, parse_cursor, solution_out
from services.infra.db import transaction
from services.infra.errors import NotFound
from services.solutions.catalog import texture as texture_of
from services.solutions.growth import growth
from services.solutions.reservations import kept
from services.solutions.service import get_strategies
from solver.spot import spot_to_json

router = APIRouter(prefix="/spots", tags=["spots"], dependencies=[OPEN])

Street = Literal["flop", "turn", "river"]
Texture = Literal["monotone", "two-tone", "rainbow", "paired"]
STREETS: tuple[Street, ...] = ("flop", "turn", "river")


class SpotPage(BaseModel):
    """In the library's order; ``next_cursor`` continues the list."""

    items: list[SolutionOut]
    next_cursor: str | None


class SpotDetail(BaseModel):
    """A spot of the library: its solution's description and the game (SOLVER.md's format)."""

    solution: SolutionOut
    spot: dict[str, Any]


@router.get("")
async def spots(
    family: Annotated[str | None, Query(max_length=40, description="For example `BTN vs BB`.")] = None,
    pot_type: Annotated[Literal["SRP", "3BP", "4BP"] | None, Query()] = None,
    street: Annotated[Street | None, Query(description="Where the game starts.")] = None,
    texture: Annotated[Texture | None, Query(description="Of the flop.")] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_LIMIT)] = PAGE_LIMIT,
    cursor: Annotated[str | None, Query(max_length=64)] = None,
) -> Envelope[SpotPage]:
    """The library's spots, but for those that a ranked set keeps until it closes."""
    infos = await get_strategies().list(
        street=None if street is None else STREETS.index(street), family=family, pot_type=pot_type
    )
    async with transaction() as db:
        infos = (await kept(db)).open(infos)
    if texture is not None:
        infos = [info for info in infos if texture in texture_of(info.board)]
    after = parse_cursor(cursor)
    if after is not None:
        place = next((index + 1 for index, info in enumerate(infos) if info.id == after), len(infos))
        infos = infos[place:]
    page = infos[:limit]
    following = str(page[-1].id) if len(infos) > limit else None
    return ok(SpotPage(items=[solution_out(info) for info in page], next_cursor=following))


class FamilyGrowthOut(BaseModel):
    """Flops of one family: how many are solved and planned; ``depth_bb`` is the stacks before the hand."""

    family: str
    pot_type: str
    depth_bb: int
    solved: int
    planned: int


class SolvingOut(BaseModel):
    """The flop that is being solved; the figures are null before the first measurement."""

    family: str
    pot_type: str
    depth_bb: int
    board: str
    iterations: int
    exploitability_pct: float | None
    target_pct: float | None


class GrowthOut(BaseModel):
    """Flops of all families: how many are solved and planned; ``now`` is what is being solved, empty for nothing.

    ``on`` is the setting; ``paused`` says that somebody plays, ``quiet_in_s`` when it goes on if nobody does anything;
    ``refused`` counts planned flops that could not be solved on this machine.
    """

    solved: int
    planned: int
    now: str
    paused: bool
    on: bool
    quiet_in_s: float
    refused: int
    families: list[FamilyGrowthOut]
    solving: SolvingOut | None


@router.get("/growth")
async def growth_of_the_library() -> Envelope[GrowthOut]:
    """How far the library is that grows on this machine while nobody plays."""
    told = await growth()
    one = told.solving
    return ok(
        GrowthOut(
            solved=told.solved,
            planned=told.planned,
            now=told.now,
            paused=told.paused,
            on=told.on,
            quiet_in_s=round(told.quiet_in_s, 1),
            refused=told.refused,
            families=[
                FamilyGrowthOut(
                    family=each.family.name,
                    pot_type=each.family.pot_type,
                    depth_bb=each.family.depth,
                    solved=each.solved,
                    planned=each.planned,
                )
                for each in told.families
            ],
            solving=None
            if one is None
            else SolvingOut(
                family=one.entry.family.name,
                pot_type=one.entry.family.pot_type,
                depth_bb=one.entry.family.depth,
                board=one.entry.board,
                iterations=one.iterations,
                exploitability_pct=one.pct_pot,
                target_pct=one.target_pct,
            ),
        )
    )


@router.get("/{spot_id}")
async def spot(spot_id: UUID) -> Envelope[SpotDetail]:
    """One spot of the library."""
    strategies = get_strategies()
    for info in await strategies.list():
        if info.id == spot_id:
            async with transaction() as db:
                (await kept(db)).check(info.board)
            return ok(SpotDetail(solution=solution_out(info), spot=spot_to_json(await strategies.spot(spot_id))))
    raise NotFound("there is no such spot in the library")
