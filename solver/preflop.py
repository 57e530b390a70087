"""Preflop ranges of two players from a declared model: version 0, "assumed realisation".

A pot is opened, and opener and defender go on with fold, call or the next raise: open, 3-bet, 4-bet, all-in. What is
assumed, all of it stated in the output:

* Everybody before the opener has folded, and which cards they folded tells nothing.
* Called all-ins pay exact equity. A called raise that leaves chips behind is not played out: a hand is paid its
  equity times a realisation factor of its position, plus a bonus for suited and a malus for offsuit hands, at most
  the whole pot.
* Between a button open and the big blind sits the small blind. Its policy is fixed: it 3-bets the very hands that the
  big blind 3-bets, and folds the rest. The big blind then folds, and the button folds or calls (in position). Its
  cards block nothing of the big blind's.

Nothing is tuned to anybody's charts. Because both players' realised shares need not add up to the pot, the game is not
exactly zero-sum, and that CFR converges is no theorem here. So the result is measured: ``residual_bb`` is half the sum
of what both could gain by best responses in the very same model. CFR+ with squared averaging (Tammelin 2014) over 169
classes, weighted by disjoint pairs of combos.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from solver.cards import COMBO_CLASS, HAND_CLASSES, N_CLASSES
from solver.preflop_equity import class_matchups
from solver.ranges import format_range

LABEL: Final = "assumed realisation, version 0"

ASSUMPTIONS: Final = (
    "everybody before the opener has folded, and the folded cards tell nothing",
    "a called raise that leaves chips behind pays equity x (position + suited or offsuit factor), at most the pot",
    "a called all-in pays exact equity",
    "the small blind's policy against a button open is fixed: it 3-bets the hands the big blind 3-bets, else it folds",
    "after a small blind's 3-bet the big blind folds, the button folds or calls; the small blind's cards block nothing",
)

Weights = NDArray[np.float64]

CLASS_SIZES = np.bincount(COMBO_CLASS, minlength=N_CLASSES)

OPENER, DEFENDER = 0, 1
FOLD, CALL, RAISE = 0, 1, 2
POT_TYPES: Final = ("SRP", "3BP", "4BP")


@dataclass(frozen=True, slots=True)
class Realisation:
    """Share of its equity that a hand gets when the flop is still to be played; factors on equity."""

    in_position: float = 1.08
    out_of_position: float = 0.88
    suited: float = 0.05
    offsuit: float = -0.05


@dataclass(frozen=True, slots=True)
class PreflopGame:
    """Two players before the flop; amounts in bb, raises as totals.

    Attributes:
        raises: Open, 3-bet, 4-bet; the raise after them is all-in.
        posted: Opener's and defender's blinds.
        dead: Blinds of those who folded.
        squeezer: The player between the two, who 3-bets as the defender does or folds; empty when there is none.
        opener_in_position: Who acts last after the flop.
        pot_types: The called pots that are wanted.
    """

    opener: str
    defender: str
    raises: tuple[float, float, float]
    posted: tuple[float, float]
    dead: float
    opener_in_position: bool
    pot_types: tuple[str, ...] = POT_TYPES
    stack: float = 100.0
    squeezer: str = ""

    @property
    def name(self) -> str:
        """E.g. ``BTN vs BB``."""
        return f"{self.opener} vs {self.defender}"

    @property
    def levels(self) -> tuple[float, ...]:
        """[raise number] what the raiser has put in after it."""
        return *self.raises, self.stack


STARTER_GAMES: Final = (
    PreflopGame("BTN", "BB", raises=(2.5, 11, 24), posted=(0, 1), dead=0.5, opener_in_position=True, squeezer="SB"),
    PreflopGame("SB", "BB", raises=(3, 11, 24), posted=(0.5, 1), dead=0, opener_in_position=False, pot_types=("SRP",)),
)
"""The games behind the starter spots."""


@dataclass(frozen=True, eq=False)
class PreflopSolution:
    """Average strategies and how far they are from an equilibrium of the model.

    Attributes:
        strategies: [decision][action, class]; decision k answers raise number k - 1, the opener decides the even ones;
            actions are fold, call, raise (no call at the first, no raise at the last: frequency 0).
        squeezed: How often the player between the two 3-bets the open.
        residual_bb: Half the sum of both best-response gains, bb a hand.
        ev_bb: Opener's and defender's EV, bb a hand, blinds counted as spent.
    """

    game: PreflopGame
    strategies: tuple[Weights, ...]
    squeezed: float
    residual_bb: float
    ev_bb: tuple[float, float]
    iterations: int

    def range_at(self, pot_type: str, player: int) -> Weights:
        """[class] the player's weights when the raise of this pot type is called."""
        raises = POT_TYPES.index(pot_type) + 1
        weights = np.ones(N_CLASSES)
        for decision in range(player, raises + 1, 2):
            weights = weights * self.strategies[decision][CALL if decision == raises else RAISE]
        return weights


