"""The declared contents of the starter library: families of pots, boards and lines (PRODUCT.md, "Starter spots").

Chips are tenths of a big blind. Each entry says where its ranges come from: a flop starts with the family's preflop
ranges; a turn or river spot either continues a line of a coarse flop solve of our own, or stands on a board that was
checked down and keeps the preflop ranges.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from services.solutions.catalog import Line, PotType, parse_line

TREMBLE = 0.002
"""Share of every action that the library's solves spread over all actions, so that rare lines are answered sensibly."""

TARGET_PCT = (0.3, 0.1, 0.05)
"""[street] exploitability to solve to, % of the starting pot."""

COARSE_PCT = 1.0
"""Target of the flop solves that only carry ranges to turn and river spots."""


@dataclass(frozen=True, slots=True)
class Family:
    """A preflop line: who is in the pot, how much, and the sizes of every street."""

    key: str
    name: str
    pot_type: PotType
    positions: tuple[str, str]
    pot: int
    effective_stack: int
    sizes: dict[str, Any]


def _both(bet: str, raise_: str) -> dict[str, Any]:
    return {player: {"bet": bet, "raise": raise_} for player in ("oop", "ip")}


SRP = Family(
    key="BTN_vs_BB_SRP",
    name="BTN vs BB",
    pot_type="SRP",
    positions=("BB", "BTN"),
    pot=55,
    effective_stack=975,
    sizes={
        "flop": {"oop": {"bet": "", "raise": "3x"}, "ip": {"bet": "33%,75%", "raise": "3x"}},
        "turn": _both("75%,130%", "2.7x"),
        "river": _both("33%,75%,150%,a", "2.5x,a"),
    },
)

THREE_BET = Family(
    key="BTN_vs_BB_3BP",
    name="BTN vs BB",
    pot_type="3BP",
    positions=("BB", "BTN"),
    pot=225,
    effective_stack=890,
    sizes={"flop": _both("33%,75%", "2.5x"), "turn": _both("40%,80%", "a"), "river": _both("50%,a", "a")},
)

FAMILIES = {family.key: family for family in (SRP, THREE_BET)}


@dataclass(frozen=True, slots=True)
class Entry:
    """One solution of the library.

    Attributes:
        line: From the flop's root to this spot, deals included; None for a flop or a checked-down board.
    """

    family: Family
    board: str
    line: Line | None = None

    @property
    def street(self) -> Literal[0, 1, 2]:
        """Where the game starts."""
        return (0, 1, 2)[len(self.board) // 2 - 3]  # pyright: ignore[reportReturnType]

    @property
    def cards(self) -> tuple[str, ...]:
        """Two characters each."""
        return tuple(self.board[index : index + 2] for index in range(0, len(self.board), 2))

    @property
    def id(self) -> str:
        """Stable name of the entry and of its file."""
        return f"{self.family.key}_{self.board}"

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.family.name} {self.family.pot_type} {self.board}"


def _entry(family: Family, board: str, line: str | None = None) -> Entry:
    return Entry(family, board, None if line is None else parse_line(line))


ENTRIES: tuple[Entry, ...] = (
    _entry(SRP, "Td9d6h"),
    _entry(SRP, "As7s3s"),
    _entry(THREE_BET, "Kh8h3c"),
    _entry(THREE_BET, "Jc5h5d"),
    # Turns and rivers of SRPs.
    _entry(SRP, "Qs8s3dJh"),
    _entry(SRP, "Ac9h4h6s"),
    _entry(SRP, "7h6c5dKc"),
    _entry(SRP, "KdJd4dJs"),
    _entry(SRP, "9c9h2s8c"),
    _entry(SRP, "Kh7c2dAd"),
    _entry(SRP, "JhTs4cQd7h"),
    _entry(SRP, "As8c3cKh5c"),
    _entry(SRP, "6s6d2hTcJd"),
    _entry(SRP, "Kc9d5s4s9h"),
    _entry(SRP, "8h7h3hQs2c"),
    _entry(SRP, "AdQc6s3h8d"),
    # Turns and rivers of 3-bet pots.
    _entry(THREE_BET, "AhTd5s8h"),
    _entry(THREE_BET, "QcJc7dTs"),
    _entry(THREE_BET, "9s5s2hKd"),
    _entry(THREE_BET, "KsKd6c4h"),
    _entry(THREE_BET, "TcTh8c2s"),
    _entry(THREE_BET, "8d4c2cQh"),
    _entry(THREE_BET, "AcKd4s9d2h"),
    _entry(THREE_BET, "QhTh6c3hAs"),
    _entry(THREE_BET, "Jd8s5c5hKs"),
    _entry(THREE_BET, "7s7c3dAh9s"),
    _entry(THREE_BET, "KcQd2sJs6h"),
    _entry(THREE_BET, "9h8c6d4dTd"),
)
