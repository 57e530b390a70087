"""Solves of one's own: estimate, start, watch, cancel."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import StreamingResponse

from app.api.deps import Reader, Solver, still_lives
from app.api.envelope import Envelope, ok
from app.api.solutions import PAGE_LIMIT, parse_cursor
from services.infra.db import transaction
from services.infra.tasks import end
from services.solutions.jobs import (
    BEST_TARGET_PCT,
    WORST_TARGET_PCT,
    SolveJob,
    SolveStatus,
    get_solve_jobs,
)
from solver.spot import parse_spot

router = APIRouter(prefix="/solves", tags=["solves"])

HEARTBEAT_S = 15.0
LOOK_S = 2.0
"""Between two looks whether the session still lives."""


class EstimateIn(BaseModel):
    """A game in the format of the command line (`board`, `ranges`, `pot`, `effective_stack`, `sizes` ...)."""

    model_config = ConfigDict(extra="forbid")

    spot: dict[str, Any]


class SolveIn(EstimateIn):
    """What to solve, how well (% of the pot) and how long at most."""

    target_pct: float = Field(0.5, ge=BEST_TARGET_PCT, le=WORST_TARGET_PCT)
    max_seconds: float | None = Field(None, gt=0, le=3600)


class EstimateOut(BaseModel):
    """What a solve would take; ``allowed`` says whether this account may start it."""

    memory_bytes: int
    limit_bytes: int
    seconds: float | None
    abstract_nodes: dict[str, int]
    allowed: bool


class ProgressOut(BaseModel):
    """``pct_pot`` is the exploitability so far; null before it was first measured."""

    iteration: int
    seconds: float
    pct_pot: float | None


class SolveOut(BaseModel):
    """One's own request for a solve."""

    id: UUID
    status: SolveStatus
    name: str
    target_pct: float
    max_seconds: float
    memory_bytes: int
    progress: ProgressOut
    solution_id: UUID | None
    error: str | None
    created_at: datetime
    finished_at: datetime | None


class SolvePage(BaseModel):
    """Newest first; ``next_cursor`` continues the list."""

    items: list[SolveOut]
    next_cursor: str | None


class EventStream(StreamingResponse):
    """For the OpenAPI document: server-sent events."""

    media_type = "text/event-stream"


@router.post("/estimate")
async def estimate(body: EstimateIn, principal: Solver) -> Envelope[EstimateOut]:
    """Memory, time and size of a solve, before anything is allocated."""
    needed = await get_solve_jobs().estimate(await asyncio.to_thread(parse_spot, body.spot), principal)
    return ok(
        EstimateOut(
            memory_bytes=needed.memory_bytes,
            limit_bytes=needed.limit_bytes,
            seconds=needed.seconds if math.isfinite(needed.seconds) else None,
            abstract_nodes=needed.abstract_nodes,
            allowed=needed.allowed,
        )
    )


@router.post("", status_code=202, responses={200: {"model": Envelope[SolveOut], "description": "Solved already"}})
async def start(body: SolveIn, principal: Solver, response: Response) -> Envelope[SolveOut]:
    """Ask for a solve. The same request again is the same solve; of a spot that was solved as well the answer is 200.

    Nothing is solved twice: a spot that somebody else had solved is done at once, as a request of the caller's own.
    """
    jobs = get_solve_jobs()
    spot = await asyncio.to_thread(parse_spot, body.spot)
    request = await jobs.prepare(principal, spot, body.target_pct, body.max_seconds)
    async with transaction() as db:
        job = await jobs.submit(db, principal, request)
    response.headers["Location"] = f"/api/solves/{job.id}"
    if job.status is SolveStatus.DONE:
        response.status_code = 200
        return ok(solve_out(job), "Solved already")
    return ok(solve_out(job), "Solve accepted", 202)


@router.get("")
async def solves(
    principal: Reader,
    limit: Annotated[int, Query(ge=1, le=PAGE_LIMIT)] = 20,
    cursor: Annotated[str | None, Query(max_length=64)] = None,
) -> Envelope[SolvePage]:
    """One's own requests."""
    async with transaction() as db:
        jobs = await get_solve_jobs().list(db, principal, limit, parse_cursor(cursor))
    following = str(jobs[-1].id) if len(jobs) == limit else None
    return ok(SolvePage(items=[solve_out(job) for job in jobs], next_cursor=following))


@router.get("/{solve_id}")
async def solve(solve_id: UUID, principal: Reader) -> Envelope[SolveOut]:
    """One request."""
    async with transaction() as db:
        return ok(solve_out(await get_solve_jobs().get(db, principal, solve_id)))


@router.delete("/{solve_id}")
async def cancel(solve_id: UUID, principal: Solver) -> Envelope[SolveOut]:
    """Cancel a request; a finished one stays as it is."""
    async with transaction() as db:
        return ok(solve_out(await get_solve_jobs().cancel(db, principal, solve_id)))


@router.get("/{solve_id}/events", response_class=EventStream)
async def events(solve_id: UUID, principal: Reader) -> EventStream:
    """Server-sent events: `solve` with the request as JSON, at once and after every change, until it is finished."""
    async with transaction() as db:
        await get_solve_jobs().get(db, principal, solve_id)  # a 404 has to come before the stream begins

    async def lines() -> AsyncIterator[bytes]:
        changes = get_solve_jobs().watch(principal, solve_id)
        following: asyncio.Future[SolveJob | None] = asyncio.ensure_future(anext(changes, None))
        quiet_s = 0.0
        try:
            while True:
                done, _ = await asyncio.wait({following}, timeout=LOOK_S)
                if not await still_lives(principal):
                    return
                if not done:
                    quiet_s += LOOK_S
                    if quiet_s >= HEARTBEAT_S:
                        quiet_s = 0.0
                        yield b": still here\n\n"
                    continue
                quiet_s = 0.0
                job = following.result()
                if job is None:
                    return
                yield f"event: solve\ndata: {solve_out(job).model_dump_json()}\n\n".encode()
                following = asyncio.ensure_future(anext(changes, None))
        finally:
            await end(following)
            await changes.aclose()

    return EventStream(lines(), headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})


def solve_out(job: SolveJob) -> SolveOut:
    """The public form of a request."""
    return SolveOut(
        id=job.id,
        status=job.status,
        name=job.name,
        target_pct=job.target_pct,
        max_seconds=job.max_seconds,
        memory_bytes=job.memory_bytes,
        progress=ProgressOut(
            iteration=job.progress.iteration, seconds=round(job.progress.seconds, 3), pct_pot=job.progress.pct_pot
        ),
        solution_id=job.solution_id,
        error=job.error,
        created_at=job.created_at,
        finished_at=job.finished_at,
    )
