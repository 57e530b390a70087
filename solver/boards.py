"""Hands, boards and deals as the kernels' arrays.

A hand of a player is a combo with positive weight that does not touch the board at the root; hands stand in the order
of their combo. On each river board those it leaves possible are sorted by strength and both players' are cut into
common groups of equal strength.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solver.cards import COMBO_CARDS, N_COMBOS
from solver.hand_rank import rank_board
from solver.isomorphism import IDENTITY, DealtCard, combo_map, deals, inverse, stabiliser, symmetries
from solver.kernels import LANES, NO_CARD, Cards
from solver.spot import Spot

REACH_TOTAL = 512.0
"""A player's weights are scaled to add up to this, so that half-precision regrets neither vanish nor overflow."""


@dataclass(frozen=True, eq=False)
class Hands:
    """One player's hands in root order.

    Attributes:
        combo: [hand] combo index, ascending.
        card1, card2: [hand] uint8.
        weight: [hand] as in the range.
        sources: [permutation] hands that a permutation's inverse maps to.
    """

    combo: NDArray[np.int16]
    card1: NDArray[np.uint8]
    card2: NDArray[np.uint8]
    weight: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.combo)


@dataclass(frozen=True)
class Deals:
    """Cards dealt below the root.

    Attributes:
        turns: [turn] for a flop root; a root on turn or river has one entry, which stands for the turn on the board.
        rivers: [turn][river]; empty for a river root.
    """

    turns: tuple[DealtCard, ...]
    rivers: tuple[tuple[DealtCard, ...], ...]


@dataclass(frozen=True, eq=False)
class Boards:
    """Cards of a game.

    Attributes:
        cards: The kernels' arrays.
        hands: [player].
        scale: [player] factor from weights to ``Cards.root_reach``.
        river_boards: [board - 1] five cards, ascending.
    """

    cards: Cards
    hands: tuple[Hands, Hands]
    deals: Deals
    scale: tuple[float, float]


