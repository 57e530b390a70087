"""The caller's own sessions: which there are, and an end to those one does not know."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel

from app.api import session_cookies
from app.api.deps import AccountHolder
from app.api.envelope import Envelope, ok
from services.accounts import service, session_records, sessions
from services.infra.db import transaction
from services.infra.errors import NotFound
from services.infra.log import get_logger

router = APIRouter(prefix="/auth/sessions", tags=["auth"])
log = get_logger()

SessionId = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]


class SessionOut(BaseModel):
    """A session; ``current`` is the one that asks. ``last_used_at`` is right to the minute."""

    id: str
    device: str
    address: str
    started_at: datetime
    last_used_at: datetime
    ends_at: datetime
    remembered: bool
    second_factor: bool
    current: bool


class SessionsOut(BaseModel):
    """All live sessions, the last used first."""

    items: list[SessionOut]
    next_cursor: None = None


class EndedOut(BaseModel):
    """How many sessions were ended."""

    ended: int


@router.get("")
async def own_sessions(principal: AccountHolder) -> Envelope[SessionsOut]:
    """Where the account is signed in."""
    found = await session_records.list_of(principal.user_id)
    items = [
        SessionOut(
            id=one.id,
            device=one.device,
            address=one.address,
            started_at=one.started_at,
            last_used_at=one.last_used_at,
            ends_at=one.ends_at,
            remembered=one.remembered,
            second_factor=one.second_factor,
            current=one.id == principal.session_id,
        )
        for one in found
    ]
    return ok(SessionsOut(items=items))


@router.delete("")
async def end_others(principal: AccountHolder) -> Envelope[EndedOut]:
    """End all sessions but this one."""
    ended = await sessions.end_all(principal.user_id, but=principal.session_id)
    if ended:
        async with transaction() as db:
            await service.record_ended_sessions(db, principal.user_id, ended)
    log.info("sessions_ended", user_id=str(principal.user_id), count=ended)
    return ok(EndedOut(ended=ended), message="All other sessions have ended.")


@router.delete("/{session_id}")
async def end_one(
    session_id: SessionId, request: Request, response: Response, principal: AccountHolder
) -> Envelope[EndedOut]:
    """End one session; it may be this one."""
    if not await sessions.end_one(principal.user_id, session_id):
        raise NotFound("There is no such session.")
    async with transaction() as db:
        await service.record_ended_sessions(db, principal.user_id, 1)
    if session_id == principal.session_id:
        session_cookies.clear(request, response)
    log.info("sessions_ended", user_id=str(principal.user_id), count=1)
    return ok(EndedOut(ended=1), message="The session has ended.")
