"""Drills that players keep: saved under a name, changed, deleted. Links carry a drill without keeping it anywhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.accounts import export
from services.infra import clock
from services.infra.errors import Conflict, FieldError, Invalid, NotFound
from services.training import drill_repository, repository
from services.training.models import SavedDrillRow
from services.training.plan import Plan

MOST_DRILLS = 100


@dataclass(frozen=True, slots=True)
class SavedDrill:
    """A drill of a player's own; ``link`` is ``Plan.to_link()``."""

    id: UUID
    name: str
    plan: Plan
    link: str
    created_at: datetime
    updated_at: datetime


def _saved(row: SavedDrillRow) -> SavedDrill:
    plan = Plan.read({**row.plan, "name": row.name})
    return SavedDrill(row.id, row.name, plan, plan.to_link(), row.created_at, row.updated_at)


def _name(plan: Plan) -> str:
    name = " ".join(plan.name.split())
    if not name or not name.isprintable():
        problem = "a saved drill needs a name" if not name else "a name is made of letters that can be seen"
        raise Invalid(problem, code="drill-unnamed", errors=[FieldError("drill.name", problem)])
    return name


async def listed(db: AsyncSession, user_id: UUID) -> list[SavedDrill]:
    """A player's drills by name."""
    return [_saved(row) for row in await drill_repository.drills(db, user_id)]


async def get(db: AsyncSession, user_id: UUID, drill_id: UUID) -> SavedDrill:
    """One of a player's drills.

    Raises:
        NotFound: They have none with this id.
    """
    row = await drill_repository.drill(db, user_id, drill_id)
    if row is None:
        raise NotFound("there is no such drill of yours")
    return _saved(row)


async def save(db: AsyncSession, user_id: UUID, plan: Plan) -> SavedDrill:
    """Keep a drill under its name.

    Raises:
        Invalid: It has no name.
        Conflict: The player has one of this name, or as many as may be kept.
    """
    name, moment = _name(plan), clock.now()
    await repository.lock_player(db, user_id, "drills")
    if await drill_repository.count(db, user_id) >= MOST_DRILLS:
        raise Conflict(f"{MOST_DRILLS} drills are kept: delete one first", code="drills-full")
    row = SavedDrillRow(
        id=clock.new_id(), user_id=user_id, name=name, plan=plan.data(), created_at=moment, updated_at=moment
    )
    if not await drill_repository.put(db, row):
        raise _taken(name)
    return _saved(row)


async def change(db: AsyncSession, user_id: UUID, drill_id: UUID, plan: Plan) -> SavedDrill:
    """Replace a drill, its name included.

    Raises:
        NotFound: They have none with this id.
        Invalid: It has no name.
        Conflict: Another one has this name.
    """
    name = _name(plan)
    await repository.lock_player(db, user_id, "drills")
    await get(db, user_id, drill_id)
    if await drill_repository.named(db, user_id, name) not in (None, drill_id):
        raise _taken(name)
    await drill_repository.change(db, drill_id, name, plan.data(), clock.now())
    return await get(db, user_id, drill_id)


async def delete(db: AsyncSession, user_id: UUID, drill_id: UUID) -> None:
    """Forget a drill; sets that were played with it stay.

    Raises:
        NotFound: They have none with this id.
    """
    if not await drill_repository.drop(db, user_id, drill_id):
        raise NotFound("there is no such drill of yours")


def _taken(name: str) -> Conflict:
    problem = f"you have a drill called “{name}” already"
    return Conflict(problem, code="drill-name-taken", errors=[FieldError("drill.name", problem)])


@export.part("drills.json")
async def drills_of(db: AsyncSession, user_id: UUID) -> list[dict[str, Any]]:
    """The drills that an account keeps."""
    return [{"name": one.name, "plan": one.plan.data(), "link": one.link} for one in await listed(db, user_id)]