def padded(n_hands: int) -> int:
    """Row length: a multiple of eight with at least one padding hand."""
    return (n_hands // LANES + 1) * LANES


def hands_of(weights: NDArray[np.float32], board: Sequence[int]) -> Hands:
    """The hands of a range on a board."""
    touching = np.isin(COMBO_CARDS, np.array(board)).any(axis=1)
    combo = np.flatnonzero((weights > 0) & ~touching).astype(np.int16)
    return Hands(combo, COMBO_CARDS[combo, 0], COMBO_CARDS[combo, 1], weights[combo])


def find_deals(spot: Spot, *, use_symmetry: bool = True) -> Deals:
    """The cards to deal, one for each orbit of interchangeable suits."""
    board = spot.board
    group = symmetries(board, (spot.oop_range, spot.ip_range)) if use_symmetry else [IDENTITY]
    if spot.street == 2:
        return Deals((DealtCard(board[4], ((board[4], IDENTITY),)),), ((),))
    if spot.street == 1:
        turns = (DealtCard(board[3], ((board[3], IDENTITY),)),)
        return Deals(turns, (deals(group, board),))
    turns = deals(group, board)
    return Deals(turns, tuple(deals(stabiliser(group, turn.card), (*board, turn.card)) for turn in turns))


def build_boards(spot: Spot, dealt: Deals, on_board: Callable[[], object] = lambda: None) -> Boards:
    """Hands and river boards of a spot; ``on_board`` is called before each board and may raise."""
    hands = (hands_of(spot.oop_range, spot.board), hands_of(spot.ip_range, spot.board))
    combos = np.concatenate([hands[0].combo, hands[1].combo])

    def ranks(board: tuple[int, ...]) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
        on_board()
        both = rank_board(board, combos)
        return both[: len(hands[0])], both[len(hands[0]) :]

    return assemble(spot.board, hands, dealt, ranks, (1 / 45, 1 / 44))


def assemble(
    board: tuple[int, ...],
    hands: tuple[Hands, Hands],
    dealt: Deals,
    ranks: Callable[[tuple[int, ...]], tuple[NDArray[np.uint16], NDArray[np.uint16]]],
    chance: tuple[float, float],
) -> Boards:
    """The arrays of any game with two-card hands and up to two deals.

    Args:
        board: Cards on the board at the root.
        ranks: Strengths of both players' hands on a board of the river, 0 where a hand touches it.
        chance: Probability of one turn card and of one river card for two given hands.
    """
    start = len(board) - 3
    sizes = np.array([len(hands[0]), len(hands[1])])
    numbers: dict[tuple[int, ...], int] = {}
    river_board: list[int] = []
    rivers = np.zeros((len(dealt.turns), 2), np.int32)
    for turn, cards in enumerate(dealt.rivers):
        below = (*board[:3], dealt.turns[turn].card) if start < 2 else board
        rivers[turn] = len(river_board), len(river_board) + len(cards)
        for card in cards:
            key = tuple(sorted((*below, card.card)))
            river_board.append(numbers.setdefault(key, len(numbers) + 1))
    if start == 2:
        numbers[tuple(sorted(board))] = 1
    orders = _Orders(hands, len(numbers) + 1)
    for key, number in numbers.items():
        orders.add(number, ranks(key))
    width = max(padded(int(size)) for size in sizes)
    scale = tuple(REACH_TOTAL / float(player.weight.sum(dtype=np.float64)) for player in hands)
    root_reach = np.zeros((2, width), np.float32)
    for p in range(2):
        root_reach[p, : sizes[p]] = hands[p].weight.astype(np.float64) * scale[p]
    sources = _Sources(hands)
    turn_images, turn_give = _turn_maps(hands, dealt.turns if start == 0 else (), width, sources)
    turn_take = np.repeat(np.arange(width, dtype=np.uint16)[None, None], 2, axis=0).repeat(len(dealt.turns), axis=1)
    for p in range(2):
        turn_take[p, :, sizes[p] :] = sizes[p]
        for turn, card in enumerate(dealt.turns if start == 0 else ()):
            touching = (hands[p].card1 == card.card) | (hands[p].card2 == card.card)
            turn_take[p, turn, : sizes[p]][touching] = sizes[p]
    flat = [card for cards in dealt.rivers for card in cards]
    river_images = np.zeros((max(1, len(flat)), 2), np.int32)
    river_give = np.zeros((2, max(1, sum(len(card.images) for card in flat)), width), np.uint16)
    image = 0
    for river, card in enumerate(flat):
        river_images[river] = image, image + len(card.images)
        for _, suits in card.images:
            for p in range(2):
                places = orders.places[p][river_board[river]]
                river_give[p, image] = places[-1]
                river_give[p, image, : sizes[p]] = places[sources.of(p, suits)]
            image += 1
    cards = Cards(
        start=np.array([start], np.int32),
        root_reach=root_reach,
        chance=np.array(chance, np.float32),
        turn_take=turn_take,
        turn_images=turn_images,
        turn_give=turn_give,
        rivers=rivers,
        river_board=np.array(river_board or [1], np.int32),
        river_images=river_images,
        river_give=river_give,
        **orders.arrays(),
    )
    return Boards(cards, hands, dealt, (scale[0], scale[1]))


class _Sources:
    """[hand] -> the hand that a suit permutation maps to it."""

    def __init__(self, hands: tuple[Hands, Hands]) -> None:
        self._hands = hands
        self._places = [np.full(N_COMBOS, -1, np.int64) for _ in range(2)]
        for p in range(2):
            self._places[p][hands[p].combo] = np.arange(len(hands[p]))
        self._known: dict[tuple[int, tuple[int, ...]], NDArray[np.int64]] = {}

    def of(self, player: int, suits: tuple[int, int, int, int]) -> NDArray[np.int64]:
        key = (player, suits)
        if key not in self._known:
            if suits == IDENTITY:
                self._known[key] = np.arange(len(self._hands[player]))
            else:
                self._known[key] = self._places[player][combo_map(inverse(suits))[self._hands[player].combo]]
        return self._known[key]


def _turn_maps(
    hands: tuple[Hands, Hands], turns: tuple[DealtCard, ...], width: int, sources: _Sources
) -> tuple[NDArray[np.int32], NDArray[np.uint16]]:
    images = np.zeros((max(1, len(turns)), 2), np.int32)
    give = np.zeros((2, max(1, sum(len(card.images) for card in turns)), width), np.uint16)
    image = 0
    for turn, card in enumerate(turns):
        images[turn] = image, image + len(card.images)
        for _, suits in card.images:
            for p in range(2):
                n_hands = len(hands[p])
                source = sources.of(p, suits)
                touching = (hands[p].card1 == card.card) | (hands[p].card2 == card.card)
                give[p, image] = n_hands
                give[p, image, :n_hands] = np.where(touching[source], n_hands, source)
            image += 1
    return images, give


class _Orders:
    """Hands in strength order for each board; board 0 keeps the root order and has no groups.

    Attributes:
        places: [player][board] root hand -> place on the board, the padding hand's for removed hands; one entry more
            for the padding hand itself.
    """

    def __init__(self, hands: tuple[Hands, Hands], n_boards: int) -> None:
        self._hands = hands
        self.places: list[list[NDArray[np.int64]]] = [[], []]
        self._n_hands = np.zeros((2, n_boards), np.int32)
        self._at = np.zeros((2, n_boards), np.int64)
        self._root_hands: list[NDArray[np.int64]] = []
        self._same: list[NDArray[np.int64]] = []
        self._cards: list[tuple[NDArray[np.uint8], NDArray[np.uint8]]] = []
        self._filled = 0
        self._group_at = np.zeros((n_boards, 2), np.int32)
        self._group_ends: list[list[NDArray[np.int64]]] = [[], []]
        self._groups = 0
        common = [np.full(N_COMBOS, len(hands[p]), np.int64) for p in range(2)]
        for p in range(2):
            common[p][hands[p].combo] = np.arange(len(hands[p]))
        self._twin = [common[1 - p][hands[p].combo] for p in range(2)]
        self._put(0, [np.arange(len(hands[0])), np.arange(len(hands[1]))])

    def add(self, board: int, ranks: tuple[NDArray[np.uint16], NDArray[np.uint16]]) -> None:
        """Boards come in the order of their numbers."""
        orders: list[NDArray[np.int64]] = []
        sorted_ranks: list[NDArray[np.uint16]] = []
        for p in range(2):
            order = np.argsort(ranks[p], kind="stable")
            order = order[np.count_nonzero(ranks[p] == 0) :]
            orders.append(order)
            sorted_ranks.append(ranks[p][order])
        strengths = np.unique(np.concatenate(sorted_ranks))
        for p in range(2):
            self._group_ends[p].append(np.searchsorted(sorted_ranks[p], strengths, side="right"))
        self._group_at[board] = self._groups, self._groups + len(strengths)
        self._groups += len(strengths)
        self._put(board, orders)

    def _put(self, board: int, orders: list[NDArray[np.int64]]) -> None:
        for p in range(2):
            places = np.full(len(self._hands[p]) + 1, len(orders[p]), np.int64)
            places[orders[p]] = np.arange(len(orders[p]))
            self.places[p].append(places)
        for p in range(2):
            order, hands = orders[p], self._hands[p]
            width = padded(len(order))
            padding = width - len(order)
            self._n_hands[p, board] = len(order)
            self._at[p, board] = self._filled
            self._filled += width
            self._root_hands.append(np.pad(order, (0, padding), constant_values=len(hands)))
            self._cards.append(
                (
                    np.pad(hands.card1[order], (0, padding), constant_values=NO_CARD),
                    np.pad(hands.card2[order], (0, padding), constant_values=NO_CARD),
                )
            )
            opposing = self.places[1 - p][board]
            self._same.append(np.pad(opposing[self._twin[p][order]], (0, padding), constant_values=opposing[-1]))

    def arrays(self) -> dict[str, NDArray[Any]]:
        ends = [np.concatenate(ends) if ends else np.zeros(1, np.int64) for ends in self._group_ends]
        return {
            "n_hands": self._n_hands,
            "width": ((self._n_hands // LANES + 1) * LANES).astype(np.int32),
            "hand_at": self._at,
            "place1": np.concatenate([first for first, _ in self._cards]).astype(np.uint16) * LANES,
            "place2": np.concatenate([second for _, second in self._cards]).astype(np.uint16) * LANES,
            "same": np.concatenate(self._same).astype(np.uint16),
            "root_hand": np.concatenate(self._root_hands).astype(np.uint16),
            "group_at": self._group_at,
            "group_end": np.array(ends, np.int32),
        }
