"""The table of the audit trail."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class AuditRow(SQLModel, table=True):
    """One fact; see `services.audit.chain` for what ``hash`` covers. A trigger refuses every change.

    Attributes:
        position: 1, 2, 3 ... without a gap, in the order of the chain.
        actor_id: Who did it; None for the operator's shell and for nobody known.
        subject_id: Whom it was done to, where that is somebody else or nobody was known.
    """

    __tablename__ = "entry"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("audit_entry_action", "action", "position"),
        Index("audit_entry_actor", "actor_id", "position"),
        Index("audit_entry_subject", "subject_id", "position"),
        {"schema": "audit"},
    )

    position: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    recorded_at: datetime = Field(sa_type=DateTime(timezone=True))  # pyright: ignore[reportArgumentType]
    action: str = Field(sa_type=Text)
    actor_id: UUID | None = None
    subject_id: UUID | None = None
    details: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    request_id: str | None = Field(default=None, sa_type=Text)
    previous: bytes
    hash: bytes
