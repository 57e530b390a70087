"""Opaque places in a list: the sort key of the last row that was shown, so that new rows move nothing.

A cursor belongs to one order of one list; text that is none, or another list's, is refused. It says nothing that its
holder has not seen, so it is encoded and not signed; what it selects is filtered by owner like everything else.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.infra.errors import FieldError, Invalid


def encode(kind: str, *key: date | UUID | float | str) -> str:
    """The cursor behind the row with this sort key."""
    parts = [
        part.isoformat() if isinstance(part, date) else repr(part) if isinstance(part, float) else str(part)
        for part in key
    ]
    return base64.urlsafe_b64encode(json.dumps([kind, *parts]).encode()).decode().rstrip("=")


def decode(cursor: str, kind: str, *parsers: Callable[[str], Any]) -> tuple[Any, ...]:
    """The sort key inside a cursor, each part read by its parser.

    Raises:
        Invalid: It is no cursor of this list.
    """
    try:
        raw = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        found, *parts = raw
        if found != kind:
            raise ValueError("another list's")
        return tuple(parse(str(part)) for parse, part in zip(parsers, parts, strict=True))
    except (binascii.Error, ValueError, TypeError, UnicodeDecodeError) as error:
        raise Invalid(
            "this is no cursor of this list", errors=[FieldError("cursor", "leave it out to begin")]
        ) from error


def moment(text: str) -> datetime:
    """A moment of a sort key.

    Raises:
        ValueError: It is none, has no time zone, or is none that a database can compare with.
    """
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("a moment without a time zone")
    return sensible(found)


def sensible(moment: datetime) -> datetime:
    """A moment that stays one in every time zone.

    Raises:
        ValueError: It lies at the end of what a calendar holds.
    """
    if not 1970 <= moment.year <= 9000:
        raise ValueError("a moment lies between the years 1970 and 9000")
    return moment
