"""What an authenticator app does."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pyotp

if TYPE_CHECKING:
    from tests.security.live.conftest import Person


def enrol(person: Person) -> list[str]:
    """Set the second factor up for somebody who is signed in; the recovery codes."""
    begun = person.data("POST", "/api/auth/mfa/enrol", {"password": person.password})
    person.totp = begun["secret"]
    return person.data("POST", "/api/auth/mfa/confirm", {"code": pyotp.TOTP(person.totp).now()})["recovery_codes"]


def next_code(person: Person) -> str:
    """A code that was not used yet: waits for the next half minute."""
    now = time.time()
    time.sleep(30 - now % 30 + 0.2)
    return pyotp.TOTP(person.totp).now()
