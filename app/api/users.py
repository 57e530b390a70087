"""The caller's own account."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from app.api.auth import AccountOut
from app.api.deps import CurrentPrincipal, Member
from app.api.envelope import Envelope, ok
from services.accounts import service, sessions
from services.infra.db import transaction
from services.infra.errors import Unauthorized

router = APIRouter(prefix="/users", tags=["users"])


class ProfileIn(BaseModel):
    """What a member may change."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Annotated[str, Field(min_length=1, max_length=60)]


@router.get("/me")
async def me(principal: CurrentPrincipal) -> Envelope[AccountOut]:
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
async def change_me(body: ProfileIn, principal: Member) -> Envelope[AccountOut]:
    """Take another name; every open session shows it."""
    async with transaction() as db:
        account = await service.rename(db, principal.user_id, body.name)
    await sessions.update_all(principal.user_id, name=account.name)
    return ok(AccountOut.model_validate(account), message="Name changed")
