"""What a hand is on a board: the words in which players divide a range. Pure.

A *made hand* is what the two hole cards add: the board's own pair, trips or straight is no category of theirs, so a
hand that only plays the board counts by its high card. *Overpair*: a pocket pair above every board card; *top pair*:
with the board's highest rank; *second pair*: with the next one, or a pocket pair between the two; *weak pair*: any
other. *Trips* use one hole card and the board's pair, a *set* a pocket pair. A draw needs a card to come: *flush draw*
four of a suit of which at least one is a hole card's, *open-ended* eight cards that make a straight the board does not
make with any hand, *gutshot* four; *overcards* are two hole cards above every board card. A draw's hand also keeps its
made category: `draws` says which pairs draw.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from solver.cards import COMBO_CARDS, N_COMBOS

CATEGORIES: Final = (
    "straight flush",
    "quads",
    "full house",
    "flush",
    "straight",
    "set",
    "trips",
    "two pair",
    "overpair",
    "top pair",
    "second pair",
    "weak pair",
    "ace high",
    "no pair",
)
DRAWS: Final = ("flush draw", "open-ended", "gutshot", "overcards")

_STRAIGHTS: Final = tuple(frozenset((high - 4 + place) % 13 for place in range(5)) for high in range(3, 13))
"""The rank sets of the ten straights; the one to the five holds the ace (12) below the deuce (0)."""


def categories(board: Sequence[int]) -> NDArray[np.int8]:
    """[combo] index into `CATEGORIES`; -1 where a hand touches the board."""
    found = np.full(N_COMBOS, -1, np.int8)
    for combo, cards in _hands(board):
        found[combo] = CATEGORIES.index(made_hand(cards, board))
    return found


def draws(board: Sequence[int]) -> NDArray[np.bool_]:
    """[draw, combo] which hands have which of `DRAWS`; none on the river."""
    found = np.zeros((len(DRAWS), N_COMBOS), np.bool_)
    if len(board) < 5:
        for combo, cards in _hands(board):
            for draw in drawing(cards, board):
                found[DRAWS.index(draw), combo] = True
    return found


def made_hand(cards: Sequence[int], board: Sequence[int]) -> str:
    """The category of two hole cards."""
    ours, on_board = [card >> 2 for card in cards], [card >> 2 for card in board]
    suits = [card & 3 for card in (*cards, *board)]
    everything = [*ours, *on_board]
    counts = {rank: everything.count(rank) for rank in set(everything)}
    quads = [rank for rank, count in counts.items() if count == 4]
    trips = [rank for rank, count in counts.items() if count == 3]
    pairs = [rank for rank, count in counts.items() if count == 2]
    suited = next((suit for suit in range(4) if suits.count(suit) >= 5), None)
    flush = suited is not None and (_flush_is_ours(cards, board, suited))
    if suited is not None:
        in_suit = {card >> 2 for card in (*cards, *board) if card & 3 == suited}
        boards = {card >> 2 for card in board if card & 3 == suited}
        if _best_straight(in_suit) > _best_straight(boards):
            return "straight flush"
    if any(rank in ours for rank in quads):
        return "quads"
    if _full(everything) > _full(on_board):
        return "full house"
    if flush:
        return "flush"
    if _best_straight(set(everything)) > _best_straight(set(on_board)):
        return "straight"
    if any(rank in ours for rank in trips):
        return "set" if ours[0] == ours[1] else "trips"
    return _pairs(ours, on_board, [rank for rank in pairs if rank in ours])


def drawing(cards: Sequence[int], board: Sequence[int]) -> tuple[str, ...]:
    """The draws of two hole cards before the river; a hand that is a flush or a straight already has none to it."""
    ours, on_board = [card >> 2 for card in cards], {card >> 2 for card in board}
    suits = [card & 3 for card in (*cards, *board)]
    category = CATEGORIES.index(made_hand(cards, board))
    found: list[str] = []
    if category > CATEGORIES.index("flush") and any(suits.count(suit) == 4 for suit in {suits[0], suits[1]}):
        found.append("flush draw")
    if category > CATEGORIES.index("straight"):
        outs = sum(_best_straight({*ours, *on_board, rank}) > _best_straight(on_board | {rank}) for rank in range(13))
        if outs:
            found.append("open-ended" if outs >= 2 else "gutshot")
    if category >= CATEGORIES.index("ace high") and min(ours) > max(on_board):
        found.append("overcards")
    return tuple(found)


def _hands(board: Sequence[int]) -> list[tuple[int, tuple[int, int]]]:
    free = np.flatnonzero(~np.isin(COMBO_CARDS, np.asarray(board, dtype=np.uint8)).any(axis=1))
    return [(int(combo), (int(COMBO_CARDS[combo, 0]), int(COMBO_CARDS[combo, 1]))) for combo in free]


def _best_straight(ranks: set[int]) -> int:
    """The place of the highest straight among ranks, 0 for none."""
    return max((place for place, wanted in enumerate(_STRAIGHTS, start=1) if wanted <= ranks), default=0)


def _flush_is_ours(cards: Sequence[int], board: Sequence[int], suit: int) -> bool:
    """A hole card is part of the best five of the suit."""
    boards = sorted((card >> 2 for card in board if card & 3 == suit), reverse=True)[:5]
    return any(card & 3 == suit and (len(boards) < 5 or card >> 2 > boards[-1]) for card in cards)


def _full(ranks: Sequence[int]) -> tuple[int, int]:
    """Three of one rank and two of another, the best there is; (-1, -1) for none."""
    threes = sorted({rank for rank in ranks if ranks.count(rank) >= 3}, reverse=True)
    twos = sorted({rank for rank in ranks if ranks.count(rank) >= 2}, reverse=True)
    return next(((three, two) for three in threes for two in twos if two != three), (-1, -1))


def _pairs(ours: Sequence[int], on_board: Sequence[int], made: Sequence[int]) -> str:
    ladder = sorted(set(on_board), reverse=True)
    pocket = ours[0] == ours[1]
    if not pocket and len(made) == 2:
        return "two pair"
    if not made:
        return "ace high" if max(ours) == 12 else "no pair"
    rank = made[0]
    if pocket and rank > ladder[0]:
        return "overpair"
    if rank == ladder[0]:
        return "top pair"
    return "second pair" if len(ladder) > 1 and rank >= ladder[1] else "weak pair"