def solve_preflop(game: PreflopGame, realisation: Realisation | None = None, iterations: int = 2000) -> PreflopSolution:
    """Solve one game of the model."""
    model = _Model(game, realisation or Realisation())
    regrets = [np.zeros((3, N_CLASSES)) for _ in range(model.decisions)]
    sums = [np.zeros((3, N_CLASSES)) for _ in range(model.decisions)]
    strategies = [model.uniform(decision) for decision in range(model.decisions)]
    for iteration in range(1, iterations + 1):
        for player in (OPENER, DEFENDER):
            values = model.action_values(player, strategies)
            reach = np.ones(N_CLASSES)
            for decision in range(player, model.decisions, 2):
                played, gained = strategies[decision], values[decision]
                regret = gained - (gained * played).sum(axis=0)
                np.maximum(regrets[decision] + np.where(model.allowed(decision), regret, 0), 0, out=regrets[decision])
                strategies[decision] = model.normalised(decision, regrets[decision])
                sums[decision] += iteration**2 * reach * strategies[decision]
                reach = reach * strategies[decision][RAISE]
        if game.squeezer:
            model.squeeze_range = model.normalised(1, sums[1])[RAISE]
    average = [model.normalised(decision, sums[decision]) for decision in range(model.decisions)]
    evs = [model.value(player, average) for player in (OPENER, DEFENDER)]
    best = [model.value(player, average, best_response=True) for player in (OPENER, DEFENDER)]
    return PreflopSolution(
        game, tuple(average), model.squeezed, sum(best) / 2 - sum(evs) / 2, (evs[OPENER], evs[DEFENDER]), iterations
    )


class _Model:
    """The chain of decisions: each answers the raise before it with fold, call or the next raise.

    Attributes:
        decisions: Number of decisions; the opener takes the even ones.
        pairs: [class, class] probability of being dealt.
        calls: [player][decision] matrix [own class, opponent's class]: what the call at that decision pays the player,
            times the pair's probability.
        squeeze_range: [class] weights with which the player between the two 3-bets.
    """

    def __init__(self, game: PreflopGame, realisation: Realisation) -> None:
        matchups = class_matchups()
        self.game = game
        self.decisions = len(game.levels) + 1
        self.pairs = matchups.pairs / matchups.pairs.sum()
        self.calls = [
            [
                self._pay(player, matchups.equity, realisation, level, game.dead)
                for level in (0.0, *game.levels)  # nothing is called at the first decision
            ]
            for player in (OPENER, DEFENDER)
        ]
        self.squeeze_range = np.zeros(N_CLASSES)
        # A squeeze is called in a pot that holds the defender's blind; the squeezer's own is part of the raise.
        self._squeeze_call = self._pay(OPENER, matchups.equity, realisation, game.levels[1], game.posted[DEFENDER])

    def _pay(self, player: int, equity: Weights, realisation: Realisation, level: float, dead: float) -> Weights:
        in_position = self.game.opener_in_position == (player == OPENER)
        position = realisation.in_position if in_position else realisation.out_of_position
        kinds = {"s": realisation.suited, "o": realisation.offsuit}
        factor = np.array([position + kinds.get(name[2:], 0.0) for name in HAND_CLASSES])
        share = equity if level == self.game.stack else np.clip(equity * factor[:, None], 0, 1)
        return self.pairs * ((2 * level + dead) * share - level)

    @property
    def squeezed(self) -> float:
        """How often an open is 3-bet by the player between the two."""
        return float((self.squeeze_range * CLASS_SIZES).sum() / CLASS_SIZES.sum())

    def committed(self, player: int, decision: int) -> float:
        """What the player has put in when this decision comes."""
        raises_made = [number for number in range(decision) if number % 2 == player]
        return self.game.levels[raises_made[-1]] if raises_made else self.game.posted[player]

    def allowed(self, decision: int) -> NDArray[np.bool_]:
        """[action, 1]: nothing to call at the first decision, nothing to raise at the last."""
        return np.array([[True], [decision > 0], [decision < self.decisions - 1]])

    def uniform(self, decision: int) -> Weights:
        """[action, class]."""
        allowed = self.allowed(decision)
        return np.repeat(allowed / allowed.sum(), N_CLASSES, axis=1)

    def normalised(self, decision: int, weights: Weights) -> Weights:
        """[action, class] frequencies in proportion to the weights, uniform where there are none."""
        total = weights.sum(axis=0)
        return np.divide(weights, total, out=self.uniform(decision), where=total > 0)

    def action_values(
        self, player: int, strategies: list[Weights], *, best_response: bool = False
    ) -> dict[int, Weights]:
        """Values in bb from the deal on, times the opponent's reach, of each of the player's decisions.

        The player's later decisions follow ``strategies``, or the best response.

        Returns:
            [decision] -> [action, class]; key -1 -> [class], the value of the whole game.
        """
        opponent = 1 - player
        reach = [np.ones(N_CLASSES)]
        for decision in range(self.decisions - 1):
            raising = strategies[decision][RAISE] if decision % 2 == opponent else 1.0
            passing = 1.0 if decision else 1.0 - self.squeezed
            reach.append(reach[-1] * raising * passing)
        values: dict[int, Weights] = {}
        after = np.zeros(N_CLASSES)
        for decision in reversed(range(self.decisions)):
            if decision == 0 and self.squeezed > 0:
                after = after + self.squeezed * self._squeezed_value(player, strategies[0][RAISE])
            if decision % 2 == player:
                fold = -self.committed(player, decision) * (self.pairs @ reach[decision])
                options = np.stack([fold, self.calls[player][decision] @ reach[decision], after])
                values[decision] = options
                best = np.where(self.allowed(decision), options, -np.inf).max(axis=0)
                after = best if best_response else (strategies[decision] * options).sum(axis=0)
            else:
                won = self.committed(opponent, decision) + self.game.dead
                folding, calling = (reach[decision] * strategies[decision][action] for action in (FOLD, CALL))
                after = after + won * (self.pairs @ folding) + self.calls[player][decision] @ calling
        values[-1] = after
        return values

    def _squeezed_value(self, player: int, opening: Weights) -> Weights:
        """[class] value when the open is 3-bet by the player between the two, times the opener's reach if it is his."""
        if player == DEFENDER:
            return -self.game.posted[DEFENDER] * (self.pairs @ opening)
        dealt, squeezing = self.pairs.sum(axis=1), self.pairs @ self.squeeze_range
        return dealt * np.maximum(self._squeeze_call @ self.squeeze_range / squeezing, -self.game.levels[0])

    def value(self, player: int, strategies: list[Weights], *, best_response: bool = False) -> float:
        """The player's EV in bb a hand."""
        return float(self.action_values(player, strategies, best_response=best_response)[-1].sum())


