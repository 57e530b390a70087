"""Opaque places in a list: the sort key of the last row that was shown, so that new rows move nothing.

A cursor belongs to one order of one list; text that is none, or another list's, is refused. It says nothing that its
holder has not seen, so it is encoded and not signed; what it selects is filtered by owner like everything else.
"""

from __future__ import annotations

import base64
import binascii
import json
from datetime import datetime
from typing import Any
from uuid import UUID

from services.infra.errors import FieldError, Invalid


def encode(kind: str, *key: datetime | UUID | float | int) -> str:
    """The cursor behind the row with this sort key."""
    parts = [part.isoformat() if isinstance(part, datetime) else str(part) for part in key]
    return base64.urlsafe_b64encode(json.dumps([kind, *parts]).encode()).decode().rstrip("=")


def decode(cursor: str, kind: str, *types: type[Any]) -> tuple[Any, ...]:
    """The sort key inside a cursor.

    Raises:
        Invalid: It is no cursor of this list.
    """
    try:
        raw = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        found, *parts = raw
        if found != kind:
            raise ValueError("another list's")
        key = tuple(
            datetime.fromisoformat(part) if one is datetime else one(part) for one, part in zip(types, parts, strict=True)
        )
    except (binascii.Error, ValueError, TypeError, UnicodeDecodeError) as error:
        raise Invalid("this is no cursor of this list", errors=[FieldError("cursor", "leave it out to begin")]) from error
    if any(isinstance(part, datetime) and part.tzinfo is None for part in key):
        raise Invalid("this is no cursor of this list", errors=[FieldError("cursor", "leave it out to begin")])
    return key
