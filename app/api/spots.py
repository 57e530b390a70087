"""The library: spots that are solved already, for everybody."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel

from app.api.deps import OPEN
from app.api.envelope import Envelope, ok
from app.api.solutions import PAGE_LIMIT, SolutionOut, parse_cursor, solution_out
from services.infra.errors import NotFound
from services.solutions.catalog import texture as texture_of
from services.solutions.growth import growth
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
    """The library's spots."""
    infos = await get_strategies().list(
        street=None if street is None else STREETS.index(street), family=family, pot_type=pot_type
    )
    if texture is not None:
        infos = [info for info in infos if texture in texture_of(info.board)]
    after = parse_cursor(cursor)
    if after is not None:
        place = next((index + 1 for index, info in enumerate(infos) if info.id == after), len(infos))
        infos = infos[place:]
    page = infos[:limit]
    following = str(page[-1].id) if len(infos) > limit else None
    return ok(SpotPage(items=[solution_out(info) for info in page], next_cursor=following))


class GrowthOut(BaseModel):
    """Flops of all families: how many are solved and planned; ``now`` is what is being solved, empty for nothing."""

    solved: int
    planned: int
    now: str
    paused: bool


@router.get("/growth")
async def growth_of_the_library() -> Envelope[GrowthOut]:
    """How far the library is that grows on this machine while nobody plays."""
    told = await growth()
    return ok(GrowthOut(solved=told.solved, planned=told.planned, now=told.now, paused=told.paused))


@router.get("/{spot_id}")
async def spot(spot_id: UUID) -> Envelope[SpotDetail]:
    """One spot of the library."""
    strategies = get_strategies()
    for info in await strategies.list():
        if info.id == spot_id:
            return ok(SpotDetail(solution=solution_out(info), spot=spot_to_json(await strategies.spot(spot_id))))
    raise NotFound("there is no such spot in the library")
