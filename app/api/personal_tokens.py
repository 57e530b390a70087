"""Personal tokens: made, listed, revoked by their owner, in a browser only."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from app.api.deps import AccountHolder
from app.api.envelope import Envelope, ok
from app.api.idempotency import IdempotentRoute
from app.api.ownership import Proof, prove_owner
from services.accounts import api_tokens
from services.accounts.permissions import Scope
from services.infra.db import transaction

router = APIRouter(prefix="/auth/tokens", tags=["auth"], route_class=IdempotentRoute)


class TokenIn(Proof):
    """A name to recognise it by, what it may do, and for how many days."""

    name: Annotated[str, Field(min_length=1, max_length=60)]
    scopes: Annotated[list[str], Field(min_length=1, max_length=4, json_schema_extra={"items": {"enum": [*Scope]}})]
    days: Annotated[int, Field(ge=1, le=api_tokens.MAX_DAYS)] = 90


class TokenOut(BaseModel):
    """A token without its secret."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None


class NewTokenOut(TokenOut):
    """A token with its secret, this once."""

    token: str


@router.get("")
async def list_tokens(principal: AccountHolder) -> Envelope[list[TokenOut]]:
    """The caller's tokens that still work, newest first."""
    async with transaction() as db:
        found = await api_tokens.list_of(db, principal.user_id)
    return ok([TokenOut.model_validate(one) for one in found])


@router.post("", status_code=201)
async def create_token(body: TokenIn, principal: AccountHolder, response: Response) -> Envelope[NewTokenOut]:
    """Make a token; its secret is in this answer and nowhere else."""
    scopes = api_tokens.scopes_of(body.scopes)
    await prove_owner(principal, body, recent=True)
    async with transaction() as db:
        info, secret = await api_tokens.create(db, principal, body.name, scopes, body.days)
    response.headers["cache-control"] = "no-store"
    data = NewTokenOut(**TokenOut.model_validate(info).model_dump(), token=secret)
    return ok(data, message="Copy the token now; it is not shown again.", status=201)


@router.delete("/{token_id}")
async def revoke_token(token_id: UUID, principal: AccountHolder) -> Envelope[None]:
    """End a token at once."""
    async with transaction() as db:
        await api_tokens.revoke(db, principal.user_id, token_id)
    return ok(None, message="Revoked")
