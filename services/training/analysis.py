"""After an answer: both players' ranges at every decision of the hand's line, and what they are made of.

A player sees the line up to the decision that was answered, after the hand's end all of it. On a board that is kept
for a ranked set nothing is shown. Against a villain who departs from the solution, river decisions show what he does
and the best replies to exactly that, with the solution's own frequencies beside his.
"""

from __future__ import annotations

import asyncio
import base64
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncSession

from services.infra.errors import Conflict, Invalid
from services.solutions import reservations
from services.solutions.catalog import Line, NodeStrategy, SolutionInfo
from services.solutions.export import RIVER
from services.solutions.rivers import patient
from services.solutions.service import get_strategies
from services.training.categories import CATEGORIES, DRAWS, categories, draws
from services.training.deviation import facing
from services.training.hand import Hand
from services.training.judging import CLASS_SIZE, grid, present
from services.training.plan import Villain
from services.training.play import Strategies
from services.training.records import Records
from services.training.tables import plan_of
from solver.cards import COMBO_CLASS, N_CLASSES
from solver.equity import compatible_weight, hand_equities

_POINTS: Final = 61
_KEPT: Final = 48


@dataclass(frozen=True, slots=True, eq=False)
class RangeFacts:
    """One player's range at a decision.

    Attributes:
        combos: Ascending; everything below is in their order.
        weights: In (0, 1].
        equities: Against the other range; NaN where nothing goes with the hand.
        equity: Of the whole range.
        grid: As ``StrategyGrid.data``; with a single action, "is here", for the player who waits.
        made: [category] shares of the range, in the order of `CATEGORIES`.
        drawing: [draw] shares, in the order of `DRAWS`; a hand may have several.
        curve: Equity at equal steps of the range from its worst hand to its best.
    """

    combos: NDArray[np.int16]
    weights: NDArray[np.float64]
    equities: NDArray[np.float64]
    equity: float
    grid: str
    made: tuple[float, ...]
    drawing: tuple[float, ...]
    curve: tuple[float, ...]

    @property
    def size(self) -> float:
        """Weights added up, in combos."""
        return float(self.weights.sum())


@dataclass(frozen=True, slots=True, eq=False)
class NodeFacts:
    """A decision: whose it is, what the range does, what both hold.

    Attributes:
        ranges: By player.
        frequency: [action] share of the acting range.
        ev: [action] mean value of the hands that take it, chips; NaN where none does or the value is unknown.
        strategy: [action, hand] of the acting range's combos.
        q: [action, hand] likewise, chips, NaN where unknown.
    """

    node: NodeStrategy
    ranges: tuple[RangeFacts, RangeFacts]
    frequency: tuple[float, ...]
    ev: tuple[float, ...]
    strategy: NDArray[np.float32]
    q: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Analysis:
    """One stop of a hand's line.

    Attributes:
        stops: Numbers of the steps that were decisions; each can be looked at.
        at: The one looked at: the step that was taken here.
        line: The steps that may be shown; ``line[at]`` is the action taken, unless ``at`` is its end.
        villain: Whose own play ``facts`` are; None where he plays the solution, and they are its own.
        usual: [action] share of the acting range in the solution itself; () where that is what ``facts`` say.
    """

    solution: SolutionInfo
    positions: tuple[str, str]
    hero: int
    hero_combo: int
    line: Line
    stops: tuple[int, ...]
    at: int
    facts: NodeFacts
    villain: Villain | None = None
    usual: tuple[float, ...] = ()


class Analyses(Records):
    """See the module; one object a process (``get_analyses``)."""

    def __init__(self, strategies: Strategies) -> None:
        self._strategies = strategies
        self._facts: OrderedDict[tuple[UUID, Line, Villain | None, int], NodeFacts] = OrderedDict()

    async def of_decision(self, db: AsyncSession, user_id: UUID, decision_id: UUID, at: int | None = None) -> Analysis:
        """The ranges at step ``at`` of the line, by default at the decision itself.

        Raises:
            NotFound: No such decision of this player.
            Conflict: It was not answered yet.
            Invalid: Nobody decided at this step, or it may not be seen yet.
            BoardKept: A ranked set runs on the board.
        """
        row = await self._decision(db, user_id, decision_id)
        session, hand = await self._load(db, user_id, row.hand_id)
        info = await self._strategies.info(hand.dealt.solution_id)
        kept = await reservations.kept(db)
        kept.check(info.board)
        line, here = visible_line(hand, decision_id)
        stops = tuple(index for index, step in enumerate(line) if not step.startswith("deal "))
        chosen = here if at is None else at
        if chosen not in stops:
            raise Invalid("nobody decided at this step", code="no-decision")
        # the cards that came may make another flop the kept one
        kept.check((await self._strategies.position(info.id, line[:chosen])).board)
        plan, dealt = plan_of(session), hand.dealt
        with patient("look", str(user_id)):
            facts = await self.facts(info.id, line[:chosen])
            villain, usual = None, ()
            if plan is not None and plan.villain.deviates and facts.node.position.street == RIVER:
                villain, usual = plan.villain, facts.frequency
                facts = await self.facts(info.id, line[:chosen], villain, dealt.hero)
        return Analysis(
            solution=info,
            positions=dealt.positions,
            hero=dealt.hero,
            hero_combo=dealt.hero_combo,
            line=line,
            stops=stops,
            at=chosen,
            facts=facts,
            villain=villain,
            usual=usual,
        )

    async def facts(self, solution_id: UUID, line: Line, villain: Villain | None = None, hero: int = 0) -> NodeFacts:
        """The ranges at a decision of a solution, or of hero's game against a villain; kept for a while."""
        key = (solution_id, line, villain, hero)
        if (held := self._facts.get(key)) is not None:
            self._facts.move_to_end(key)
            return held
        node = await facing(self._strategies, villain, hero).node(solution_id, line)
        found = await asyncio.to_thread(node_facts, node)
        self._facts[key] = found
        while len(self._facts) > _KEPT:
            self._facts.popitem(last=False)
        return found


