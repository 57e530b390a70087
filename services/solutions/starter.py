"""The declared contents of the starter library: families of pots, boards and lines (PRODUCT.md, "Starter spots").

Chips are tenths of a big blind. Each entry says where its ranges come from: a flop starts with the family's preflop
ranges; a turn or river spot either continues a line of a coarse flop solve of our own, or stands on a board that was
checked down and keeps the preflop ranges.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from services.solutions.catalog import Line, PotType, parse_line
from solver.preflop import POT_TYPES, STARTER_GAMES, PreflopGame

TARGET_PCT = (0.3, 0.1, 0.05)
"""[street] exploitability to solve to, % of the starting pot."""

COARSE_PCT = 1.0
"""Target of the flop solves that only carry ranges to turn and river spots, % of the starting pot."""


@dataclass(frozen=True, slots=True)
class Family:
    """A preflop line: who is in the pot, how much, and the sizes of every street.

    Attributes:
        depth: Stacks before the hand, in big blinds.
    """

    key: str
    name: str
    pot_type: PotType
    positions: tuple[str, str]
    pot: int
    effective_stack: int
    sizes: dict[str, Any]
    depth: int = 100

    @property
    def title(self) -> str:
        """``BTN vs BB SRP``, with the depth where it is not the usual one."""
        usual = f"{self.name} {self.pot_type}"
        return usual if self.depth == STANDARD else f"{usual} {self.depth} bb"

    @property
    def ranges_file(self) -> str:
        """Where its preflop ranges are, beside the solutions."""
        return ranges_file(self.depth)


def _both(bet: str, raise_: str) -> dict[str, Any]:
    return {player: {"bet": bet, "raise": raise_} for player in ("oop", "ip")}


def _without_donk(sizes: dict[str, Any]) -> dict[str, Any]:
    return {**sizes, "oop": {**sizes["oop"], "donk": ""}}


SRP = Family(
    key="BTN_vs_BB_SRP",
    name="BTN vs BB",
    pot_type="SRP",
    positions=("BB", "BTN"),
    pot=55,
    effective_stack=975,
    sizes={
        "flop": {"oop": {"bet": "", "raise": "3x"}, "ip": {"bet": "33%,75%", "raise": "3x"}},
        "turn": _without_donk(_both("75%,130%", "2.7x")),
        "river": _without_donk(_both("33%,75%,150%,a", "2.5x,a")),
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

FOUR_BET = Family(
    key="BTN_vs_BB_4BP",
    name="BTN vs BB",
    pot_type="4BP",
    positions=("BB", "BTN"),
    pot=485,
    effective_stack=760,
    sizes={"flop": _both("25%,50%", "a"), "turn": _both("33%,a", "a"), "river": _both("33%,a", "a")},
)

BLINDS = Family(
    key="SB_vs_BB_SRP",
    name="SB vs BB",
    pot_type="SRP",
    positions=("SB", "BB"),
    pot=60,
    effective_stack=970,
    sizes={
        "flop": {"oop": {"bet": "33%,75%", "raise": "3x"}, "ip": {"bet": "50%", "raise": "3x"}},
        "turn": _without_donk(_both("75%,130%", "2.7x")),
        "river": _without_donk(_both("33%,75%,150%,a", "2.5x,a")),
    },
)

STANDARD = 100
GAMES: dict[int, tuple[PreflopGame, ...]] = {
    STANDARD: STARTER_GAMES,
    50: tuple(replace(game, stack=50.0, raises=(game.raises[0], 9, 20)) for game in STARTER_GAMES),
    200: tuple(replace(game, stack=200.0) for game in STARTER_GAMES),
}
"""By depth: the games before the flop that the ranges come from."""


def ranges_file(depth: int) -> str:
    """Name of the file with a depth's preflop ranges."""
    return "ranges-v0.json" if depth == STANDARD else f"ranges-v0-{depth}bb.json"


