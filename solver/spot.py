"""A spot: the game to solve, and its JSON format.

``parse_spot`` takes any JSON value and either gives a spot or one ``SpotError`` with every problem found: where it is,
what the value was and what is allowed. The domains:

==========================  ==========================================================================
``board``                   3 to 5 different cards
``ranges.oop``, ``.ip``     range text; combos that touch the board are dropped; some must be left, and at
                            least one pair of hands must be possible at the same time
``pot``                     whole chips, 1 to 100,000,000
``effective_stack``         whole chips, 1 to 100,000,000
``sizes.STREET.PLAYER``     ``bet``, ``raise`` and, for OOP on turn and river, ``donk``: bet-size text of at
                            most 200 characters; a street or player left out only checks, calls and folds
``*_threshold``             0 to 1000, default 0
``rake.rate``, ``.cap``     0 to 1 of the pot, 0 to 100,000,000 chips; a rate above 0 needs its cap
``big_blind``               whole chips, 1 to 100,000,000, default 10; only serves display
==========================  ==========================================================================
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar, cast

import numpy as np

from solver.bet_sizes import BetSize, parse_bet_sizes
from solver.cards import COMBO_CARDS, N_CARDS, cards_to_text, parse_cards
from solver.errors import Problem, SpotError, quoted
from solver.ranges import MAX_TEXT as MAX_RANGE_TEXT
from solver.ranges import Range, format_range, parse_range

T = TypeVar("T")

STREETS = ("flop", "turn", "river")
PLAYERS = ("oop", "ip")

MAX_CHIPS = 100_000_000
MAX_THRESHOLD = 1000
MAX_SIZE_TEXT = 200
MAX_BOARD_TEXT = 20
MAX_PROBLEMS = 50

_FIELDS = (
    "board", "ranges", "pot", "effective_stack", "sizes",
    "add_allin_threshold", "force_allin_threshold", "merging_threshold", "rake", "big_blind",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class StreetSizes:
    """What one player may bet on one street.

    Attributes:
        donk: Replaces ``bet`` when OOP called the last bet of the street before; None means ordinary sizes, empty
            means no donk bet.
    """

    bet: tuple[BetSize, ...] = ()
    raise_: tuple[BetSize, ...] = ()
    donk: tuple[BetSize, ...] | None = None


NO_SIZES = ((StreetSizes(), StreetSizes()),) * 3
"""[street][player] with check, call and fold only."""


@dataclass(frozen=True, eq=False)
class Spot:
    """A validated game: build it with ``parse_spot``; ``with_`` is for values known to be good.

    Attributes:
        board: 3 to 5 cards, the flop's three first.
        oop_range: Weights without the combos that touch the board; read-only, as is ``ip_range``.
        pot: Chips, as ``effective_stack``.
        sizes: [street 0..2][player 0..1]; streets before the board's hold no sizes.
    """

    board: tuple[int, ...]
    oop_range: Range
    ip_range: Range
    pot: int
    effective_stack: int
    sizes: tuple[tuple[StreetSizes, StreetSizes], ...] = NO_SIZES
    add_allin_threshold: float = 0.0
    force_allin_threshold: float = 0.0
    merging_threshold: float = 0.0
    rake_rate: float = 0.0
    rake_cap: float = 0.0
    big_blind: int = 10

    @property
    def street(self) -> int:
        """0 flop, 1 turn, 2 river: where the game starts."""
        return len(self.board) - 3

    @property
    def ranges(self) -> tuple[Range, Range]:
        """[player]."""
        return self.oop_range, self.ip_range

    def with_(self, **changes: object) -> Spot:
        """A copy with other values, which are not validated."""
        return dataclasses.replace(self, **changes)  # pyright: ignore[reportArgumentType]


def parse_spot(data: object) -> Spot:
    """The spot that a JSON value describes.

    Raises:
        SpotError: Every problem found (the first 50), with path, value and position inside a text.
    """
    reader = _Reader()
    spot = reader.spot(data)
    if reader.problems or spot is None:
        raise SpotError(reader.problems[:MAX_PROBLEMS])
    return spot


def spot_to_json(spot: Spot) -> dict[str, object]:
    """The spot in the format that ``parse_spot`` reads, every default written out."""
    return {
        "board": cards_to_text(spot.board),
        "ranges": {
            player: format_range(weights, spot.board) for player, weights in zip(PLAYERS, spot.ranges, strict=True)
        },
        "pot": spot.pot,
        "effective_stack": spot.effective_stack,
        "sizes": {
            STREETS[street]: {
                player: _sizes_to_json(sizes) for player, sizes in zip(PLAYERS, spot.sizes[street], strict=True)
            }
            for street in range(spot.street, 3)
        },
        "add_allin_threshold": spot.add_allin_threshold,
        "force_allin_threshold": spot.force_allin_threshold,
        "merging_threshold": spot.merging_threshold,
        "rake": {"rate": spot.rake_rate, "cap": spot.rake_cap},
        "big_blind": spot.big_blind,
    }


def spot_hash(spot: Spot) -> str:
    """SHA-256 of the canonical JSON, in hex; the order of the flop's cards does not matter."""
    flop = tuple(sorted(spot.board[:3], reverse=True))
    canonical = spot_to_json(spot.with_(board=flop + spot.board[3:]))
    return hashlib.sha256(json.dumps(canonical, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def compatible_pairs(oop_range: Range, ip_range: Range) -> int:
    """Number of pairs of hands with positive weight that share no card."""
    oop, ip = oop_range > 0, ip_range > 0
    with_card = np.bincount(COMBO_CARDS[ip].ravel(), minlength=N_CARDS)
    sharing = with_card[COMBO_CARDS[oop]].sum() - np.count_nonzero(oop & ip)
    return int(np.count_nonzero(oop) * np.count_nonzero(ip) - sharing)


def _sizes_to_json(sizes: StreetSizes) -> dict[str, str]:
    texts = {"bet": _sizes_text(sizes.bet), "raise": _sizes_text(sizes.raise_)}
    return texts if sizes.donk is None else {**texts, "donk": _sizes_text(sizes.donk)}


def _sizes_text(sizes: tuple[BetSize, ...]) -> str:
    return ",".join(map(str, sizes))


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


class _Reader:
    """Reads one JSON value and collects what is wrong with it; what could not be read is None or its default."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def spot(self, data: object) -> Spot | None:
        fields = self._object(data, "", _FIELDS)
        if fields is None:
            return None
        board = self._board(fields)
        oop_range, ip_range = self._ranges(fields, board or ())
        pot = self._chips(fields, "pot")
        effective_stack = self._chips(fields, "effective_stack")
        sizes = self._sizes(fields, len(board) - 3 if board else 0)
        add_allin = self._number(fields, "add_allin_threshold", "", MAX_THRESHOLD)
        force_allin = self._number(fields, "force_allin_threshold", "", MAX_THRESHOLD)
        merging = self._number(fields, "merging_threshold", "", MAX_THRESHOLD)
        rake_rate, rake_cap = self._rake(fields)
        big_blind = self._chips(fields, "big_blind", default=10)
        if board is None or oop_range is None or ip_range is None:
            return None
        if not compatible_pairs(oop_range, ip_range):
            self._add("ranges", "every hand of one player shares a card with every hand of the other")
        return Spot(
            board, oop_range, ip_range, pot, effective_stack, sizes,
            add_allin, force_allin, merging, rake_rate, rake_cap, big_blind,
        )  # fmt: skip

    def _add(self, path: str, message: str) -> None:
        self.problems.append(Problem(path, message))

    def _object(self, value: object, path: str, allowed: tuple[str, ...]) -> Mapping[str, object] | None:
        if not isinstance(value, dict):
            self._add(path, f"{quoted(value)} is no object; its fields are {', '.join(allowed)}")
            return None
        fields = cast("dict[str, object]", value)
        for key in fields:
            if key not in allowed:
                self._add(_join(path, quoted(key).strip("'")), f"is no field here; fields are {', '.join(allowed)}")
                if len(self.problems) >= MAX_PROBLEMS:
                    break
        return fields

    def _child(
        self, fields: Mapping[str, object], key: str, path: str, allowed: tuple[str, ...]
    ) -> Mapping[str, object]:
        """An optional object inside an object; empty when it is missing or wrong."""
        return self._object(fields[key], _join(path, key), allowed) or {} if key in fields else {}

    def _text(self, fields: Mapping[str, object], key: str, path: str, limit: int) -> str | None:
        value = fields[key]
        if not isinstance(value, str):
            self._add(_join(path, key), f"{quoted(value)} is no text")
            return None
        if len(value) > limit:
            message = f"has {len(value)} characters; at most {limit} are allowed"
            self.problems.append(Problem(_join(path, key), message, limit))
            return None
        return value

    def _parsed(self, parse: Callable[[str, str], T], text: str, path: str) -> T | None:
        try:
            return parse(text, path)
        except SpotError as error:
            self.problems.extend(error.problems)
            return None

    def _chips(self, fields: Mapping[str, object], key: str, default: int | None = None) -> int:
        value = fields.get(key, default)
        if key not in fields and default is None:
            self._add(key, f"is missing; whole chips from 1 to {MAX_CHIPS}")
        elif isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_CHIPS:
            self._add(key, f"{quoted(value)} is out of the domain: whole chips from 1 to {MAX_CHIPS}")
        else:
            return value
        return 1

    def _number(self, fields: Mapping[str, object], key: str, path: str, highest: float) -> float:
        value = fields.get(key, 0.0)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= highest:
            return float(value)
        self._add(_join(path, key), f"{quoted(value)} is out of the domain: a number from 0 to {highest}")
        return 0.0

    def _board(self, fields: Mapping[str, object]) -> tuple[int, ...] | None:
        if "board" not in fields:
            self._add("board", "is missing; 3 to 5 cards, e.g. 'Td9d6h'")
            return None
        text = self._text(fields, "board", "", MAX_BOARD_TEXT)
        board = None if text is None else self._parsed(parse_cards, text, "board")
        if board is not None and not 3 <= len(board) <= 5:
            written = [position for position, character in enumerate(text or "") if character != " "]
            message = f"{quoted(text)} has {len(board)} cards; a board has 3 to 5"
            self.problems.append(Problem("board", message, written[10] if len(board) > 5 else len(text or "")))
            return None
        return board

    def _ranges(self, fields: Mapping[str, object], board: tuple[int, ...]) -> tuple[Range | None, Range | None]:
        if "ranges" not in fields:
            self._add("ranges", "is missing; an object with the fields oop, ip")
            return None, None
        texts = self._object(fields["ranges"], "ranges", PLAYERS)
        if texts is None:
            return None, None
        return self._range(texts, "oop", board), self._range(texts, "ip", board)

    def _range(self, texts: Mapping[str, object], player: str, board: tuple[int, ...]) -> Range | None:
        path = _join("ranges", player)
        if player not in texts:
            self._add(path, "is missing; a range such as 'QQ+,AKs:0.5'")
            return None
        text = self._text(texts, player, "ranges", MAX_RANGE_TEXT)
        weights = None if text is None else self._parsed(parse_range, text, path)
        if weights is None:
            return None
        if not weights.any():
            self.problems.append(Problem(path, f"{quoted(text)} holds no hand", 0))
            return None
        weights[np.isin(COMBO_CARDS, board).any(axis=1)] = 0
        if not weights.any():
            self.problems.append(Problem(path, f"every hand of {quoted(text)} touches the board", 0))
            return None
        weights.setflags(write=False)
        return weights

    def _sizes(self, fields: Mapping[str, object], first_street: int) -> tuple[tuple[StreetSizes, StreetSizes], ...]:
        streets = self._child(fields, "sizes", "", STREETS)
        read = [self._street_sizes(streets, street) for street in range(3)]
        return (*NO_SIZES[:first_street], *read[first_street:])

    def _street_sizes(self, streets: Mapping[str, object], street: int) -> tuple[StreetSizes, StreetSizes]:
        path = _join("sizes", STREETS[street])
        players = self._child(streets, STREETS[street], "sizes", PLAYERS)
        # OOP has no street before the flop to have called a bet on, and IP never acts first.
        oop_fields = ("bet", "raise", "donk") if street else ("bet", "raise")
        return self._player_sizes(players, "oop", path, oop_fields), self._player_sizes(
            players, "ip", path, ("bet", "raise")
        )

    def _player_sizes(
        self, players: Mapping[str, object], player: str, path: str, allowed: tuple[str, ...]
    ) -> StreetSizes:
        texts = self._child(players, player, path, allowed)
        path = _join(path, player)
        read: dict[str, tuple[BetSize, ...]] = {}
        for key in allowed:
            if key in texts and (text := self._text(texts, key, path, MAX_SIZE_TEXT)) is not None:
                read[key] = self._parsed(parse_bet_sizes, text, _join(path, key)) or ()
        return StreetSizes(read.get("bet", ()), read.get("raise", ()), read.get("donk"))

    def _rake(self, fields: Mapping[str, object]) -> tuple[float, float]:
        rake = self._child(fields, "rake", "", ("rate", "cap"))
        rate, cap = self._number(rake, "rate", "rake", 1), self._number(rake, "cap", "rake", MAX_CHIPS)
        if rate > 0 and "cap" not in rake:
            self._add("rake.cap", f"is missing; a rate above 0 needs its cap, a number of chips from 0 to {MAX_CHIPS}")
        return rate, cap
