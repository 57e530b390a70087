"""The one source of time and of new ids, so that tests can move the first and sort by the second."""

from __future__ import annotations

import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

_offset = timedelta(0)


def now() -> datetime:
    """The current time, aware, in UTC."""
    return datetime.now(UTC) + _offset


@contextmanager
def travel(delta: timedelta) -> Generator[None]:
    """Move :func:`now` by ``delta`` inside the block (tests only; nests)."""
    global _offset  # noqa: PLW0603 the only state of the module
    before = _offset
    _offset = before + delta
    try:
        yield
    finally:
        _offset = before


def new_id() -> UUID:
    """A random UUID of version 7: 48 bits of real time in ms, 74 random bits, so that keys grow with time.

    Source: RFC 9562, section 5.7.
    """
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)
