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
    """A session was opened: with the right password, or by another site that vouched (``method``)."""

    type: ClassVar[str] = "SignedIn"
    user_id: UUID
    remembered: bool
    method: str = "password"
    second_factor: bool = False


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
    """A new password was set without the old one, by a link in a mail or the operator; every session ended."""

    type: ClassVar[str] = "PasswordReset"
    user_id: UUID


class PasswordChanged(Event):
    """The owner set a new password, knowing the old one; all other sessions ended."""

    type: ClassVar[str] = "PasswordChanged"
    user_id: UUID


class EmailVerified(Event):
    """A link that went to the account's address was followed."""

    type: ClassVar[str] = "EmailVerified"
    user_id: UUID


class EmailChanged(Event):
    """The account has another address, which its owner confirmed; addresses are personal and stay out."""

    type: ClassVar[str] = "EmailChanged"
    user_id: UUID


class SecondFactorEnabled(Event):
    """Signing in takes a code of the owner's authenticator app from now on."""

    type: ClassVar[str] = "SecondFactorEnabled"
    user_id: UUID


class SecondFactorDisabled(Event):
    """Signing in takes no code any more."""

    type: ClassVar[str] = "SecondFactorDisabled"
    user_id: UUID


class SecondFactorDenied(Event):
    """The password was right and the code was not."""

    type: ClassVar[str] = "SecondFactorDenied"
    user_id: UUID


class RecoveryCodeUsed(Event):
    """A recovery code stood in for the authenticator app."""

    type: ClassVar[str] = "RecoveryCodeUsed"
    user_id: UUID
    left: int


class RecoveryCodesReplaced(Event):
    """The owner made new recovery codes; the old ones are worth nothing."""

    type: ClassVar[str] = "RecoveryCodesReplaced"
    user_id: UUID


class IdentityLinked(Event):
    """An account at another site may sign in."""

    type: ClassVar[str] = "IdentityLinked"
    user_id: UUID
    provider: str


class IdentityUnlinked(Event):
    """It may not any more."""

    type: ClassVar[str] = "IdentityUnlinked"
    user_id: UUID
    provider: str


class ApiTokenCreated(Event):
    """The owner made a token for scripts."""

    type: ClassVar[str] = "ApiTokenCreated"
    user_id: UUID
    token_id: UUID
    scopes: tuple[str, ...]


class ApiTokenRevoked(Event):
    """A token for scripts is worth nothing any more."""

    type: ClassVar[str] = "ApiTokenRevoked"
    user_id: UUID
    token_id: UUID


class AccountExported(Event):
    """The owner took a copy of everything."""

    type: ClassVar[str] = "AccountExported"
    user_id: UUID


class DeletionRequested(Event):
    """The owner wants the account erased, and may take that back until it is."""

    type: ClassVar[str] = "DeletionRequested"
    user_id: UUID


class DeletionUndone(Event):
    """The owner took it back in time."""

    type: ClassVar[str] = "DeletionUndone"
    user_id: UUID


class AccountErased(Event):
    """Everything personal is gone; whoever keeps rows of this user, or of the guests it was, drops them."""

    type: ClassVar[str] = "AccountErased"
    user_id: UUID
    guest_ids: tuple[UUID, ...] = ()


class SessionEnded(Event):
    """The owner ended another session than the one at hand, or all others."""

    type: ClassVar[str] = "SessionEnded"
    user_id: UUID
    count: int


class RefreshReused(Event):
    """A refresh token came a second time: somebody has a copy. The session was ended."""

    type: ClassVar[str] = "RefreshReused"
    user_id: UUID


class Banned(Event):
    """An administrator shut the account; every session and token of it ended."""

    type: ClassVar[str] = "Banned"
    user_id: UUID


class Unbanned(Event):
    """An administrator opened the account again."""

    type: ClassVar[str] = "Unbanned"
    user_id: UUID
