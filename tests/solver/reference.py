"""The slow twin of the solver: float64, recursion, one dense matrix per showdown.

It solves any betting tree over hands of two cards with at most one deal, which is enough for Kuhn, Leduc, rivers and
narrow turns. It shares nothing with the kernels but the tree and the hands.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from solver.tree import BettingTree, Kind

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Discount:
    """Factors of iteration t (from 0), whether the average weighs strategies by own reach and takes that of t."""

    positive: Callable[[int], float]
    negative: Callable[[int], float]
    average: Callable[[int], float]
    by_reach: bool
    averaged: Callable[[int], bool] = lambda t: True


def dcfr(alpha: float, beta: float, gamma: float) -> Discount:
    """Brown & Sandholm 2019, section 3."""

    def factor(exponent: float) -> Callable[[int], float]:
        return lambda t: t**exponent / (t**exponent + 1) if t > 0 else 0.0

    return Discount(factor(alpha), factor(beta), lambda t: (t / (t + 1)) ** gamma, by_reach=True)


PRODUCTION = Discount(
    lambda t: max(t - 1, 0) ** 1.4 / (max(t - 1, 0) ** 1.4 + 1),
    lambda t: t / (t + 30),
    lambda t: 1.0 if t % 2 else (t / (t + 2)) ** 5,
    by_reach=False,
    averaged=lambda t: t % 2 == 0,
)
"""What ``solver.cfr`` does, written down a second time."""


@dataclass
class SlowGame:
    """A game by its rules.

    Attributes:
        hands: [player] of [hand, 2] cards.
        weights: [player] of [hand].
        cards: Cards of the deal, empty when there is none.
        strength: (player, card or -1) -> [hand] ranks.
        chance: Probability of one card for two given hands.
    """

    tree: BettingTree
    pot: float
    hands: Sequence[NDArray[np.int64]]
    weights: Sequence[Array]
    strength: Callable[[int, int], Array]
    cards: Sequence[int] = ()
    chance: float = 1.0
    rake: tuple[float, float] = (0.0, 0.0)
    regret: dict[tuple[int, int], Array] = field(default_factory=dict)
    average: dict[tuple[int, int], Array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        first, second = self.hands
        self.apart = ~(first[:, None, :, None] == second[None, :, None, :]).any(axis=(2, 3))
        self.pairs = float(self.weights[0] @ self.apart @ self.weights[1])

    def strategy(self, node: int, card: int) -> Array:
        """[action, hand] by regret matching."""
        player = int(self.tree.kind[node])
        shape = (int(self.tree.n_children[node]), len(self.weights[player]))
        return normalised(self.regret.get((node, card), np.zeros(shape)))

    def average_strategy(self, node: int, card: int) -> Array:
        """[action, hand]."""
        player = int(self.tree.kind[node])
        shape = (int(self.tree.n_children[node]), len(self.weights[player]))
        return normalised(self.average.get((node, card), np.zeros(shape)))

    def iterate(self, t: int, discount: Discount) -> None:
        """One iteration: player 0, then player 1."""
        for player in range(2):
            self._train(0, -1, player, self.weights[1 - player], np.ones(len(self.weights[player])), t, discount)

    def exploitability(self) -> float:
        """Half the sum of both best-response gains, in chips."""
        gains = 0.0
        for player in range(2):
            for best in (True, False):
                value = self.value(0, -1, player, self.weights[1 - player], best=best)
                gains += (1 if best else -1) * float(value @ self.weights[player]) / self.pairs
        return gains / 2

    def ev(self, player: int) -> float:
        """Chips from half the pot, both playing their average."""
        value = self.value(0, -1, player, self.weights[1 - player], best=False)
        return float(value @ self.weights[player]) / self.pairs

    def value(self, node: int, card: int, player: int, reach: Array, *, best: bool) -> Array:
        """[hand] counterfactual values against the opponent's average strategy."""

        def below(child: int, child_card: int, child_reach: Array) -> Array:
            return self.value(child, child_card, player, child_reach, best=best)

        kind = int(self.tree.kind[node])
        if kind > Kind.IP:
            return self._end(node, card, player, reach, below)
        strategy = self.average_strategy(node, card)
        children = self.tree.children_of(node)
        if kind != player:
            return sum(below(int(c), card, reach * s) for c, s in zip(children, strategy, strict=True))
        values = np.array([below(int(child), card, reach) for child in children])
        return values.max(axis=0) if best else (values * strategy).sum(axis=0)

    def _train(self, node: int, card: int, player: int, reach: Array, own: Array, t: int, discount: Discount) -> Array:
        def below(child: int, child_card: int, child_reach: Array, child_own: Array = own) -> Array:
            return self._train(child, child_card, player, child_reach, child_own, t, discount)

        kind = int(self.tree.kind[node])
        if kind > Kind.IP:
            return self._end(node, card, player, reach, below)
        strategy = self.strategy(node, card)
        children = self.tree.children_of(node)
        if kind != player:
            return sum(below(int(c), card, reach * s) for c, s in zip(children, strategy, strict=True))
        values = np.array([below(int(c), card, reach, own * s) for c, s in zip(children, strategy, strict=True)])
        value = (values * strategy).sum(axis=0)
        regret = self.regret.get((node, card), np.zeros_like(values))
        average = self.average.get((node, card), np.zeros_like(values))
        factor = np.where(regret > 0, discount.positive(t), discount.negative(t))
        self.regret[node, card] = regret * factor + values - value
        added = strategy * (own if discount.by_reach else 1) if discount.averaged(t) else 0
        self.average[node, card] = average * discount.average(t) + added
        return value

    def _end(self, node: int, card: int, player: int, reach: Array, below: Callable[[int, int, Array], Array]) -> Array:
        kind = Kind(int(self.tree.kind[node]))
        apart = self.apart if player == 0 else self.apart.T
        if kind in (Kind.DEAL, Kind.RUNOUT):
            total = np.zeros(len(self.weights[player]))
            for dealt in self.cards:
                own, other = ((self.hands[p] != dealt).all(axis=1) for p in (player, 1 - player))
                if kind == Kind.DEAL:
                    value = below(int(self.tree.children_of(node)[0]), dealt, reach * other)
                else:
                    value = self._showdown(node, dealt, player, reach * other)
                total += self.chance * own * value
            return total
        if kind == Kind.SHOWDOWN:
            return self._showdown(node, card, player, reach)
        half, rake = self._money(node)
        folded = kind - Kind.OOP_FOLDED
        return (apart @ reach) * (-half if folded == player else half - rake)

    def _showdown(self, node: int, card: int, player: int, reach: Array) -> Array:
        half, rake = self._money(node)
        own, other = self.strength(player, card), self.strength(1 - player, card)
        apart = self.apart if player == 0 else self.apart.T
        wins, ties = own[:, None] > other[None], own[:, None] == other[None]
        payoff = np.where(wins, half - rake, np.where(ties, -rake / 2, -half))
        return (apart * payoff) @ reach

    def _money(self, node: int) -> tuple[float, float]:
        pot = self.pot + 2 * float(self.tree.put_in[node].min())
        return pot / 2, min(pot * self.rake[0], self.rake[1])


def normalised(rows: Array) -> Array:
    """Positive parts per hand, summing to one; even where there are none."""
    positive = np.maximum(rows, 0)
    total = positive.sum(axis=0)
    return np.where(total > 0, positive / np.where(total > 0, total, 1), 1 / len(rows))
