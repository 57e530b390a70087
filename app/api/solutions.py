"""Solutions: the strategy at a node, and the solves one asked for."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from app.api.deps import OptionalPrincipal, Reader, Solver
from app.api.envelope import Envelope, ok
from services.accounts.permissions import Permission, allows
from services.accounts.principals import Principal
from services.infra.db import transaction
from services.infra.errors import FieldError, Invalid
from services.infra.rate_limits import address_of
from services.solutions.catalog import NodeStrategy, SolutionInfo, parse_line, texture
from services.solutions.rivers import patient
from services.solutions.service import get_strategies
from solver.cards import cards_to_text, combo_to_text
from solver.spot import spot_to_json

router = APIRouter(prefix="/solutions", tags=["solutions"])

LINE_LIMIT = 2000
PAGE_LIMIT = 100


class SolutionOut(BaseModel):
    """One solved spot. Chips with ``big_blind`` beside them; positions are out of position first."""

    id: UUID
    name: str
    family: str
    pot_type: str
    street: Literal["flop", "turn", "river"]
    texture: list[str]
    board: str
    pot: int
    effective_stack: int
    big_blind: int
    positions: tuple[str, str]
    exploitability_pct: float
    spot_hash: str
    tree_hash: str
    config_hash: str
    source: Literal["library", "solve"]


class HandOut(BaseModel):
    """One combo at a node: lists are in the order of the node's actions.

    ``ev`` is Q*: chips from here on against the opponent's stored strategy, best responses afterwards; null where the
    opponent never gets here. ``ev_loss_pct`` is what the action gives up, in % of the node's pot.
    """

    weight: float
    in_range: bool
    strategy: list[float]
    ev: list[float] | None
    ev_loss_pct: list[float] | None


class NodeOut(BaseModel):
    """A decision. ``exploitability_pct`` is that of the subgame here, in % of ``pot``."""

    line: list[str]
    player: Literal["oop", "ip"]
    board: str
    pot: int
    to_call: int
    stacks: tuple[int, int]
    actions: list[str]
    exploitability_pct: float | None
    hands: dict[str, HandOut]


class SolutionDetail(BaseModel):
    """A solution, the game that was solved, and the node asked for."""

    solution: SolutionOut
    spot: dict[str, Any]
    node: NodeOut | None = None


class SolutionPage(BaseModel):
    """Newest first; ``next_cursor`` continues the list."""

    items: list[SolutionOut]
    next_cursor: str | None


class SubgameOut(BaseModel):
    """What follows a deal, as a spot that can be solved at `/api/solves`; its exploitability is the subgame's own."""

    spot: dict[str, Any]


class Forgotten(BaseModel):
    """What was deleted."""

    id: UUID


@router.get("")
async def solutions(
    principal: Reader,
    limit: Annotated[int, Query(ge=1, le=PAGE_LIMIT)] = 20,
    cursor: Annotated[str | None, Query(max_length=64)] = None,
) -> Envelope[SolutionPage]:
    """The solutions one asked for; the library is under `/api/spots`."""
    before = parse_cursor(cursor)
    async with transaction() as db:
        infos = await get_strategies().owned(db, principal.user_id, limit, before)
    following = str(infos[-1].id) if len(infos) == limit else None
    return ok(SolutionPage(items=[solution_out(info) for info in infos], next_cursor=following))


@router.get("/{solution_id}")
async def solution(
    solution_id: UUID,
    request: Request,
    principal: OptionalPrincipal,
    node: Annotated[
        str | None,
        Query(max_length=LINE_LIMIT, description="A line, e.g. `check/bet 18/call/deal 2c`; empty: the root."),
    ] = None,
) -> Envelope[SolutionDetail]:
    """A solution of the library or one's own; with `node` the strategy there; a new river is solved first."""
    strategies = get_strategies()
    async with transaction() as db:
        reader = principal if allows(principal, Permission.READ) else None  # a token may lack the scope
        line = parse_line(node or "")
        info = await strategies.visible(db, solution_id, reader.user_id if reader else None, line)
    shown = None
    if node is not None:
        with patient("look", _who(principal, request)):
            shown = node_out(await strategies.node(solution_id, line))
    spot = await strategies.spot(solution_id)
    return ok(SolutionDetail(solution=solution_out(info), spot=spot_to_json(spot), node=shown))


