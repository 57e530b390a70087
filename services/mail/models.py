"""The mail schema: what waits to be sent."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime
from sqlmodel import Field, SQLModel


class Outgoing(SQLModel, table=True):
    """A mail that is written in the transaction of what it tells, and deleted once it was handed on.

    Attributes:
        sealed: Address, subject and text, see `services.infra.sealing`: it may hold a link that signs somebody in.
    """

    __tablename__ = "outbox"  # pyright: ignore[reportAssignmentType]
    __table_args__ = {"schema": "mail"}

    id: UUID = Field(primary_key=True)
    sealed: bytes
    attempts: int = 0
    due_at: datetime = Field(index=True, sa_type=DateTime(timezone=True))  # pyright: ignore[reportArgumentType]
    created_at: datetime = Field(sa_type=DateTime(timezone=True))  # pyright: ignore[reportArgumentType]
