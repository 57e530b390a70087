"""Facts about accounts: the audit trail, and what other features follow. No names, addresses or secrets are in them."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from services.infra.events import Event


class AccountRegistered(Event):
    """A guest became an account, with the same id, so its hands stay."""

    type: ClassVar[str] = "AccountRegistered"
    user_id: UUID


class GuestMerged(Event):
    """A guest signed in to an existing account, which takes over the guest's hands."""

    type: ClassVar[str] = "GuestMerged"
    guest_id: UUID
    user_id: UUID


class SignedIn(Event):
    """A session was opened with the right password."""

    type: ClassVar[str] = "SignedIn"
    user_id: UUID
    remembered: bool


class SignInDenied(Event):
    """Somebody tried a wrong password; without an id nobody has the address. Each is a stream of its own."""

    type: ClassVar[str] = "SignInDenied"
    user_id: UUID | None


class SignedOut(Event):
    """The user ended a session."""

    type: ClassVar[str] = "SignedOut"
    user_id: UUID


class NameChanged(Event):
    """The user took another name; names are personal and stay out of the store."""

    type: ClassVar[str] = "NameChanged"
    user_id: UUID


class RoleChanged(Event):
    """The operator gave the account another role."""

    type: ClassVar[str] = "RoleChanged"
    user_id: UUID
    role: str


class PasswordReset(Event):
    """The operator set a new password and ended every session."""

    type: ClassVar[str] = "PasswordReset"
    user_id: UUID
