"""The score of a board: pure arithmetic on the answers to one ranked set.

Everybody gets the same items. A player's advantage on an item is how much less he lost there than his peers did, in %
of the pot: the mean loss of the *other* players who answered it, minus his own. He is left out of that mean, so that in
a club of three the figure is still the distance to the other two; an item that nobody else has answered counts as an
advantage of nothing. The score is the sum of the advantages over ``n + k``: it shrinks towards the field while ``n`` is
small, so nobody leads by answering few items well. Players under the minimum are peers all the same; somebody who
throws chips away is nobody's peer, or a second account could lift all who answered what it answered.

An item is one decision of a week's set, or one hand of a day's with the sum of its losses: hands take different ways,
so what the hand cost is compared, while ``n`` counts its decisions.

Losses have heavy tails, so intervals come from a bootstrap of each player's own advantages together with 30
pseudo-answers at the quantiles of the whole field. Resampling is drawn once for each number of answers and applied to
everybody with that number as one matrix product, which keeps it exact to repeat and quick for large boards.

Nothing here depends on the order in which the answers arrived.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

FIRST_SHRINKAGE = 200.0
"""``k`` until a week with enough players has been measured."""

INTERVAL_FROM = 100
"""Decisions under which an interval is too optimistic to be shown (it still decides ties)."""

_FAR_TIMES, _FAR_PCT = 4.0, 5.0
"""Whose mean loss is over both, the multiple of the median of a player's peers and so much more than it, is far off."""

