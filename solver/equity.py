"""Exact all-in equity of combos and ranges, on any board and before the flop.

Every runout is enumerated; nothing is sampled. On one full board both ranges are sorted by hand rank and walked
together: the opponent's weight below a hand, less the weight of the opponent's hands that hold one of its two cards,
is what it beats. Before the flop the same sums are taken over the stored matchups (``preflop_equity``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from solver.cards import COMBO_CARDS, N_CARDS, N_COMBOS, cards_to_text, combo_to_text
from solver.errors import Problem, SpotError
from solver.hand_rank import rank_boards
from solver.preflop_equity import BOARDS, load_matchups
from solver.ranges import Range

Weights = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Equity:
    """How one side of an all-in fares.

    Attributes:
        win: Probability to win the whole pot.
        tie: Probability to split it.
    """

    win: float
    tie: float

    @property
    def share(self) -> float:
        """Expected share of the pot, in [0, 1]."""
        return self.win + self.tie / 2


@dataclass(frozen=True, eq=False)
class HandEquities:
    """How each combo fares against a range; NaN for combos that touch the board or leave the range no hand.

    Attributes:
        win: [combo] probability to win the whole pot.
        tie: [combo] probability to split it.
        weight: [combo] weight of the range's hands that share no card with the combo; 0 on the board.
    """

    win: Weights
    tie: Weights
    weight: Weights

    @property
    def share(self) -> Weights:
        """[combo] expected share of the pot."""
        return self.win + self.tie / 2


def range_equity(ours: Range, theirs: Range, board: Sequence[int] = ()) -> Equity:
    """Exact equity of one range against another.

    Args:
        ours: Weights; combos that touch the board do not count.
        theirs: The other side's, likewise.
        board: Nothing or 3 to 5 cards.

    Raises:
        SpotError: One or two board cards, or no pair of hands that is possible at the same time.
    """
    hands = hand_equities(np.flatnonzero(ours), theirs, board)
    weight = ours * hands.weight
    total = float(weight.sum())
    if not total > 0:
        raise SpotError([Problem("", "no hand of one range goes with any hand of the other on this board")])
    possible = weight > 0
    return Equity(
        win=float((weight[possible] * hands.win[possible]).sum()) / total,
        tie=float((weight[possible] * hands.tie[possible]).sum()) / total,
    )


def hand_equities(combos: NDArray[np.integer[Any]], theirs: Range, board: Sequence[int] = ()) -> HandEquities:
    """Exact equity of each of some combos against a range; the other combos stay NaN with weight 0.

    Args:
        combos: The combos asked for; those that touch the board are left out.
        theirs: Weights of the other side.
        board: Nothing or 3 to 5 cards.

    Raises:
        SpotError: One or two board cards.
    """
    if len(board) not in (0, 3, 4, 5):
        message = f"'{cards_to_text(board)}' has {len(board)} cards; a board has none or 3 to 5"
        raise SpotError([Problem("board", message, 2 * min(len(board), 5))])
    live = ~np.isin(COMBO_CARDS, np.asarray(board, dtype=np.uint8)).any(axis=1)
    asked = np.zeros(N_COMBOS, dtype=np.bool_)
    asked[combos] = True
    ours = np.flatnonzero(asked & live)
    others = np.flatnonzero((theirs > 0) & live)
    weights = theirs.astype(np.float64)
    if board:
        wins, at_most, runouts = _over_runouts(ours, others, weights, tuple(board))
        ties = at_most - wins
    else:
        matchups, columns = load_matchups(), weights[others]
        wins = matchups.wins[np.ix_(ours, others)] @ columns
        ties = matchups.ties[np.ix_(ours, others)] @ columns
        runouts = BOARDS
    win, tie = np.full(N_COMBOS, np.nan), np.full(N_COMBOS, np.nan)
    weight = np.zeros(N_COMBOS)
    weight[ours] = compatible_weight(np.where(live, weights, 0))[ours]
    possible = weight[ours] > 0
    scale = runouts * weight[ours[possible]]
    win[ours[possible]] = wins[possible] / scale
    tie[ours[possible]] = ties[possible] / scale
    return HandEquities(win, tie, weight)


def compatible_weight(weights: Weights) -> Weights:
    """[combo] -> weight of the combos that share no card with it; exactly 0 where there is none."""
    by_card = np.bincount(COMBO_CARDS.ravel(), weights=np.repeat(weights, 2), minlength=N_CARDS)
    sums = weights.sum() - by_card[COMBO_CARDS].sum(axis=1) + weights
    present = weights > 0
    count_by_card = np.bincount(COMBO_CARDS[present].ravel(), minlength=N_CARDS)
    counts = np.count_nonzero(present) - count_by_card[COMBO_CARDS].sum(axis=1) + present
    return np.where(counts > 0, np.maximum(sums, 0), 0)


def matchup(ours: int, theirs: int, board: Sequence[int] = ()) -> tuple[int, int, int]:
    """Boards on which the first combo wins, loses and ties.

    Raises:
        SpotError: The two share a card with each other or with the board, or the board has 1 or 2 cards.
    """
    theirs_only = np.zeros(N_COMBOS, dtype=np.float32)
    theirs_only[theirs] = 1
    equities = hand_equities(np.array([ours]), theirs_only, board)
    if not equities.weight[ours]:
        raise SpotError([Problem("", f"{combo_to_text(ours)} and {combo_to_text(theirs)} are not possible together")])
    runouts = comb(48 - len(board), 5 - len(board))
    win, tie = round(equities.win[ours] * runouts), round(equities.tie[ours] * runouts)
    return win, runouts - win - tie, tie


def _over_runouts(
    ours: NDArray[np.intp], others: NDArray[np.intp], weights: Weights, board: tuple[int, ...]
) -> tuple[Weights, Weights, int]:
    """Opponent weight beaten, and beaten or tied, by each of ``ours``, over all runouts; runouts per pair of hands."""
    rest = [card for card in range(N_CARDS) if card not in board]
    missing = 5 - len(board)
    boards = np.array([board + dealt for dealt in combinations(rest, missing)], dtype=np.uint8)
    both = np.union1d(ours, others)
    cards = COMBO_CARDS[both]
    ranks = np.empty((len(boards), len(both)), dtype=np.uint16)
    rank_boards(boards, cards[:, 0].copy(), cards[:, 1].copy(), ranks)
    sides = [np.isin(both, side).astype(np.uint8) for side in (ours, others)]
    below, at_most = np.zeros(len(both)), np.zeros(len(both))
    _walk_boards(ranks, cards, sides[0], sides[1], np.where(sides[1], weights[both], 0.0), below, at_most)
    at = np.searchsorted(both, ours)
    return below[at], at_most[at], comb(48 - len(board), missing)


@njit(nogil=True, cache=True)
def _sort_by_rank(ranks: NDArray[np.uint16], order: NDArray[np.uint32], scratch: NDArray[np.uint32]) -> int:
    """Fill ``order`` with rank << 11 | hand of the hands that have a rank (not 0), ascending; returns their number.

    A radix sort of two passes: hand ranks have 13 bits, and there are fewer than 2,048 hands. Indices are unsigned,
    because a signed one is tested for counting from the end.
    """
    low, high = np.zeros(129, np.uint32), np.zeros(65, np.uint32)
    total = np.uint64(0)
    for hand in range(len(ranks)):
        rank = np.uint64(ranks[hand])
        if rank:
            order[total] = np.uint32(rank << np.uint64(11) | np.uint64(hand))
            total += np.uint64(1)
            low[(rank & np.uint64(127)) + np.uint64(1)] += np.uint32(1)
            high[(rank >> np.uint64(7)) + np.uint64(1)] += np.uint32(1)
    for digit in range(1, 129):
        low[digit] += low[digit - 1]
    for digit in range(1, 65):
        high[digit] += high[digit - 1]
    for i in range(total):
        one = order[np.uint64(i)]
        digit = np.uint64(one) >> np.uint64(11) & np.uint64(127)
        scratch[np.uint64(low[digit])] = one
        low[digit] += np.uint32(1)
    for i in range(total):
        one = scratch[np.uint64(i)]
        digit = np.uint64(one) >> np.uint64(18)
        order[np.uint64(high[digit])] = one
        high[digit] += np.uint32(1)
    return int(total)


@njit(nogil=True, cache=True)
def _walk_boards(
    ranks: NDArray[np.uint16],
    cards: NDArray[np.uint8],
    is_ours: NDArray[np.uint8],
    is_theirs: NDArray[np.uint8],
    weights: Weights,
    below: Weights,
    at_most: Weights,
) -> None:
    """Add to ``below`` and ``at_most`` [hand] the opponent's weight that our hands beat, and beat or tie.

    Args:
        ranks: [board, hand] of both players' hands together, 0 where blocked.
        cards: [hand, 2].
        is_ours: [hand] 1 where the hand is asked about.
        is_theirs: [hand] 1 where it is in the opponent's range.
        weights: [hand] the opponent's; a hand's own is subtracted twice by its two cards.
        below: Added to.
        at_most: Added to.
    """
    n = ranks.shape[1]
    order, scratch = np.empty(n, np.uint32), np.empty(n, np.uint32)
    # One more place each: what is written behind the end does not count, and the last entry ends every walk.
    our, their = np.empty(n + 1, np.uint32), np.empty(n + 1, np.uint32)
    first, second = cards[:, 0].astype(np.uint64), cards[:, 1].astype(np.uint64)
    by_card = np.empty(52)
    end = np.uint32(0xFFFFFFFF)
    shift, hands = np.uint32(11), np.uint32(2047)
    for board in range(ranks.shape[0]):
        alive = _sort_by_rank(ranks[board], order, scratch)
        ours, others = np.uint64(0), np.uint64(0)
        for i in range(alive):
            one = order[np.uint64(i)]
            hand = np.uint64(one & hands)
            our[ours] = one
            ours += np.uint64(is_ours[hand])
            their[others] = one
            others += np.uint64(is_theirs[hand])
        our[ours], their[others] = end, end
        by_card[:] = 0.0
        total = 0.0
        i, j = np.uint64(0), np.uint64(0)
        while i < ours:
            rank = our[i] >> shift
            while their[j] >> shift < rank:
                hand = np.uint64(their[j] & hands)
                total += weights[hand]
                by_card[first[hand]] += weights[hand]
                by_card[second[hand]] += weights[hand]
                j += np.uint64(1)
            tied = their[j] >> shift == rank
            k = i
            while our[k] >> shift == rank:
                hand = np.uint64(our[k] & hands)
                beaten = total - by_card[first[hand]] - by_card[second[hand]]
                below[hand] += beaten
                at_most[hand] += 0.0 if tied else beaten
                k += np.uint64(1)
            if tied:
                while their[j] >> shift == rank:
                    hand = np.uint64(their[j] & hands)
                    total += weights[hand]
                    by_card[first[hand]] += weights[hand]
                    by_card[second[hand]] += weights[hand]
                    j += np.uint64(1)
                while i < k:
                    hand = np.uint64(our[i] & hands)
                    at_most[hand] += total - by_card[first[hand]] - by_card[second[hand]] + weights[hand]
                    i += np.uint64(1)
            i = k