@router.get("/{solution_id}/subgame")
async def subgame(
    solution_id: UUID,
    request: Request,
    principal: OptionalPrincipal,
    line: Annotated[
        str, Query(max_length=LINE_LIMIT, description="A line that ends with a deal, e.g. `check/check/deal 7d`.")
    ],
) -> Envelope[SubgameOut]:
    """The turn or river after a deal as a spot of its own, with the ranges with which both players get there."""
    root = parse_line(line)
    async with transaction() as db:
        reader = principal if allows(principal, Permission.READ) else None
        await get_strategies().visible(db, solution_id, reader.user_id if reader else None, root)
    with patient("look", _who(principal, request)):
        spot = await get_strategies().subgame(solution_id, root)
    return ok(SubgameOut(spot=spot_to_json(spot)))


def _who(principal: Principal | None, request: Request) -> str:
    return str(principal.user_id) if principal else address_of(request.scope)


@router.delete("/{solution_id}")
async def forget(solution_id: UUID, principal: Solver) -> Envelope[Forgotten]:
    """Delete a solution one asked for."""
    async with transaction() as db:
        await get_strategies().forget(db, principal.user_id, solution_id)
    return ok(Forgotten(id=solution_id), "Solution deleted")


def parse_cursor(cursor: str | None) -> UUID | None:
    """The id at which the page before ended.

    Raises:
        Invalid: Not a cursor of ours.
    """
    if cursor is None:
        return None
    try:
        return UUID(cursor)
    except ValueError:
        message = "this is no cursor; take `next_cursor` of the page before"
        raise Invalid(message, errors=[FieldError("cursor", message)]) from None


def solution_out(info: SolutionInfo) -> SolutionOut:
    """The public form of a description."""
    return SolutionOut(
        id=info.id,
        name=info.name,
        family=info.family,
        pot_type=info.pot_type,
        street=("flop", "turn", "river")[info.street],
        texture=sorted(texture(info.board)),
        board=cards_to_text(info.board),
        pot=info.pot,
        effective_stack=info.effective_stack,
        big_blind=info.big_blind,
        positions=info.positions,
        exploitability_pct=info.exploitability_pct,
        spot_hash=info.spot_hash,
        tree_hash=info.tree_hash,
        config_hash=info.config_hash,
        source=info.source,
    )


def node_out(node: NodeStrategy) -> NodeOut:
    """The public form of a node."""
    place = node.position
    best = node.q.max(axis=0)
    hands: dict[str, HandOut] = {}
    for row, combo in enumerate(node.combos):
        known = not math.isnan(best[row])
        loss = 100 * (best[row] - node.q[:, row]) / place.pot
        hands[combo_to_text(int(combo))] = HandOut(
            weight=round(float(node.reach[place.player, combo]), 6),
            in_range=bool(node.in_range[row]),
            strategy=[round(float(value), 4) for value in node.strategy[:, row]],
            ev=[round(float(value), 3) for value in node.q[:, row]] if known else None,
            ev_loss_pct=[round(float(value), 3) for value in loss] if known else None,
        )
    return NodeOut(
        line=list(place.line),
        player=("oop", "ip")[place.player],
        board=cards_to_text(place.board),
        pot=place.pot,
        to_call=place.to_call,
        stacks=place.stacks,
        actions=list(place.actions),
        exploitability_pct=None if math.isnan(node.exploitability_pct) else round(node.exploitability_pct, 4),
        hands=hands,
    )
