"""Heads-up push or fold: the small blind goes all-in or folds, the big blind calls or folds.

Blinds 0.5 and 1 bb, no ante, values in bb. Played over the 169 hand classes with exact equities and the number of
disjoint pairs of combos as weights. CFR+ with squared averaging (Tammelin 2014) finds which classes are pure; the few
mixed ones are then solved for: each player's mixed classes make the other's indifferent, a linear system. The answer
is accepted when its exploitability is nil, so the result does not rest on the guess.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solver.cards import N_CLASSES
from solver.errors import Problem, SpotError, quoted
from solver.preflop_equity import class_matchups

SMALL_BLIND = 0.5
BIG_BLIND = 1.0
MAX_STACK = 250.0

_EXACT = 1e-10
"""Exploitability in bb below which a solution is exact for every purpose."""
_ROUNDS = 40
_ITERATIONS_A_ROUND = 500

Frequencies = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PushFold:
    """An equilibrium.

    Attributes:
        value_sb: What the small blind wins per hand, bb.
        push: [hand class] frequency of the small blind's all-in.
        call: [hand class] frequency of the big blind's call.
        push_gain: [hand class] EV of the all-in over folding, bb.
        call_gain: [hand class] EV of the call over folding, bb; NaN where the hand leaves no pushing hand.
        exploitability: Half the sum of what both could gain by best responses, bb.
    """

    value_sb: float
    push: Frequencies
    call: Frequencies
    push_gain: Frequencies
    call_gain: Frequencies
    exploitability: float


@dataclass(frozen=True, eq=False)
class _Game:
    """Gains weighted by how often the hands are dealt.

    Attributes:
        pairs: [small blind's class, big blind's class] probability of being dealt.
        uncalled: [small blind's class] gain of a push that nobody calls.
        called: [small blind's class, big blind's class] further gain when it is called.
        calling: [big blind's class, small blind's class] gain of calling a push.
    """

    pairs: Frequencies
    uncalled: Frequencies
    called: Frequencies
    calling: Frequencies

    def push_gain(self, call: Frequencies) -> Frequencies:
        return self.uncalled + self.called @ call

    def call_gain(self, push: Frequencies) -> Frequencies:
        return self.calling @ push

    def exploitability(self, push: Frequencies, call: Frequencies) -> float:
        gains = ((self.push_gain(call), push), (self.call_gain(push), call))
        return float(sum((np.maximum(gain, 0) - gain * played).sum() for gain, played in gains) / 2)


def solve_push_fold(stack: float) -> PushFold:
    """The equilibrium at an effective stack in bb, blinds included.

    Raises:
        SpotError: The stack is not a number from 1 to 250.
    """
    if not BIG_BLIND <= stack <= MAX_STACK:
        message = f"{quoted(stack)} is out of the domain: a number of big blinds from 1 to {MAX_STACK:g}"
        raise SpotError([Problem("stack", message)])
    game = _game(stack)
    push, call = _equilibrium(game)
    push_gain, reach = game.push_gain(call), game.pairs.T @ push
    return PushFold(
        value_sb=float(push_gain @ push) - SMALL_BLIND,
        push=push,
        call=call,
        push_gain=push_gain / game.pairs.sum(axis=1),
        call_gain=np.divide(game.call_gain(push), reach, out=np.full(N_CLASSES, np.nan), where=reach > 0),
        exploitability=game.exploitability(push, call),
    )


def _game(stack: float) -> _Game:
    matchups = class_matchups()
    pairs = matchups.pairs / matchups.pairs.sum()
    all_in = stack * (2 * matchups.equity - 1)
    return _Game(
        pairs=pairs,
        uncalled=(BIG_BLIND + SMALL_BLIND) * pairs.sum(axis=1),
        called=pairs * (all_in - BIG_BLIND),
        calling=(pairs * (BIG_BLIND - all_in)).T.copy(),
    )


def _equilibrium(game: _Game) -> tuple[Frequencies, Frequencies]:
    push, call = np.full(N_CLASSES, 0.5), np.full(N_CLASSES, 0.5)
    push_regrets, call_regrets = np.zeros((2, N_CLASSES)), np.zeros((2, N_CLASSES))
    push_sum, call_sum, weights = np.zeros(N_CLASSES), np.zeros(N_CLASSES), 0.0
    best = push, call
    for round_ in range(_ROUNDS):
        for iteration in range(round_ * _ITERATIONS_A_ROUND + 1, (round_ + 1) * _ITERATIONS_A_ROUND + 1):
            push = _matched(push_regrets, game.push_gain(call), push)
            call = _matched(call_regrets, game.call_gain(push), call)
            push_sum += iteration**2 * push
            call_sum += iteration**2 * call
            weights += iteration**2
        average = push_sum / weights, call_sum / weights
        best = min((average, _made_exact(game, *average)), key=lambda pair: game.exploitability(*pair))
        if game.exploitability(*best) < _EXACT:
            break
    return best


def _matched(regrets: Frequencies, gain: Frequencies, played: Frequencies) -> Frequencies:
    """Add the iteration's regrets [act or fold, class] and match them; ``regrets`` is overwritten."""
    value = gain * played
    np.maximum(regrets + np.stack([gain - value, -value]), 0, out=regrets)
    total = regrets.sum(axis=0)
    return np.divide(regrets[0], total, out=np.full(N_CLASSES, 0.5), where=total > 0)


def _made_exact(game: _Game, push: Frequencies, call: Frequencies) -> tuple[Frequencies, Frequencies]:
    """The same strategies with pure classes made pure and mixed ones solved for."""
    mixed_push, mixed_call = ((played > 1e-3) & (played < 1 - 1e-3) for played in (push, call))
    exact_push, exact_call = np.round(push), np.round(call)
    exact_push[mixed_push] = exact_call[mixed_call] = 0
    # Rows: classes to be made indifferent; columns: the other player's classes that mix.
    for gain, matrix, rows, columns, exact in (
        (game.push_gain(exact_call), game.called, mixed_push, mixed_call, exact_call),
        (game.call_gain(exact_push), game.calling, mixed_call, mixed_push, exact_push),
    ):
        if rows.any() and columns.any():
            solved = np.linalg.lstsq(matrix[np.ix_(rows, columns)], -gain[rows])[0]
            exact[columns] = np.clip(solved, 0, 1)
    return exact_push, exact_call