def visible_line(hand: Hand, decision_id: UUID) -> tuple[Line, int]:
    """The steps that the player of an answered decision may look at, and the number of the decision's own.

    Raises:
        Conflict: It was not answered yet.
    """
    graded = next((event for event in hand.graded if event.decision_id == decision_id), None)
    if graded is None:
        raise Conflict("this decision waits for its answer", code="decision-open")
    here = len(graded.line)
    return (hand.line if hand.finished is not None else (*graded.line, graded.action)), here


def node_facts(node: NodeStrategy) -> NodeFacts:
    """Everything that is shown of a decision."""
    player, board = node.position.player, node.position.board
    weights = (present(node, 0), present(node, 1))
    words, to_come = categories(board), draws(board)
    ranges = tuple(
        _range_facts(
            weights[side],
            weights[1 - side],
            board,
            grid(node) if side == player else _presence(weights[side]),
            words,
            to_come,
        )
        for side in (0, 1)
    )
    ours = ranges[player]
    rows = np.searchsorted(node.combos, ours.combos)
    strategy, q = node.strategy[:, rows], node.q[:, rows]
    met = ours.weights * compatible_weight(weights[1 - player])[ours.combos]
    taken = strategy.astype(np.float64) * met
    known = np.isfinite(q)
    shares = np.where(known, taken, 0.0)
    totals = shares.sum(axis=1)
    values = (shares * np.where(known, q, 0.0)).sum(axis=1)
    return NodeFacts(
        node=node,
        ranges=(ranges[0], ranges[1]),
        frequency=tuple(float(share) for share in taken.sum(axis=1) / max(float(met.sum()), 1e-12)),
        ev=tuple(
            float(value / total) if total > 1e-9 else float("nan") for value, total in zip(values, totals, strict=True)
        ),
        strategy=strategy,
        q=q,
    )


def equity_curve(equities: Sequence[float], weights: Sequence[float], points: int = _POINTS) -> tuple[float, ...]:
    """Equity at ``points`` equal steps of a weighted range, its worst hand first; () for an empty one."""
    order = np.argsort(np.asarray(equities))
    held = np.asarray(weights, np.float64)[order]
    if not held.sum() > 0:
        return ()
    upto = np.cumsum(held) / held.sum()
    middle = np.searchsorted(upto, np.linspace(0, 1, points), side="left").clip(0, len(held) - 1)
    return tuple(float(value) for value in np.asarray(equities)[order][middle])


def percentile(equities: Sequence[float], weights: Sequence[float], equity: float) -> float:
    """The share of a weighted range that a hand of some equity is ahead of, in [0, 1]; half of its equals."""
    values, held = np.asarray(equities), np.asarray(weights, np.float64)
    below = held[values < equity - 1e-9].sum() + held[np.abs(values - equity) <= 1e-9].sum() / 2
    return float(below / max(float(held.sum()), 1e-12))


def _presence(weights: NDArray[np.float64]) -> str:
    """The grid of a player who waits: every hand that is there does one thing."""
    held = np.bincount(COMBO_CLASS, weights, N_CLASSES)
    cells = np.zeros((N_CLASSES, 2), np.uint8)
    cells[:, 0] = np.where(held > 0, np.maximum(np.rint(255 * (held / CLASS_SIZE).clip(0, 1)), 1), 0)
    cells[:, 1] = np.where(held > 0, 255, 0)
    return base64.b64encode(cells.tobytes()).decode()


def _range_facts(
    weights: NDArray[np.float64],
    others: NDArray[np.float64],
    board: tuple[int, ...],
    shown: str,
    words: NDArray[np.int8],
    to_come: NDArray[np.bool_],
) -> RangeFacts:
    combos = np.flatnonzero(weights).astype(np.int16)
    against = hand_equities(combos, others.astype(np.float32), board)
    equities, held = against.share[combos], weights[combos]
    met = held * against.weight[combos]  # a hand counts as often as it meets one of the other range
    known = met > 0
    total = max(float(met.sum()), 1e-12)
    made = np.bincount(words[combos[known]], met[known], len(CATEGORIES)) / total
    return RangeFacts(
        combos=combos,
        weights=held,
        equities=equities,
        equity=float(met[known] @ equities[known]) / total,
        grid=shown,
        made=tuple(float(share) for share in made),
        drawing=tuple(float(met[to_come[draw, combos]].sum()) / total for draw in range(len(DRAWS))),
        curve=equity_curve(equities[known].tolist(), met[known].tolist()),
    )


@lru_cache(maxsize=1)
def get_analyses() -> Analyses:
    """The service of this process."""
    return Analyses(get_strategies())