_PSEUDO_ANSWERS = 30
_RESAMPLES = 500
_PLAYERS_AT_ONCE = 2000
_MEASURABLE_PLAYERS = 20


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers to one set, one row for each (player, item) at most.

    Attributes:
        player: [answer] who answered.
        item: [answer] what was answered.
        loss_pct: [answer] the loss in % of the pot at the decision; of a hand's decisions in % of its first pot.
        decisions: [answer] how many decisions that was; empty: one each.
        studied: How many decisions of a player were marked; players with none may be missing.
    """

    player: Sequence[UUID]
    item: Sequence[UUID]
    loss_pct: Sequence[float]
    decisions: Sequence[int] = ()
    studied: Mapping[UUID, int] = field(default_factory=dict[UUID, int])


@dataclass(frozen=True, slots=True)
class Standing:
    """One player's place.

    Attributes:
        rank: Shared by everybody whose interval overlaps that of the best player of the rank; None under the minimum.
        score: % of pot per decision against the field, shrunk.
        low: Lower end of the 95% interval of ``score``; equal to ``score`` under the minimum.
        high: Upper end of it.
        items: Spots answered: the decisions of a week, the hands of a day.
    """

    player: UUID
    rank: int | None
    score: float
    low: float
    high: float
    decisions: int
    items: int = 0
    studied: int = 0


def standings(answers: Answers, *, minimum: int, shrinkage: float = FIRST_SHRINKAGE) -> list[Standing]:
    """Everybody who answered: the ranked players from the best down, then those under the minimum of items."""
    if not answers.player:
        return []
    players, player, advantage, weight, usual = _advantages(answers)
    items = np.bincount(player, minlength=len(players))
    decisions = np.bincount(player, weights=weight, minlength=len(players))
    score = np.bincount(player, weights=advantage, minlength=len(players)) / (decisions + shrinkage)
    low, high = score.copy(), score.copy()
    ends = np.cumsum(items)
    for n in np.unique(items[items >= minimum]):
        group = np.flatnonzero(items == n)
        rows = advantage[(ends[group] - n)[:, None] + np.arange(n)]
        below, above = _spread(rows, advantage[usual])
        low[group] += n / (decisions[group] + shrinkage) * below
        high[group] += n / (decisions[group] + shrinkage) * above
    ranked = sorted(np.flatnonzero(items >= minimum), key=lambda i: (-score[i], players[i]))
    waiting = sorted(np.flatnonzero(items < minimum), key=lambda i: (-items[i], players[i]))
    ranks: list[int | None] = list(_ranks(low[ranked], high[ranked]))
    ranks += [None] * len(waiting)
    return [
        Standing(
            player=players[i],
            rank=rank,
            score=float(score[i]),
            low=float(low[i]),
            high=float(high[i]),
            decisions=int(decisions[i]),
            items=int(items[i]),
            studied=answers.studied.get(players[i], 0),
        )
        for i, rank in zip([*ranked, *waiting], ranks, strict=True)
    ]


def measured_shrinkage(answers: Answers, *, minimum: int = INTERVAL_FROM) -> float:
    """``k`` from the variances of a finished week: how many answers outweigh the spread between players.

    One-way random effects by moments: the variance of one player's advantages over the variance of players' true
    means. ``FIRST_SHRINKAGE`` while fewer than 20 players reached the minimum; always within 50 and 1000.
    """
    if not answers.player:
        return FIRST_SHRINKAGE
    players, player, advantage, *_ = _advantages(answers)
    decisions = np.bincount(player, minlength=len(players))
    enough = decisions >= max(minimum, 2)
    if np.count_nonzero(enough) < _MEASURABLE_PLAYERS:
        return FIRST_SHRINKAGE
    n = decisions[enough]
    means = np.bincount(player, weights=advantage)[enough] / n
    squares = np.bincount(player, weights=advantage**2)[enough]
    within = float(np.sum(squares - n * means**2) / np.sum(n - 1))
    between = float(np.var(means, ddof=1)) - within * float(np.mean(1 / n))
    return float(np.clip(within / max(between, 1e-12), 50.0, 1000.0))


def _advantages(
    answers: Answers,
) -> tuple[list[UUID], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """The players by id; and for the answers by player and item, each [answer]: player, advantage, decisions, usual.

    Usual is whoever is not far off.
    """
    players = sorted(set(answers.player))
    items = {item: index for index, item in enumerate(sorted(set(answers.item)))}
    index_of = {player: index for index, player in enumerate(players)}
    player = np.fromiter((index_of[p] for p in answers.player), np.int64, len(answers.player))
    item = np.fromiter((items[i] for i in answers.item), np.int64, len(answers.item))
    loss = np.asarray(answers.loss_pct, np.float64)
    order = np.lexsort((item, player))
    player, item, loss = player[order], item[order], loss[order]
    means = np.bincount(player, weights=loss) / np.bincount(player)
    bounds = _bounds(means)
    advantage = np.zeros(len(loss))
    for bound in np.unique(bounds):  # three at most: a median without one of its values
        counts = (means <= bound)[player]
        peers = np.bincount(item, weights=counts)[item] - counts
        others = np.bincount(item, weights=counts * loss)[item] - counts * loss
        mine = (bounds == bound)[player]
        advantage = np.where(mine & (peers > 0), others / np.maximum(peers, 1) - loss, advantage)
    weight = np.asarray(answers.decisions or np.ones(len(loss)), np.float64)[order]
    return players, player, advantage, weight, (means <= np.median(bounds))[player]


def _bounds(means: NDArray[np.float64]) -> NDArray[np.float64]:
    """[player] up to which mean loss the others are his peers.

    It follows from the others alone, by their lower median, so that nobody's own losses can choose his peers.
    """
    n = len(means)
    if n == 1:
        return np.full(1, np.inf)
    ascending = np.sort(means)
    middle = (n - 2) // 2
    median = ascending[middle + (middle >= np.searchsorted(ascending, means))]
    return np.maximum(_FAR_TIMES * median, median + _FAR_PCT)


def _spread(rows: NDArray[np.float64], field: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Distances from the mean advantage of each row [player, answer] to the ends of its interval: (<= 0, >= 0)."""
    n = rows.shape[1]
    pseudo = np.quantile(field, (np.arange(_PSEUDO_ANSWERS) + 0.5) / _PSEUDO_ANSWERS)
    pseudo = (pseudo - pseudo.mean()) * (
        field.std() / max(pseudo.std(), 1e-12)
    ) + field.mean()  # 30 quantiles cut the tail off
    pool_size = n + _PSEUDO_ANSWERS
    draws = np.random.default_rng(n).multinomial(n, np.full(pool_size, 1 / pool_size), size=_RESAMPLES) / n
    from_field = draws[:, n:] @ pseudo
    below, above = np.empty(len(rows)), np.empty(len(rows))
    for start in range(0, len(rows), _PLAYERS_AT_ONCE):
        part = rows[start : start + _PLAYERS_AT_ONCE]
        means = part @ draws[:, :n].T + from_field
        centre = (part.sum(axis=1) + pseudo.sum()) / pool_size
        low, high = np.quantile(means, (0.025, 0.975), axis=1)
        below[start : start + _PLAYERS_AT_ONCE] = np.minimum(low - centre, 0.0)
        above[start : start + _PLAYERS_AT_ONCE] = np.maximum(high - centre, 0.0)
    return below, above


def _ranks(low: NDArray[np.float64], high: NDArray[np.float64]) -> list[int]:
    """Ranks of players sorted from the best down: 1, 1, 3 ...

    A rank is opened by the best player who does not overlap the one that opened the rank above, and shared by
    everybody after him who overlaps him. Overlap is not transitive: chaining pairs would put a large board on one rank.
    """
    ranks: list[int] = []
    opener = 0
    for index in range(len(low)):
        if index and high[index] < low[opener]:
            opener = index
        ranks.append(opener + 1)
    return ranks
