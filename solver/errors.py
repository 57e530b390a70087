"""Errors of the solver.

SolverError
├── SpotError          a spot, range, board or size text is wrong (lists every problem found)
├── TooLarge           the tree does not fit in the memory that was allowed
└── Cancelled          the caller asked the solve to stop
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with an input.

    Attributes:
        path: Where it is, dotted, e.g. ``ranges.oop`` or ``sizes.turn.ip.bet``; empty for the whole input.
        message: What is wrong and what is allowed instead, one sentence that quotes the value.
        position: 0-based offset inside the string at ``path``, or None when the value is no string.
    """

    path: str
    message: str
    position: int | None = None


def quoted(value: object) -> str:
    """A value as a message may show it: short, printable, whatever it is."""
    if isinstance(value, str):
        return ascii(value) if len(value) <= 40 else ascii(value[:40]) + "..."
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value) if value.bit_length() <= 64 else "a huge number"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, dict):
        return "an object"
    return "a list" if isinstance(value, list | tuple) else "a " + type(value).__name__


class SolverError(Exception):
    """Base of everything the solver raises on purpose."""


class SpotError(SolverError):
    """An input was refused; ``problems`` says what and where."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{p.path}: {p.message}" if p.path else p.message for p in problems))


class TooLarge(SolverError):
    """The arrays would need ``memory_bytes``, more than ``limit_bytes``; nothing was allocated."""

    def __init__(self, memory_bytes: int, limit_bytes: int) -> None:
        self.memory_bytes = memory_bytes
        self.limit_bytes = limit_bytes
        super().__init__(f"the solve needs {memory_bytes} bytes, {limit_bytes} are allowed")


class Cancelled(SolverError):
    """The solve was cancelled before it reached its target."""