def derive_ranges(
    games: Sequence[PreflopGame] = STARTER_GAMES, realisation: Realisation | None = None, iterations: int = 2000
) -> dict[str, object]:
    """Ranges at every wanted line end, with inputs, residuals and a hash, ready for JSON.

    ``spots`` holds, per called pot, ``family``, ``pot_type``, ``line``, ``positions`` and ``ranges`` by oop and ip,
    ``pot_bb`` and ``stack_bb``. Weights have two decimals, those below 1% are dropped.
    """
    realisation = realisation or Realisation()
    solutions = [solve_preflop(game, realisation, iterations) for game in games]
    derived: dict[str, object] = {
        "label": LABEL,
        "inputs": {
            "games": [asdict(game) for game in games],
            "realisation": asdict(realisation),
            "iterations": iterations,
            "assumptions": ASSUMPTIONS,
        },
        "games": [_game_to_json(solution) for solution in solutions],
        "spots": [_spot_to_json(solution, pot_type) for solution in solutions for pot_type in solution.game.pot_types],
    }
    canonical = json.dumps(derived, sort_keys=True, separators=(",", ":"))
    return {**derived, "hash": hashlib.sha256(canonical.encode()).hexdigest()}


def _percent(weights: Weights) -> float:
    """Share of all 1,326 combos, %."""
    return round(float((weights * CLASS_SIZES).sum() / CLASS_SIZES.sum() * 100), 2)


def _game_to_json(solution: PreflopSolution) -> dict[str, object]:
    opening, defence = solution.strategies[0], solution.strategies[1]
    return {
        "family": solution.game.name,
        "residual_bb": float(f"{solution.residual_bb:.2g}"),
        "ev_bb": [round(ev, 4) for ev in solution.ev_bb],
        "open_pct": _percent(opening[RAISE]),
        "defence_pct": {
            name: _percent(defence[action]) for name, action in (("fold", FOLD), ("call", CALL), ("3-bet", RAISE))
        },
        "squeezed_pct": round(100 * solution.squeezed, 2),
    }


def _spot_to_json(solution: PreflopSolution, pot_type: str) -> dict[str, object]:
    game, raises = solution.game, POT_TYPES.index(pot_type) + 1
    seats = (DEFENDER, OPENER) if game.opener_in_position else (OPENER, DEFENDER)
    level = game.levels[raises - 1]
    weights = {
        name: np.round(solution.range_at(pot_type, seat), 2) for name, seat in zip(("oop", "ip"), seats, strict=True)
    }
    names = (game.opener, game.defender)
    return {
        "family": game.name,
        "pot_type": pot_type,
        "line": [f"raise {game.levels[number]:g}" for number in range(raises)] + ["call"],
        "positions": {name: names[seat] for name, seat in zip(("oop", "ip"), seats, strict=True)},
        "pot_bb": 2 * level + game.dead,
        "stack_bb": game.stack - level,
        "ranges": {name: format_range(weight[COMBO_CLASS].astype(np.float32)) for name, weight in weights.items()},
        "range_pct": {name: _percent(weight) for name, weight in weights.items()},
    }
