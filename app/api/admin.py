"""Administration: accounts, everybody's solves, the audit trail. Only with a second factor."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from app.api.deps import Admin
from app.api.envelope import Envelope, ok
from app.api.solutions import parse_cursor
from app.api.solves import SolveOut, solve_out
from services.accounts import administration, sessions
from services.accounts.administration import Person
from services.accounts.principals import Role
from services.audit import service as audit
from services.audit.chain import Entry
from services.infra.db import transaction
from services.infra.errors import FieldError, Invalid
from services.infra.log import get_logger
from services.solutions.jobs import SolveJob, SolveStatus, get_solve_jobs

router = APIRouter(prefix="/admin", tags=["admin"])
log = get_logger()

Limit = Annotated[int, Query(ge=1, le=100)]
Cursor = Annotated[str | None, Query(max_length=64)]


class PersonOut(BaseModel):
    """An account."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    email: str | None
    email_verified: bool
    role: Role
    created_at: datetime
    banned_at: datetime | None
    ban_reason: str | None


class PeopleOut(BaseModel):
    """Newest first; ``next_cursor`` continues the list."""

    items: list[PersonOut]
    next_cursor: str | None


class PersonIn(BaseModel):
    """What to change: the role, or whether the account is banned (``reason`` is for administrators only)."""

    model_config = ConfigDict(extra="forbid", strict=True)

    role: Literal["free", "premium", "admin"] | None = None
    banned: bool | None = None
    reason: Annotated[str, Field(max_length=administration.LONGEST_REASON)] = ""


class JobOut(SolveOut):
    """A solve with whoever asked for it."""

    owner_id: UUID
    owner_name: str


class JobsOut(BaseModel):
    """Newest first; ``next_cursor`` continues the list."""

    items: list[JobOut]
    next_cursor: str | None


class JobIn(BaseModel):
    """The only change there is."""

    model_config = ConfigDict(extra="forbid", strict=True)

    status: Literal["cancelled"]


class EntryOut(BaseModel):
    """A line of the audit trail; the names are those of today, empty for users that are gone."""

    position: int
    recorded_at: datetime
    action: str
    actor_id: UUID | None
    actor_name: str
    subject_id: UUID | None
    subject_name: str
    details: dict[str, Any]
    request_id: str | None
    hash: str


class TrailOut(BaseModel):
    """Newest first; ``next_cursor`` continues the list."""

    items: list[EntryOut]
    next_cursor: str | None


class VerdictOut(BaseModel):
    """Whether the trail is whole; ``fault`` says where it first breaks."""

    entries: int
    head: str
    checked_at: datetime
    intact: bool
    fault: str


