"""What makes the audit trail hard to forge: each entry's hash covers the entry and the hash before it.

The hash is an HMAC under a key of the installation that the database does not hold, so whoever can write the database
but not read the data folder can't make one. An edited entry has a wrong hash, a removed one leaves a gap, and a chain
cut off at its end no longer reaches the head that was written down outside (`anchor`).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

GENESIS: Final = b"\0" * 32


@dataclass(frozen=True, slots=True)
class Entry:
    """One fact of the trail, in its place."""

    position: int
    recorded_at: datetime
    action: str
    actor_id: UUID | None
    subject_id: UUID | None
    details: dict[str, Any]
    request_id: str | None
    previous: bytes
    hash: bytes = b""


def seal(key: bytes, entry: Entry) -> bytes:
    """The hash of an entry, its ``previous`` included."""
    covered = [
        entry.position,
        entry.recorded_at.astimezone(UTC).isoformat(timespec="microseconds"),
        entry.action,
        str(entry.actor_id or ""),
        str(entry.subject_id or ""),
        entry.details,
        entry.request_id or "",
        entry.previous.hex(),
    ]
    text = json.dumps(covered, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def fault(key: bytes, entry: Entry, before: Entry | None) -> str:
    """What is wrong with an entry behind the one before it, in words; empty when nothing is."""
    expected = 1 if before is None else before.position + 1
    if entry.position != expected:
        missing = f"{expected}" if entry.position == expected + 1 else f"{expected} to {entry.position - 1}"
        return f"Entry {missing} was removed."
    if not hmac.compare_digest(entry.hash, seal(key, entry)):
        return f"Entry {entry.position} was changed."
    if entry.previous != (GENESIS if before is None else before.hash):
        return f"Entry {entry.position} does not follow the one before it."
    return ""
