"""Tables of the infra schema, for Alembic to compare; the event store itself speaks SQL."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.types import UserDefinedType
from sqlmodel import Field, SQLModel


class XID8(UserDefinedType[str]):
    """PostgreSQL's 64-bit transaction id."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """The type's name in DDL."""
        return "XID8"


ischema_names["xid8"] = XID8  # so that Alembic recognises the column when it compares


class EventRow(SQLModel, table=True):
    """One stored event; see :mod:`services.infra.events`."""

    __tablename__ = "event"  # pyright: ignore[reportAssignmentType] SQLModel declares a method here
    __table_args__ = (
        UniqueConstraint("stream_id", "version", name="event_stream_version"),
        Index("event_commit_order", "xid", "position"),
        Index("event_user", text("(meta ->> 'user_id')"), "position"),
        {"schema": "infra"},
    )

    position: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    id: UUID = Field(unique=True)
    stream_id: UUID
    stream_type: str = Field(sa_type=Text)
    version: int
    type: str = Field(sa_type=Text)
    payload_version: int
    payload: dict[str, Any] = Field(sa_type=JSONB)
    meta: dict[str, Any] = Field(sa_type=JSONB)
    recorded_at: datetime = Field(sa_type=DateTime(timezone=True))  # pyright: ignore[reportArgumentType]
    xid: str = Field(sa_column=Column(XID8, nullable=False, server_default=text("pg_current_xact_id()")))
