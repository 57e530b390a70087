"""Families of decisions: the node's type, the flop's texture and the hand's class; three hundred at most.

What a player gets wrong is rarely one hand on one board but a kind of spot. A family names it: the street with how the
action stands (12 node types), the texture of the flop (5) and what hero's cards have made of the board (5). Mistakes
become cards by family, themes are counted by node type, and history filters by all three. Everything is pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from services.solutions.catalog import street_root
from solver.cards import COMBO_CARDS

STREETS = ("flop", "turn", "river")
SITUATIONS = ("first", "checked-to", "facing-bet", "facing-raise")
"""Nobody has acted on the street; the other seat checked; it bet; it raised."""

TEXTURES = ("paired", "monotone", "connected", "high", "low")
"""Of the flop, the first that fits; connected: within five ranks, so that a straight can be there; high: a queen or
better on it."""

HANDS = ("strong", "top-pair", "pair", "draw", "air")
"""Two pair or better with a hole card; top pair or an overpair; another pair with a hole card; four to a flush or two
ranks that make a straight, before the river; the rest."""

QUEEN = 10
_ACE = 12
_AGGRESSIVE = ("bet", "raise", "allin")


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of decision."""

    street: int
    situation: str
    texture: str
    hand: str

    @property
    def node(self) -> str:
        """The type of the node alone, e.g. ``turn.facing-bet``."""
        return f"{STREETS[self.street]}.{self.situation}"

    @property
    def slug(self) -> str:
        """Its name in addresses and tables, e.g. ``turn.facing-bet.high.draw``."""
        return f"{self.node}.{self.texture}.{self.hand}"


def parse_family(slug: str) -> Family | None:
    """The family of a slug; None for text that is none."""
    street, _, rest = slug.partition(".")
    parts = rest.split(".")
    if street not in STREETS or len(parts) != 3:
        return None
    situation, texture, hand = parts
    if situation not in SITUATIONS or texture not in TEXTURES or hand not in HANDS:
        return None
    return Family(STREETS.index(street), situation, texture, hand)


def parse_node(node: str) -> tuple[int, str] | None:
    """Street and situation of a node type's name; None for text that is none."""
    street, _, situation = node.partition(".")
    if street not in STREETS or situation not in SITUATIONS:
        return None
    return STREETS.index(street), situation


def family_of(line: Sequence[str], board: Sequence[int], hole: Sequence[int]) -> Family:
    """The family of a decision.

    Args:
        line: From the root of the solution to the decision.
        board: As it lies at the decision, the flop first.
        hole: Hero's two cards.
    """
    return Family(len(board) - 3, situation_of(line), texture_of(board), hand_of(hole, board))


def situation_of(line: Sequence[str]) -> str:
    """How the action stands on the street in which a line ends."""
    actions = line[len(street_root(tuple(line))) :]
    bets = sum(action.partition(" ")[0] in _AGGRESSIVE for action in actions)
    if bets:
        return "facing-bet" if bets == 1 else "facing-raise"
    return "checked-to" if actions else "first"


def texture_of(board: Sequence[int]) -> str:
    """The texture of the board's flop."""
    flop = board[:3]
    ranks = sorted({card >> 2 for card in flop})
    if len(ranks) < 3:
        return "paired"
    if len({card & 3 for card in flop}) == 1:
        return "monotone"
    low_ace = [-1, *ranks[:-1]] if ranks[-1] == _ACE else ranks
    if ranks[-1] - ranks[0] <= 4 or low_ace[-1] - low_ace[0] <= 4:
        return "connected"
    return "high" if ranks[-1] >= QUEEN else "low"


def hand_of(hole: Sequence[int], board: Sequence[int]) -> str:
    """What two cards have made of a board of three to five."""
    ours, theirs = [card >> 2 for card in hole], [card >> 2 for card in board]
    held, shared = _mask(ours), _mask(theirs)
    suits = [card & 3 for card in (*hole, *board)]
    most_of_a_suit = max(suits.count(card & 3) for card in hole)
    counts = {rank: ours.count(rank) + theirs.count(rank) for rank in ours}
    if (
        most_of_a_suit >= 5
        or _straight_top(held | shared) > _straight_top(shared)
        or max(counts.values()) >= 3
        or (held & shared).bit_count() == 2  # both pair the board
    ):
        return "strong"
    pairs = [rank for rank, count in counts.items() if count == 2]
    if pairs:
        return "top-pair" if max(pairs) >= max(theirs) else "pair"
    if len(board) < 5:
        completing = [
            one for one in range(13) if _straight_top(held | shared | 1 << one) > _straight_top(shared | 1 << one)
        ]
        if most_of_a_suit == 4 or len(completing) >= 2:
            return "draw"
    return "air"


def _mask(ranks: Sequence[int]) -> int:
    return sum(1 << rank for rank in set(ranks))


@cache
def _straight_top(ranks: int) -> int:
    """The highest rank of a straight in a mask of ranks; -1 without one. The ace is also below the two."""
    low_ace = ranks << 1 | ranks >> _ACE & 1
    return max((top for top in range(3, 13) if low_ace >> (top - 3) & 0x1F == 0x1F), default=-1)


@lru_cache(maxsize=256)
def hand_classes(board: tuple[int, ...]) -> NDArray[np.int8]:
    """[combo] index into ``HANDS``; -1 where the combo touches the board."""
    taken = set(board)
    return np.array(
        [
            -1 if int(high) in taken or int(low) in taken else HANDS.index(hand_of((int(high), int(low)), board))
            for high, low in COMBO_CARDS
        ],
        dtype=np.int8,
    )
