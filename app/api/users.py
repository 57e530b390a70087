"""The caller's own account: name, everything about how it is entered, a copy of it, and its end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import IO, Annotated
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from app.api.auth import AccountOut
from app.api.deps import AccountHolder, Reader
from app.api.envelope import Envelope, ok
from app.api.idempotency import IdempotentRoute
from app.api.mfa import StatusOut
from app.api.oauth import ProviderOut
from app.api.ownership import Proof, prove_owner
from services.accounts import export, identities, lifecycle, second_factor, service, sessions, throttle
from services.accounts.providers import providers
from services.infra.clock import now
from services.infra.db import transaction
from services.infra.errors import Unauthorized
from services.infra.log import get_logger
from services.infra.settings import get_settings

router = APIRouter(prefix="/users", tags=["users"], route_class=IdempotentRoute)
log = get_logger()

_CHUNK = 256 * 1024


class ProfileIn(BaseModel):
    """What a member may change."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Annotated[str, Field(min_length=1, max_length=60)]


class LinkOut(BaseModel):
    """Somebody at another site who may sign in to the account."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    provider: str
    label: str


class SecurityOut(BaseModel):
    """How the account is entered; ``sends_mail`` is false where mails stay in the server's data folder."""

    has_password: bool
    sends_mail: bool
    second_factor: StatusOut
    linked: list[LinkOut]
    providers: list[ProviderOut]


class DeletionOut(BaseModel):
    """When the account is erased."""

    delete_at: datetime


@router.get("/me")
async def me(principal: Reader) -> Envelope[AccountOut]:
    """Who is calling; guests have an id and a name too."""
    if not principal.signed_in:
        return ok(AccountOut(id=principal.user_id, name=principal.name, role=principal.role, email=None))
    async with transaction() as db:
        account = await service.get(db, principal.user_id)
    if account is None:
        await sessions.end(principal)
        raise Unauthorized("Your session has ended.", code="session-ended")
    return ok(AccountOut.model_validate(account))


@router.patch("/me")
async def change_me(body: ProfileIn, principal: AccountHolder) -> Envelope[AccountOut]:
    """Take another name; every open session shows it."""
    async with transaction() as db:
        account = await service.rename(db, principal.user_id, body.name)
    await sessions.update_all(principal.user_id, name=account.name)
    return ok(AccountOut.model_validate(account), message="Name changed")


@router.get("/me/security")
async def security(principal: AccountHolder) -> Envelope[SecurityOut]:
    """How the account is entered: password, second factor, other sites."""
    async with transaction() as db:
        has_password = await service.password_hash_of(db, principal.user_id) is not None
        factor = await second_factor.status(db, principal.user_id)
        linked = await identities.links_of(db, principal.user_id)
    return ok(
        SecurityOut(
            has_password=has_password,
            sends_mail=bool(get_settings().smtp_host),
            second_factor=StatusOut(enabled=factor.enabled, recovery_codes=factor.recovery_codes),
            linked=[LinkOut.model_validate(one) for one in linked],
            providers=[ProviderOut(key=one.key, name=one.name) for one in providers().values()],
        )
    )


@router.delete("/me", status_code=202)
async def delete_me(body: Proof, principal: AccountHolder) -> Envelope[DeletionOut]:
    """Have the account erased after some days, within which it can be taken back; all other sessions end."""
    await prove_owner(principal, body)
    async with transaction() as db:
        due = await lifecycle.request_deletion(db, principal.user_id)
        await sessions.end_all(principal.user_id, but=principal.session_id)
    log.info("deletion_requested", user_id=str(principal.user_id))
    return ok(DeletionOut(delete_at=due), message="Your account will be deleted.", status=202)


@router.post("/me/restore")
async def restore_me(principal: AccountHolder) -> Envelope[AccountOut]:
    """Keep the account after all."""
    async with transaction() as db:
        account = await lifecycle.undo_deletion(db, principal.user_id)
    log.info("deletion_undone", user_id=str(principal.user_id))
    return ok(AccountOut.model_validate(account), message="Your account stays.")


@router.get(
    "/me/export",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/zip": {}}, "description": "JSON files in a zip."}},
)
async def export_me(principal: AccountHolder) -> StreamingResponse:
    """A copy of everything: account, events, what each part of the product keeps about the caller."""
    (await throttle.take(throttle.EXPORT, str(principal.user_id))).enforce()
    file = await export.write_export(principal.user_id)
    log.info("account_exported", user_id=str(principal.user_id))
    headers = {
        "Content-Disposition": f'attachment; filename="mixline-{now():%Y-%m-%d}.zip"',
        "Cache-Control": "no-store",
    }
    return StreamingResponse(_chunks(file), media_type="application/zip", headers=headers)


async def _chunks(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        while chunk := await run_in_threadpool(file.read, _CHUNK):
            yield chunk