def _at_depth(family: Family, depth: int) -> Family:
    """The same line with other stacks; the sizes after the flop stay."""
    game = next(game for game in GAMES[depth] if game.name == family.name)
    level = game.raises[POT_TYPES.index(family.pot_type)]
    return replace(
        family,
        key=f"{family.key}_{depth}bb",
        pot=round(10 * (2 * level + game.dead)),
        effective_stack=round(10 * (depth - level)),
        depth=depth,
    )


_USUAL = (SRP, THREE_BET, FOUR_BET, BLINDS)
_OTHERS = tuple(_at_depth(family, depth) for depth in GAMES if depth != STANDARD for family in _USUAL)
FAMILIES = {family.key: family for family in (*_USUAL, *_OTHERS)}
"""The usual depth first."""


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
        return f"{self.family.title} {self.board}"


def _entry(family: Family, board: str, line: str | None = None) -> Entry:
    return Entry(family, board, None if line is None else parse_line(line))


ENTRIES: tuple[Entry, ...] = (
    # Flops: in each family an ace-high, a king- or queen-high, a middling connected and a low or paired one.
    _entry(SRP, "As7s3s"),
    _entry(SRP, "Td9d6h"),
    _entry(SRP, "KcQc4h"),
    _entry(SRP, "8h6h3h"),
    _entry(THREE_BET, "Kh8h3c"),
    _entry(THREE_BET, "Jc5h5d"),
    _entry(THREE_BET, "AdTd6s"),
    _entry(THREE_BET, "9s8s6s"),
    _entry(FOUR_BET, "AcJc5d"),
    _entry(FOUR_BET, "KhQd4d"),
    _entry(FOUR_BET, "Th9h7c"),
    _entry(FOUR_BET, "8s3d3c"),
    _entry(BLINDS, "AhAd6h"),
    _entry(BLINDS, "QsTs3d"),
    _entry(BLINDS, "9c7c5c"),
    _entry(BLINDS, "Kd6c6h"),
    # Turns and rivers. Single-raised boards were checked down; 3-bet pots continue lines, those of one flop together.
    _entry(SRP, "Qs8s3dJh"),
    _entry(SRP, "Qs8s3d8c"),
    _entry(SRP, "Qs8s3d2hAd"),
    _entry(SRP, "Ac9h4h6s"),
    _entry(SRP, "Ac9h4hKd5c"),
    _entry(SRP, "Ac9h4hTh2s"),
    _entry(SRP, "KdJd4dJs"),
    _entry(SRP, "KdJd4d9h3c"),
    _entry(SRP, "KdJd4d7dQc"),
    _entry(SRP, "9c9h2s8c"),
    _entry(SRP, "9c9h2sQd"),
    _entry(SRP, "9c9h2sKd6h"),
    _entry(THREE_BET, "AhTd5h8s", "bet 74/call/deal 8s"),
    _entry(THREE_BET, "AhTd5hQh", "check/check/deal Qh"),
    _entry(THREE_BET, "AhTd5h2sKd", "bet 74/call/deal 2s/check/check/deal Kd"),
    _entry(THREE_BET, "QcJc7c4d", "bet 74/call/deal 4d"),
    _entry(THREE_BET, "QcJc7cAs9h", "bet 74/call/deal As/bet 149/call/deal 9h"),
    _entry(THREE_BET, "QcJc7c2hTc", "check/bet 74/call/deal 2h/check/check/deal Tc"),
    _entry(THREE_BET, "TcTh8s2d", "bet 74/call/deal 2d"),
    _entry(THREE_BET, "TcTh8sKs", "check/bet 74/call/deal Ks"),
    _entry(THREE_BET, "TcTh8sJd4c", "bet 74/call/deal Jd/check/check/deal 4c"),
    _entry(THREE_BET, "9d4c2cQh", "bet 169/call/deal Qh"),
    _entry(THREE_BET, "9d4c2cKcAh", "bet 74/call/deal Kc/check/bet 149/call/deal Ah"),
    _entry(THREE_BET, "9d4c2c7s7h", "check/check/deal 7s/bet 90/call/deal 7h"),
)
