"""Kuhn and Leduc poker as the production solver's own arrays.

A one-card hand is a combo of that card and a second card that nothing else uses, so the same card cannot be held twice.
Kuhn is a river, Leduc a turn whose river card is the public card.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solver.boards import Boards, Deals, Hands, assemble
from solver.cards import COMBO_INDEX
from solver.cfr import Game
from solver.isomorphism import IDENTITY, DealtCard
from solver.layout import build_layout
from solver.tree import BettingTree, Kind

from .reference import SlowGame

BOARD = (40, 41, 42, 43, 44)
SECOND_CARD = 10


@dataclass(frozen=True)
class Toy:
    """A game with limit betting."""

    n_cards: int
    bets: tuple[int, ...]
    max_bets: int
    streets: tuple[int, ...]
    chance: float

    def tree(self) -> BettingTree:
        """Check or bet, then fold, call or raise, up to ``max_bets`` a street."""
        rows: list[tuple[int, int, int, tuple[int, int], tuple[int, int], str]] = []
        children: list[list[int]] = []

        def grow(
            parent: int, action: str, kind: int, street: int, put: tuple[int, int], bets: tuple[int, int], n: int
        ) -> None:
            node = len(rows)
            rows.append((kind, street, parent, put, bets, action))
            children.append([])
            if parent >= 0:
                children[parent].append(node)
            if kind == Kind.DEAL:
                grow(node, "deal", Kind.OOP, street + 1, put, (0, 0), 0)
            if kind > Kind.IP:
                return
            end = Kind.SHOWDOWN if street == 2 else Kind.DEAL
            size, other = self.bets[self.streets.index(street)], 1 - kind
            if n == 0:
                grow(node, "check", Kind.IP if kind == Kind.OOP else end, street, put, bets, 0)
            else:
                grow(node, "fold", Kind.OOP_FOLDED + kind, street, put, bets, n)
                matched, level = max(put), max(bets)
                grow(node, "call", end, street, (matched, matched), (level, level), n)
            if n < self.max_bets:
                total = max(bets) + size
                grown = [*put]
                grown[kind] += total - bets[kind]
                level_now = [*bets]
                level_now[kind] = total
                word = "raise" if n else "bet"
                put_now, bets_now = (grown[0], grown[1]), (level_now[0], level_now[1])
                grow(node, f"{word} {total}", other, street, put_now, bets_now, n + 1)

        grow(-1, "", Kind.OOP, self.streets[0], (0, 0), (0, 0), 0)
        counts = np.array([len(below) for below in children], np.int32)
        return BettingTree(
            np.array([row[0] for row in rows], np.int8),
            np.array([row[1] for row in rows], np.int8),
            np.array([row[2] for row in rows], np.int32),
            (np.cumsum(counts) - counts).astype(np.int32),
            counts,
            np.array([child for below in children for child in below], np.int32),
            np.array([row[3] for row in rows], np.int64),
            np.array([row[4] for row in rows], np.int64),
            tuple(row[5] for row in rows),
        )

    def strength(self, public: int) -> NDArray[np.int64]:
        """[card] 1 or more; ranks are pairs of cards in Leduc."""
        cards = np.arange(self.n_cards)
        if public < 0:
            return cards + 1
        return cards // 2 + 1 + 10 * (cards // 2 == public // 2)

    def boards(self) -> Boards:
        """Hands and deals as the production arrays."""
        cards = np.arange(self.n_cards, dtype=np.uint8)
        combo = COMBO_INDEX[cards + SECOND_CARD, cards]
        order = np.argsort(combo)
        one = Hands(combo[order], cards[order] + np.uint8(SECOND_CARD), cards[order], np.ones(len(cards), np.float32))
        start = self.streets[0]
        board = BOARD[: 3 + start]

        def ranks(full: tuple[int, ...]) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
            public = next((card for card in full if card < self.n_cards), -1)
            strength = self.strength(public).astype(np.uint16)
            if public >= 0:
                strength[public] = 0
            return strength[order], strength[order]

        rivers = tuple(DealtCard(c, ((c, IDENTITY),)) for c in range(self.n_cards)) if start == 1 else ()
        deals = Deals((DealtCard(BOARD[3], ((BOARD[3], IDENTITY),)),), (rivers,))
        return assemble(board, (one, one), deals, ranks, (1.0, self.chance))

    def game(self, *, half: bool = False, threads: int = 1) -> Game:
        """The production game."""
        layout = build_layout(self.tree(), 2, sum(self.max_bets * bet for bet in self.bets))
        return Game(layout, self.boards(), half=half, threads=threads)

    def twin(self) -> SlowGame:
        """The slow game."""
        cards = np.arange(self.n_cards)
        hands = np.stack([cards, cards + SECOND_CARD], axis=1)
        weights = np.ones(len(cards))
        dealt = range(self.n_cards) if self.streets[0] == 1 else ()
        return SlowGame(
            self.tree(), 2.0, (hands, hands), (weights, weights),
            lambda player, public: self.strength(public), dealt, self.chance,
        )  # fmt: skip


def rows_of(game: Game, tree: BettingTree, node: int, card: int) -> tuple[slice, tuple[int, int], NDArray[np.int64]]:
    """Where a decision of a toy is stored: the slice, its shape [action, place] and the cards by place."""
    cards, layout, player = game.boards.cards, game.layout, int(tree.kind[node])
    board = int(cards.river_board[card]) if card >= 0 else 0 if game.start == 1 else 1
    start = int(game.store.river_at[player, 0, card]) if card >= 0 else int(game.store.root_at[player])
    width, at = int(cards.width[player, board]), int(cards.hand_at[player, board])
    first = start + int(layout.strategy_row[node]) * width
    shape = (int(tree.n_children[node]), width)
    places = cards.root_hand[at : at + int(cards.n_hands[player, board])]
    return slice(first, first + shape[0] * width), shape, game.boards.hands[player].card2[places].astype(np.int64)


KUHN = Toy(n_cards=3, bets=(1,), max_bets=1, streets=(2,), chance=1.0)
LEDUC = Toy(n_cards=6, bets=(2, 4), max_bets=2, streets=(1, 2), chance=1 / 4)
