"""Which spots of the library a plan can deal, and which of its wishes stand in the way when there are none.

Textures are those of the flop. *Connected*: a straight is possible with two hole cards (the three ranks lie within
five, the ace high or low); *draws*: two of the ranks do; *dry*: none. A board's high card is its highest rank.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

from services.solutions.catalog import SolutionInfo
from services.training.plan import Connection, HighCard, Pairing, Plan, Suits
from solver.cards import RANKS

_WINDOW = 4


def family_of(info: SolutionInfo) -> str:
    """``BTN vs BB SRP``: what a plan names."""
    return f"{info.family} {info.pot_type}"


def depth_of(info: SolutionInfo) -> int:
    """The stack the hand began with, in whole bb: what is behind and half of the pot."""
    return round((info.effective_stack + info.pot / 2) / info.big_blind)


def suits_of(board: Sequence[int]) -> Suits:
    """Of the flop."""
    words: tuple[Suits, ...] = ("monotone", "two-tone", "rainbow")
    return words[len({card & 3 for card in board[:3]}) - 1]


def pairing_of(board: Sequence[int]) -> Pairing:
    """Of the flop."""
    words: tuple[Pairing, ...] = ("trips", "paired", "unpaired")
    return words[len({card >> 2 for card in board[:3]}) - 1]


def connection_of(board: Sequence[int]) -> Connection:
    """Of the flop; see the module."""
    ranks = {card >> 2 for card in board[:3]}
    if len(ranks) == 3 and _close(ranks):
        return "connected"
    return "draws" if any(_close(pair) for pair in combinations(ranks, 2)) else "dry"


def _close(ranks: set[int] | tuple[int, ...]) -> bool:
    """Whether a straight can hold all of them; the ace also counts as the card below the deuce."""
    low = [rank if rank < len(RANKS) - 1 else -1 for rank in ranks]
    return any(max(one) - min(one) <= _WINDOW for one in (list(ranks), low))


def high_of(board: Sequence[int]) -> HighCard:
    """Of the flop; ``low`` is nine or lower."""
    ranks: dict[str, HighCard] = {"A": "A", "K": "K", "Q": "Q", "J": "J", "T": "T"}
    return ranks.get(RANKS[max(card >> 2 for card in board[:3])], "low")


def heroes(plan: Plan, info: SolutionInfo) -> list[int]:
    """The seats that hero may have in a spot."""
    seats = [0, 1] if plan.seat == "any" else [int(plan.seat == "ip")]
    return [seat for seat in seats if not plan.positions or info.positions[seat] in plan.positions]


def starts(plan: Plan, info: SolutionInfo) -> bool:
    """Whether the spot begins on the wanted street or before it."""
    return plan.street is None or info.street <= plan.street


@dataclass(frozen=True, slots=True)
class _Wish:
    field: str
    words: Callable[[Plan], str]
    fits: Callable[[Plan, SolutionInfo], bool]


def _listed(values: Sequence[object]) -> str:
    return " or ".join(str(value) for value in values)


_WISHES = (
    _Wish("families", lambda plan: _listed(plan.families), lambda p, i: not p.families or family_of(i) in p.families),
    _Wish(
        "depths",
        lambda plan: f"{_listed(plan.depths)} bb deep",
        lambda p, i: not p.depths or depth_of(i) in p.depths,
    ),
    _Wish("suits", lambda plan: _listed(plan.suits), lambda p, i: not p.suits or suits_of(i.board) in p.suits),
    _Wish(
        "pairing",
        lambda plan: _listed(plan.pairing),
        lambda p, i: not p.pairing or pairing_of(i.board) in p.pairing,
    ),
    _Wish(
        "connection",
        lambda plan: _listed(plan.connection),
        lambda p, i: not p.connection or connection_of(i.board) in p.connection,
    ),
    _Wish(
        "high", lambda plan: f"high card {_listed(plan.high)}", lambda p, i: not p.high or high_of(i.board) in p.high
    ),
    _Wish(
        "positions",
        lambda plan: f"you as {_listed(plan.positions) or plan.seat.upper()}",
        lambda p, i: bool(heroes(p, i)),
    ),
    _Wish("street", lambda _plan: "beginning on that street", starts),
)


def matching(plan: Plan, library: Sequence[SolutionInfo]) -> list[SolutionInfo]:
    """The spots that fit."""
    return [info for info in library if all(wish.fits(plan, info) for wish in _WISHES)]


def why_none(plan: Plan, library: Sequence[SolutionInfo]) -> tuple[str, str]:
    """The field that stands in the way and a sentence about it, where `matching` finds nothing."""
    for wish in _WISHES:
        if not any(wish.fits(plan, info) for info in library):
            return wish.field, f"The library has no spot {wish.words(plan)}."
    for wish in _WISHES:
        left = [info for info in library if all(one.fits(plan, info) for one in _WISHES if one is not wish)]
        if left:
            return wish.field, f"No spot fits all of this. Without “{wish.words(plan)}” there are {len(left)}."
    return "families", "No spot fits all of this. Take some of the filters away."
