"""Who calls: the roles, and a caller as every door of the product sees it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """What an account may do; each includes the ones before it."""

    GUEST = "guest"
    FREE = "free"
    PREMIUM = "premium"
    ADMIN = "admin"

    @property
    def rank(self) -> int:
        """Position among the roles, lowest first."""
        return list(Role).index(self)


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller with a live session, or with a personal token.

    Attributes:
        session_id: The hash of the session's secret, never the secret; ``token:<id>`` for a personal token.
        second_factor: A second factor was shown when the session was opened, or set up in it.
        scopes: What a personal token may be used for; None for a session, which may do what its role may.
    """

    user_id: UUID
    role: Role
    name: str
    session_id: str
    second_factor: bool = False
    scopes: frozenset[str] | None = None

    @property
    def signed_in(self) -> bool:
        """Whether it is somebody with an account."""
        return self.role is not Role.GUEST
