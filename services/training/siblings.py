"""Drawing one decision of a wanted kind: the siblings of a missed spot, and new spots of a node type.

The way there is steered: cards are dealt at random, before the wanted street both players choose among what keeps the
hand going, and on it the line is made that the situation needs, each action as often as the whole range takes it. At
the node hero gets one of the hands of the wanted class that are about as hard to play. One node holds many hands, so a
few nodes are enough; what no node of the library offers is relaxed in the order difficulty, texture, hand class.
Everything follows from the seed.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from services.solutions.catalog import NodeStrategy, SolutionInfo
from services.training.deals import Draw, combo_cards, compatible_weight, draw_card
from services.training.families import hand_of, situation_of, texture_of
from services.training.grading import PLAUSIBLE_PCT, TRIVIAL_PCT
from services.training.play import Deal, Line, Strategies, choose_solution
from solver.cards import card_to_text

NODES = 6
"""Nodes looked at before the wish is relaxed."""

LIKE = 2.0
"""Difficulties within this factor of each other are alike."""

_MOST_STEPS = 40


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be drawn; None and "" leave something open.

    Attributes:
        difficulty_pct: About this hard; None: anything that is not trivial.
        avoid: Solution, line and combo of the spot whose sibling this is.
    """

    street: int
    situation: str
    texture: str = ""
    hand: str = ""
    difficulty_pct: float | None = None
    avoid: tuple[UUID, Line, int] | None = None


@dataclass(frozen=True, slots=True)
class _Candidate:
    """Hero's hand at a node; ``distance`` is how far its difficulty is from the wanted one, in factors of e."""

    solution_id: UUID
    line: Line
    hero: int
    combo: int
    distance: float


async def draw_decision(
    strategies: Strategies, seed: bytes, library: Sequence[SolutionInfo], wanted: Wanted
) -> tuple[Deal, Line] | None:
    """A decision of the wanted kind; None where the library has none of its street and situation."""
    best: _Candidate | None = None
    for textured, handed in ((True, True), (False, True), (False, False)):
        if (not textured and not wanted.texture and handed) or (not handed and not wanted.hand):
            continue
        pool = [info for info in library if info.street <= wanted.street]
        if textured and wanted.texture:
            pool = [info for info in pool if texture_of(info.board) == wanted.texture]
        if not pool:
            continue
        for attempt in range(NODES):
            draw = f"{textured} {handed} {attempt}"
            node, hero = await _steer(strategies, seed, draw, pool, wanted) or (None, 0)
            if node is None:
                continue
            found = await asyncio.to_thread(
                _hand_at, node, hero, wanted, wanted.hand if handed else "", Draw(seed, f"hand {draw}")
            )
            if found is not None and (best is None or found.distance < best.distance):
                best = found
            if best is not None and best.distance <= math.log(LIKE):
                break
        if best is not None:
            return Deal(best.solution_id, best.hero, best.combo, None, seed), best.line
    return None


async def _steer(
    strategies: Strategies, seed: bytes, draw: str, pool: Sequence[SolutionInfo], wanted: Wanted
) -> tuple[NodeStrategy, int] | None:
    """A node of the wanted street and situation and who decides there; None where the cards or the tree end first."""
    info = choose_solution(Draw(seed, f"spot {draw}"), pool)
    line: Line = ()
    for step in range(_MOST_STEPS):
        position = await strategies.position(info.id, line)
        if position.kind == "deal":
            if position.street >= wanted.street:
                return None
            card = draw_card(Draw(seed, f"card {draw} {len(position.board)}"), position.board)
            line = (*line, f"deal {card_to_text(card)}")
            continue
        if position.kind != "decision":
            return None
        if len(position.actions) == 1:
            line = (*line, position.actions[0])
            continue
        on_street = position.street == wanted.street
        if on_street and situation_of(line) == wanted.situation:
            return await strategies.node(info.id, line), position.player
        allowed = _towards(wanted.situation, line, position.actions) if on_street else _alive(position.actions)
        if not allowed:
            return None
        node = await strategies.node(info.id, line)
        shares = node.strategy @ node.reach[position.player, node.combos].astype(np.float64)
        weights = [float(shares[index]) + 1e-9 for index in allowed]
        chosen = allowed[Draw(seed, f"step {draw} {step}").choice(weights)]
        line = (*line, position.actions[chosen])
    return None


def _alive(actions: Sequence[str]) -> list[int]:
    """Actions after which there is more to come on later streets."""
    return [index for index, action in enumerate(actions) if action.partition(" ")[0] not in ("fold", "allin")]


def _towards(situation: str, line: Line, actions: Sequence[str]) -> list[int]:
    """Actions that lead on to a situation; none where it can't come any more."""
    now = situation_of(line)
    kinds = [action.partition(" ")[0] for action in actions]
    checks = [index for index, kind in enumerate(kinds) if kind == "check"]
    bets = [index for index, kind in enumerate(kinds) if kind in ("bet", "raise", "allin")]
    if situation == "checked-to":
        return checks if now == "first" else []
    if situation == "facing-bet":
        return checks + bets if now == "first" else bets if now == "checked-to" else []
    if situation == "facing-raise":
        return checks + bets if now == "first" else bets if now in ("checked-to", "facing-bet") else []
    return []


def difficulties(node: NodeStrategy) -> NDArray[np.float64]:
    """[hand] what a plausible player loses with each hand of a node, % of the pot; NaN where that is unknown."""
    loss_pct = 100 * (node.q.max(axis=0) - node.q) / node.position.pot
    weight = np.exp(-loss_pct / PLAUSIBLE_PCT)
    return (weight * loss_pct).sum(axis=0) / weight.sum(axis=0)


def _hand_at(node: NodeStrategy, hero: int, wanted: Wanted, hand: str, draw: Draw) -> _Candidate | None:
    """One of the node's hands of a class, the more likely the more often it gets here."""
    villain = compatible_weight(node.reach[1 - hero].astype(np.float64))
    likely = node.reach[hero, node.combos].astype(np.float64) * villain[node.combos] * node.in_range
    hard = difficulties(node)
    likely[~np.isfinite(hard) | (hard < TRIVIAL_PCT)] = 0
    if wanted.avoid is not None and wanted.avoid[:2] == (node.solution_id, node.position.line):
        likely[node.combos == wanted.avoid[2]] = 0
    if hand:
        board = node.position.board
        for index in np.flatnonzero(likely):
            if hand_of(combo_cards(int(node.combos[index])), board) != hand:
                likely[index] = 0
    if not likely.any():
        return None
    distance = np.zeros_like(hard)
    if wanted.difficulty_pct is not None:
        with np.errstate(divide="ignore", invalid="ignore"):
            distance = np.abs(np.log(hard / max(wanted.difficulty_pct, TRIVIAL_PCT)))
        alike = likely * (distance <= math.log(LIKE))
        if alike.any():
            likely = alike
        else:
            nearest = int(np.nanargmin(np.where(likely > 0, distance, np.inf)))
            likely = np.zeros_like(likely)
            likely[nearest] = 1
    row = draw.choice(likely)
    return _Candidate(node.solution_id, node.position.line, hero, int(node.combos[row]), float(distance[row]))


def any_situation(draw: Draw, street: int) -> Wanted:
    """A node type of a street to draw a new spot of; raises are rarer than what they answer."""
    return Wanted(street, ("first", "checked-to", "facing-bet", "facing-raise")[draw.choice((3, 3, 3, 1))])