@router.get("/users")
async def people(
    _admin: Admin,
    search: Annotated[str, Query(max_length=254, description="Part of a name or address, or an id.")] = "",
    role: Annotated[Literal["free", "premium", "admin"] | None, Query()] = None,
    banned: Annotated[Literal["true"] | None, Query(description="Only those that are.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Envelope[PeopleOut]:
    """Accounts."""
    _no_nul("search", search)
    async with transaction() as db:
        found = await administration.search(
            db,
            search,
            role=Role(role) if role else None,
            banned=banned is not None,
            limit=limit,
            before=parse_cursor(cursor),
        )
    items = [PersonOut.model_validate(one) for one in found]
    return ok(PeopleOut(items=items, next_cursor=str(found[-1].id) if len(found) == limit else None))


@router.get("/users/{user_id}")
async def person(user_id: UUID, _admin: Admin) -> Envelope[PersonOut]:
    """One account."""
    async with transaction() as db:
        return ok(PersonOut.model_validate(await administration.get(db, user_id)))


@router.patch("/users/{user_id}")
async def change_person(user_id: UUID, body: PersonIn, admin: Admin) -> Envelope[PersonOut]:
    """Change a role, ban or let in again; effective on REST and open sockets within a second."""
    _no_nul("reason", body.reason)
    found: Person | None = None
    async with transaction() as db:
        if body.role is not None:
            found = await administration.change_role(db, admin, user_id, Role(body.role))
        if body.banned is True:
            found = await administration.ban(db, admin, user_id, body.reason)
        elif body.banned is False:
            found = await administration.unban(db, admin, user_id)
        if found is None:
            raise Invalid("There is nothing to change.", errors=[FieldError("", "Give role or banned.")])
        if found.banned_at is not None:
            await sessions.end_all(user_id)
        else:
            await sessions.update_all(user_id, role=found.role)
    log.info("account_administrated", user_id=str(admin.user_id), subject=str(user_id))
    return ok(PersonOut.model_validate(found), message="Changed")


@router.get("/jobs")
async def jobs(
    _admin: Admin,
    status: Annotated[SolveStatus | None, Query()] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Envelope[JobsOut]:
    """Everybody's solves."""
    async with transaction() as db:
        found = await get_solve_jobs().everybodys(db, status=status, limit=limit, before=parse_cursor(cursor))
        names = await administration.names_of(db, [one.owner_id for one in found])
    items = [_job_out(one, names) for one in found]
    return ok(JobsOut(items=items, next_cursor=str(found[-1].id) if len(found) == limit else None))


@router.patch("/jobs/{job_id}")
async def change_job(job_id: UUID, _body: JobIn, admin: Admin) -> Envelope[JobOut]:
    """Cancel somebody's solve; a finished one stays as it is."""
    async with transaction() as db:
        job = await get_solve_jobs().cancel_for(db, job_id)
        names = await administration.names_of(db, [job.owner_id])
        details = {"job_id": str(job_id)}
        await audit.record(db, "solve_cancelled", actor=admin.user_id, subject=job.owner_id, details=details)
    return ok(_job_out(job, names), message="Cancelled")


@router.get("/audit")
async def trail(
    _admin: Admin,
    action: Annotated[str | None, Query(max_length=64, pattern="^[a-z_]+$")] = None,
    user: Annotated[UUID | None, Query(description="Who did it, or to whom it was done.")] = None,
    limit: Limit = 50,
    cursor: Annotated[str | None, Query(pattern="^[0-9]{1,18}$")] = None,
) -> Envelope[TrailOut]:
    """The audit trail."""
    async with transaction() as db:
        found = await audit.newest(
            db,
            limit=limit,
            before=int(cursor) if cursor else None,
            action=action,
            users=[user] if user else None,
        )
        ids = {one for entry in found for one in (entry.actor_id, entry.subject_id) if one is not None}
        names = await administration.names_of(db, list(ids))
    items = [_entry_out(one, names) for one in found]
    return ok(TrailOut(items=items, next_cursor=str(found[-1].position) if len(found) == limit else None))


@router.get("/audit/check")
async def check_trail(_admin: Admin) -> Envelope[VerdictOut]:
    """Read the whole trail and compare every hash."""
    async with transaction() as db:
        found = await audit.verify(db)
    return ok(
        VerdictOut(
            entries=found.entries,
            head=found.head,
            checked_at=found.checked_at,
            intact=not found.fault,
            fault=found.fault,
        )
    )


def _no_nul(path: str, text: str) -> None:
    if "\0" in text:
        raise Invalid("The request was refused.", errors=[FieldError(path, "It holds a character that is no text.")])


def _job_out(job: SolveJob, names: dict[UUID, str]) -> JobOut:
    shown = solve_out(job).model_dump()
    return JobOut(**shown, owner_id=job.owner_id, owner_name=names.get(job.owner_id, ""))


def _entry_out(entry: Entry, names: dict[UUID, str]) -> EntryOut:
    return EntryOut(
        position=entry.position,
        recorded_at=entry.recorded_at,
        action=entry.action,
        actor_id=entry.actor_id,
        actor_name=names.get(entry.actor_id, "") if entry.actor_id else "",
        subject_id=entry.subject_id,
        subject_name=names.get(entry.subject_id, "") if entry.subject_id else "",
        details=entry.details,
        request_id=entry.request_id,
        hash=entry.hash.hex(),
    )
