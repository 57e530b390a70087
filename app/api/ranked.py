"""Ranked sets over REST: what was promised beforehand, what was dealt afterwards, and whether the two agree.

The sets themselves are played through `/api/training` with mode `ranked` (the week's) or `daily`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from app.api.deps import OPEN, Admin, Reader
from app.api.envelope import Envelope, ok
from services.infra.db import transaction
from services.infra.errors import FieldError, Invalid, NotFound
from services.training.fair_play import report
from services.training.service import get_training

router = APIRouter(tags=["ranked"])

Kind = Literal["weekly", "daily"]


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class SetOut(_Out):
    """A ranked set: its fingerprint from its publication on, its seed after its close."""

    set_id: str
    kind: Kind
    items: int
    commitment: str
    published_at: datetime
    opens_at: datetime
    closes_at: datetime
    closed: bool
    seed: str | None


class SetDetail(SetOut):
    """After its close with everything the fingerprint was made of.

    ``commitment`` is the SHA-256 of the JSON text of ``{"pool", "seed", "set", "spots"}`` with sorted keys, without
    spaces, in ASCII; ``set`` is ``set_id``.
    """

    pool: list[dict[str, Any]]
    spots: list[dict[str, Any]]


class SetPage(BaseModel):
    """The latest to open first; ``next_cursor`` continues the list."""

    items: list[SetOut]
    next_cursor: str | None


class VerificationOut(_Out):
    """Whether a set is what was promised.

    ``fingerprint``: seed, pool and spots give it. ``drawn``: the seed draws the same spots again; null where the
    library has changed since, so that nobody can tell here.
    """

    set_id: str
    fingerprint: bool
    drawn: bool | None
    differences: list[str]


class ProgressOut(_Out):
    """The running set and how far the caller is in it; ``answered`` counts decisions."""

    set_id: str
    kind: Kind
    items: int
    dealt: int
    answered: int
    finished: bool
    ready: bool
    closes_at: datetime
    commitment: str
    streak: int


class StudyOut(_Out):
    """An account that had to do with a board of a set.

    `look`: opened a solution. `solve`: asked for one. `refused`: was told that the board is kept.
    """

    user_id: UUID
    name: str
    board: str
    kind: Literal["look", "solve", "refused"]
    times: int
    last_at: datetime
    marked_decisions: int


class FairPlayOut(BaseModel):
    """The latest first."""

    set_id: str
    boards: list[str]
    items: list[StudyOut]


SetId = Annotated[str, Query(max_length=10, pattern=r"^\d{4}-(W\d{2}|\d{2}-\d{2})$")]


@router.get("/ranked/sets", dependencies=[OPEN])
async def sets(
    kind: Annotated[Kind | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[SetId | None, Query()] = None,
) -> Envelope[SetPage]:
    """All ranked sets: those to come, the running ones, those that are closed."""
    async with transaction() as db:
        try:
            found = await get_training().ranked.proofs(db, kind, limit + 1, cursor)
        except NotFound as error:
            raise Invalid(error.message, errors=[FieldError("cursor", error.message)]) from error
    page = [SetOut.model_validate(one) for one in found[:limit]]
    return ok(SetPage(items=page, next_cursor=page[-1].set_id if len(found) > limit else None))


@router.get("/ranked/sets/{set_id}", dependencies=[OPEN])
async def one_set(set_id: str) -> Envelope[SetDetail]:
    """A set; after its close with seed, pool and spots."""
    async with transaction() as db:
        proof = await get_training().ranked.proof(db, set_id)
    return ok(SetDetail.model_validate(proof))


@router.get("/ranked/sets/{set_id}/verification", dependencies=[OPEN], responses={409: {}})
async def verification(set_id: str) -> Envelope[VerificationOut]:
    """Draw a closed set again from its seed and compare; 409 while it is not closed."""
    return ok(VerificationOut.model_validate(await get_training().ranked.verify(set_id)))


@router.get("/ranked/progress")
async def progress(principal: Reader, kind: Annotated[Kind, Query()] = "weekly") -> Envelope[ProgressOut]:
    """The running set of the week or the day."""
    async with transaction() as db:
        found = await get_training().ranked.progress(db, principal.user_id, kind)
    return ok(ProgressOut.model_validate(found))


@router.get("/admin/fair-play")
async def fair_play(_principal: Admin, set_id: SetId) -> Envelope[FairPlayOut]:
    """Who studied a set's boards in the week before it opened, or tried to while it ran."""
    async with transaction() as db:
        found = await report(db, set_id)
    return ok(
        FairPlayOut(
            set_id=set_id,
            boards=list(found.boards),
            items=[StudyOut.model_validate(one) for one in found.studies],
        )
    )
