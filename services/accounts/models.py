"""Tables of the accounts schema."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Text
from sqlmodel import Field, SQLModel


class User(SQLModel, table=True):
    """Somebody who plays: a guest until a mail address and a password are set.

    Attributes:
        email: Lower case, as typed otherwise; None for guests.
        name_key: The name as it is compared, see `names.name_key`; unique among accounts, None for guests.
        merged_into: The account that took over this guest's hands when the guest signed in.
        version: Number of events in this user's stream.
    """

    __tablename__ = "user"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        CheckConstraint("role IN ('guest', 'free', 'premium', 'admin')", name="user_role"),
        CheckConstraint(
            "(role = 'guest') = (email IS NULL) AND (email IS NULL) = (password_hash IS NULL) "
            "AND (email IS NULL) = (name_key IS NULL)",
            name="user_guest_has_no_credentials",
        ),
        CheckConstraint("merged_into IS NULL OR role = 'guest'", name="user_merged_guest"),
        {"schema": "accounts"},
    )

    id: UUID = Field(primary_key=True)
    role: str = Field(sa_type=Text)
    name: str = Field(sa_type=Text)
    name_key: str | None = Field(default=None, unique=True, sa_type=Text)
    email: str | None = Field(default=None, unique=True, sa_type=Text)
    password_hash: str | None = Field(default=None, sa_type=Text)
    merged_into: UUID | None = Field(default=None, foreign_key="accounts.user.id", index=True)
    version: int = 0
    created_at: datetime = Field(sa_type=DateTime(timezone=True))  # pyright: ignore[reportArgumentType]
    updated_at: datetime = Field(sa_type=DateTime(timezone=True))  # pyright: ignore[reportArgumentType]
