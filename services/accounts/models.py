"""Tables of the accounts schema."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel


def _moment(*, required: bool = True) -> Any:
    """A column of points in time."""
    if required:
        return Field(sa_type=DateTime(timezone=True))  # pyright: ignore[reportArgumentType]
    return Field(default=None, sa_type=DateTime(timezone=True))  # pyright: ignore[reportArgumentType]


def _owner(**options: Any) -> Any:
    """The account that a row belongs to and goes with."""
    return Field(sa_column=Column(ForeignKey("accounts.user.id", ondelete="CASCADE"), nullable=False, **options))


class User(SQLModel, table=True):
    """Somebody who plays: a guest until there is a way to sign in.

    Attributes:
        email: Lower case, as typed otherwise; None for guests, and where another site signs the account in.
        email_verified_at: When a link that went to ``email`` was followed.
        password_hash: None for guests, and where another site signs the account in.
        name_key: The name as it is compared, see `names.name_key`; unique among accounts, None for guests.
        merged_into: The account that took over this guest's hands when the guest signed in.
        version: Number of events in this user's stream.
        banned_at: Since when nobody may sign in to the account; ``ban_reason`` is an administrator's note.
        delete_at: When the account, whose owner asked for it, is erased.
        erased_at: When everything personal went. The row stays as a guest's, so that events keep something to refer to.
    """

    __tablename__ = "user"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        CheckConstraint("role IN ('guest', 'free', 'premium', 'admin')", name="user_role"),
        CheckConstraint(
            "(role = 'guest') = (name_key IS NULL) "
            "AND (role <> 'guest' OR (email IS NULL AND password_hash IS NULL AND delete_at IS NULL))",
            name="user_guest_has_no_credentials",
        ),
        CheckConstraint("merged_into IS NULL OR role = 'guest'", name="user_merged_guest"),
        Index("user_delete_at", "delete_at", postgresql_where=text("delete_at IS NOT NULL")),
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
    email_verified_at: datetime | None = _moment(required=False)
    delete_at: datetime | None = _moment(required=False)
    erased_at: datetime | None = _moment(required=False)
    banned_at: datetime | None = _moment(required=False)
    ban_reason: str | None = Field(default=None, sa_type=Text)
    created_at: datetime = _moment()
    updated_at: datetime = _moment()


class MailToken(SQLModel, table=True):
    """A link in a mail, by the hash of its secret; whoever follows it takes the row away.

    Attributes:
        email: Where the link went; for ``change`` the new address.
    """

    __tablename__ = "mail_token"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        CheckConstraint("purpose IN ('verify', 'reset', 'change')", name="mail_token_purpose"),
        Index("mail_token_user", "user_id", "purpose"),
        {"schema": "accounts"},
    )

    token_hash: str = Field(primary_key=True, sa_type=Text)
    user_id: UUID = _owner()
    purpose: str = Field(sa_type=Text)
    email: str = Field(sa_type=Text)
    created_at: datetime = _moment()
    expires_at: datetime = _moment()


class PendingRegistration(SQLModel, table=True):
    """A registration whose address is not confirmed yet; nobody can sign in with it."""

    __tablename__ = "pending_registration"  # pyright: ignore[reportAssignmentType]
    __table_args__ = {"schema": "accounts"}

    token_hash: str = Field(primary_key=True, sa_type=Text)
    email: str = Field(sa_type=Text)
    name: str = Field(sa_type=Text)
    password_hash: str = Field(sa_type=Text)
    guest_id: UUID | None = None
    expires_at: datetime = _moment()


class MailRequest(SQLModel, table=True):
    """Somebody asks for a mail to an address; a worker looks up later who has it, so that the asking tells nothing.

    Attributes:
        purpose: ``reset``, or ``register`` with the fields of the account that is wanted.
    """

    __tablename__ = "mail_request"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        CheckConstraint("purpose IN ('register', 'reset')", name="mail_request_purpose"),
        {"schema": "accounts"},
    )

    id: UUID = Field(primary_key=True)
    purpose: str = Field(sa_type=Text)
    email: str = Field(sa_type=Text)
    name: str | None = Field(default=None, sa_type=Text)
    password_hash: str | None = Field(default=None, sa_type=Text)
    guest_id: UUID | None = None
    created_at: datetime = _moment()


class SecondFactor(SQLModel, table=True):
    """The secret of an authenticator app.

    Attributes:
        sealed_secret: See `services.infra.sealing`.
        last_step: The newest time step whose code was used; it and all before are worth nothing.
        enabled_at: None until the first code proved that the app has the secret.
    """

    __tablename__ = "second_factor"  # pyright: ignore[reportAssignmentType]
    __table_args__ = {"schema": "accounts"}

    user_id: UUID = _owner(primary_key=True)
    sealed_secret: bytes
    last_step: int = Field(default=0, sa_type=BigInteger)
    enabled_at: datetime | None = _moment(required=False)
    created_at: datetime = _moment()


class RecoveryCode(SQLModel, table=True):
    """A code that stands in for the authenticator app once; using it takes the row away."""

    __tablename__ = "recovery_code"  # pyright: ignore[reportAssignmentType]
    __table_args__ = {"schema": "accounts"}

    user_id: UUID = _owner(primary_key=True)
    code_hash: str = Field(primary_key=True, sa_type=Text)


class Identity(SQLModel, table=True):
    """Somebody at another site who may sign in to this account.

    Attributes:
        issuer: Who vouches: the ``iss`` of OpenID Connect, else the provider's address.
        subject: The other site's own id, which never changes hands.
        label: What the person is called there, to tell two apart.
    """

    __tablename__ = "identity"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (UniqueConstraint("issuer", "subject", name="identity_issuer_subject"), {"schema": "accounts"})

    id: UUID = Field(primary_key=True)
    user_id: UUID = _owner(index=True)
    provider: str = Field(sa_type=Text)
    issuer: str = Field(sa_type=Text)
    subject: str = Field(sa_type=Text)
    label: str = Field(sa_type=Text)
    linked_at: datetime = _moment()
    used_at: datetime | None = _moment(required=False)


class ApiToken(SQLModel, table=True):
    """A personal token for scripts, by the hash of its secret."""

    __tablename__ = "api_token"  # pyright: ignore[reportAssignmentType]
    __table_args__ = {"schema": "accounts"}

    id: UUID = Field(primary_key=True)
    user_id: UUID = _owner(index=True)
    name: str = Field(sa_type=Text)
    token_hash: str = Field(unique=True, sa_type=Text)
    scopes: list[str] = Field(sa_type=ARRAY(Text))  # pyright: ignore[reportArgumentType]
    created_at: datetime = _moment()
    expires_at: datetime = _moment()
    used_at: datetime | None = _moment(required=False)
