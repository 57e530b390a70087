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
    below, at_most = np.zeros(len(ours)), np.zeros(len(ours))
    our_cards, their_cards = COMBO_CARDS[ours], COMBO_CARDS[others]
    own_weight = np.where(np.isin(ours, others), weights[ours], 0.0)
    our_ranks, their_ranks = (_ranks(boards, cards) for cards in (our_cards, their_cards))
    _walk_boards(our_ranks, their_ranks, our_cards, their_cards, own_weight, weights[others], below, at_most)
    return below, at_most, comb(48 - len(board), missing)


def _ranks(boards: NDArray[np.uint8], cards: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """[board, hand], 0 where the hand touches the board."""
    ranks = np.empty((len(boards), len(cards)), dtype=np.uint16)
    rank_boards(boards, cards[:, 0].copy(), cards[:, 1].copy(), ranks)
    return ranks


@njit(nogil=True, cache=True)
def _sort_by_rank(ranks: NDArray[np.uint16], order: NDArray[np.int32], scratch: NDArray[np.int32]) -> int:
    """Fill ``order`` with the hands that have a rank (not 0), ascending; returns their number.

    A radix sort of two passes: hand ranks have 13 bits.
    """
    counts = np.zeros((2, 129), np.int32)
    for hand in range(len(ranks)):
        rank = ranks[hand]
        if rank:
            counts[0, (rank & 127) + 1] += 1
            counts[1, (rank >> 7) + 1] += 1
    for digit in range(1, 129):
        counts[0, digit] += counts[0, digit - 1]
        counts[1, digit] += counts[1, digit - 1]
    for hand in range(len(ranks)):
        rank = ranks[hand]
        if rank:
            digit = rank & 127
            scratch[counts[0, digit]] = hand
            counts[0, digit] += 1
    total = counts[0, 127]
    for i in range(total):
        hand = scratch[i]
        digit = ranks[hand] >> 7
        order[counts[1, digit]] = hand
        counts[1, digit] += 1
    return total


@njit(nogil=True, cache=True)
def _walk_boards(
    our_ranks: NDArray[np.uint16],
    their_ranks: NDArray[np.uint16],
    our_cards: NDArray[np.uint8],
    their_cards: NDArray[np.uint8],
    own_weight: Weights,
    their_weights: Weights,
    below: Weights,
    at_most: Weights,
) -> None:
    """Add to ``below`` and ``at_most`` [our hand] the weight of compatible hands it beats, and beats or ties.

    Args:
        our_ranks: [board, our hand], 0 where blocked.
        their_ranks: [board, their hand], likewise.
        our_cards: [our hand, 2].
        their_cards: [their hand, 2].
        own_weight: [our hand] the opponent's weight of the very same combo, subtracted twice by its two cards.
        their_weights: [their hand].
        below: Added to.
        at_most: Added to.
    """
    our_order = np.empty(our_ranks.shape[1], np.int32)
    their_order = np.empty(their_ranks.shape[1], np.int32)
    scratch = np.empty(max(our_ranks.shape[1], their_ranks.shape[1]), np.int32)
    by_card = np.empty(52)
    for board in range(our_ranks.shape[0]):
        ranks, other_ranks = our_ranks[board], their_ranks[board]
        ours = _sort_by_rank(ranks, our_order, scratch)
        others = _sort_by_rank(other_ranks, their_order, scratch)
        by_card[:] = 0.0
        total = 0.0
        i, j = 0, 0
        while i < ours:
            rank = ranks[our_order[i]]
            while j < others and other_ranks[their_order[j]] < rank:
                hand = their_order[j]
                total += their_weights[hand]
                by_card[their_cards[hand, 0]] += their_weights[hand]
                by_card[their_cards[hand, 1]] += their_weights[hand]
                j += 1
            end = i
            while end < ours and ranks[our_order[end]] == rank:
                hand = our_order[end]
                beaten = total - by_card[our_cards[hand, 0]] - by_card[our_cards[hand, 1]]
                below[hand] += beaten
                at_most[hand] += beaten
                end += 1
            if j < others and other_ranks[their_order[j]] == rank:
                for k in range(i, end):
                    hand = our_order[k]
                    at_most[hand] -= total - by_card[our_cards[hand, 0]] - by_card[our_cards[hand, 1]]
                while j < others and other_ranks[their_order[j]] == rank:
                    hand = their_order[j]
                    total += their_weights[hand]
                    by_card[their_cards[hand, 0]] += their_weights[hand]
                    by_card[their_cards[hand, 1]] += their_weights[hand]
                    j += 1
                for k in range(i, end):
                    hand = our_order[k]
                    tied = total - by_card[our_cards[hand, 0]] - by_card[our_cards[hand, 1]]
                    at_most[hand] += tied + own_weight[hand]
            i = end
