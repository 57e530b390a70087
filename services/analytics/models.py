"""Tables of the analytics schema in PostgreSQL: what was sent to ClickHouse."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, text
from sqlmodel import Field, SQLModel


class OutboxBatch(SQLModel, table=True):
    """A fixed run of events: everything behind ``from`` up to and with ``to`` in commit order.

    Attributes:
        token: Given to ClickHouse with every attempt; it takes a block with a token once.
        acked_at: When ClickHouse's answer arrived; at most one batch is without.
    """

    __tablename__ = "outbox_batch"  # pyright: ignore[reportAssignmentType] SQLModel declares an attribute
    __table_args__ = (
        Index("outbox_batch_open", text("(acked_at IS NULL)"), unique=True, postgresql_where=text("acked_at IS NULL")),
        {"schema": "analytics"},
    )

    id: int = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    token: UUID = Field(unique=True)
    from_xid: int = Field(sa_type=BigInteger)
    from_position: int = Field(sa_type=BigInteger)
    to_xid: int = Field(sa_type=BigInteger)
    to_position: int = Field(sa_type=BigInteger)
    events: int
    created_at: datetime = Field(sa_type=DateTime(timezone=True))  # pyright: ignore[reportArgumentType]
    acked_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))  # pyright: ignore[reportArgumentType]
