"""Deals that obey a plan.

Whole hands without a street, a difficulty or hand classes are dealt as always: both combos jointly, at natural
frequencies. Everything else begins inside a spot: both seats are dealt and play the stored strategies down to hero's
decision on the wanted street, so lines and cards come as often as the solution brings them. There hero's hand is drawn
anew among those that fit (his range there, the hand classes, the difficulty), weighted by reach and by what villain can
still hold, and villain's hand after it. A node where nothing fits is left and another hand is dealt: so the lines of a
narrow drill are natural, and its hands are natural given the line.

Decisions that the plan's difficulty leaves out are played for hero at the solver's frequencies, also later in the hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.infra.errors import Unavailable
from services.infra.events import Event
from services.solutions.catalog import Line, NodeStrategy, SolutionInfo
from services.solutions.reservations import KeptBoards
from services.training.costly import left_out
from services.training.deals import Draw, combo_cards, compatible_weight, derive, draw_combos, without_cards
from services.training.deviation import facing
from services.training.events import HeroForced, Until
from services.training.matching import heroes
from services.training.plan import Plan
from services.training.play import Continuation, Deal, Strategies, choose_solution, drawn_action, is_over, play_on
from solver.cards import COMBO_CLASS, HAND_CLASS_INDEX, N_CLASSES, N_COMBOS

_HANDS = 120
_RIVERS = 24
"""Hands, and among them hands that reached a river, that are dealt before a drill is called impossible."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A deal and where in the spot the hand begins."""

    deal: Deal
    start: Line


def class_mask(plan: Plan) -> NDArray[np.bool_]:
    """[combo] whether hero may hold it."""
    wanted = np.zeros(N_CLASSES, np.bool_)
    wanted[[HAND_CLASS_INDEX[name] for name in plan.hands]] = True
    return wanted[COMBO_CLASS] if plan.hands else np.ones(N_COMBOS, np.bool_)


def fitting(node: NodeStrategy, plan: Plan) -> NDArray[np.float64]:
    """[combo] how likely hero holds each hand at a node, given that it fits the plan; all 0 where none does."""
    hero = node.position.player
    known = np.isfinite(node.q).all(axis=0)
    weights = np.zeros(N_COMBOS)
    asked = known & ~left_out(node, plan.difficulty, plan.sizes)
    fits = node.in_range & class_mask(plan)[node.combos] & asked
    weights[node.combos] = np.where(fits, node.reach[hero, node.combos], 0)
    return weights * compatible_weight(without_cards(node.reach[1 - hero], node.position.board))


async def deal_planned(strategies: Strategies, seed: bytes, plan: Plan, library: Sequence[SolutionInfo]) -> Planned:
    """Deal a hand of a drill; ``library`` is what `matching` found.

    Raises:
        Unavailable: No hand that fits was found.
    """
    if plan.whole and plan.street is None and plan.difficulty == "any" and not plan.hands:
        return Planned(await _whole(strategies, seed, plan, library), ())
    rivers = 0
    for attempt in range(_HANDS):
        trial = derive(seed, f"attempt {attempt}")
        lines, deal = await _lines(strategies, trial, plan, library)
        order = lines[:1] if plan.mode in ("full", "street") else _shuffled(Draw(trial, "decision"), lines)
        against = facing(strategies, plan.villain, deal.hero)
        for line in order:
            node = await against.node(deal.solution_id, line)
            rivers += node.position.street == 2
            weights = fitting(node, plan)
            if weights.sum() > 0:
                hero_combo = Draw(seed, "hero").choice(weights)
                held = without_cards(node.reach[1 - deal.hero], (*node.position.board, *combo_cards(hero_combo)))
                villain_combo = None if plan.mode == "spot" else Draw(seed, "villain").choice(held)
                return Planned(Deal(deal.solution_id, deal.hero, hero_combo, villain_combo, seed), line)
        if rivers >= _RIVERS:
            break
    raise Unavailable("no hand that fits this drill was found: widen its filters", code="drill-too-narrow")


async def deal_node(
    strategies: Strategies, seed: bytes, plan: Plan, library: Sequence[SolutionInfo], kept: KeptBoards
) -> tuple[Deal, NodeStrategy]:
    """A node at which hero's whole range is asked; the deal's combos only brought the hand there.

    A board that the cards made a kept one is left, and another hand is dealt.

    Raises:
        Unavailable: No hand reached the wanted street.
    """
    for attempt in range(_HANDS):
        trial = derive(seed, f"attempt {attempt}")
        lines, deal = await _lines(strategies, trial, plan, library)
        if lines:
            line = _shuffled(Draw(trial, "decision"), lines)[0]
            if kept.holds((await strategies.position(deal.solution_id, line)).board) is not None:
                continue
            node = await facing(strategies, plan.villain, deal.hero).node(deal.solution_id, line)
            if fitting(node, plan).sum() > 0:
                return deal, node
    raise Unavailable("no node that fits this drill was found: widen its filters", code="drill-too-narrow")


async def _whole(strategies: Strategies, seed: bytes, plan: Plan, library: Sequence[SolutionInfo]) -> Deal:
    info = choose_solution(Draw(seed, "spot"), library)
    seats = heroes(plan, info)
    hero = seats[Draw(seed, "seat").below(len(seats))]
    ranges = await strategies.ranges(info.id)
    combos = draw_combos(Draw(seed, "deal"), ranges[hero], ranges[1 - hero], info.board)
    return Deal(info.id, hero, combos[0], combos[1], seed)


async def _lines(
    strategies: Strategies, seed: bytes, plan: Plan, library: Sequence[SolutionInfo]
) -> tuple[list[Line], Deal]:
    """Hero's decisions on the wanted street in a hand that both play as stored."""
    street = plan.street
    if street is None and not plan.whole:
        first = min(info.street for info in library)
        street = first + Draw(seed, "street").below(3 - first)
    deal = await _whole(strategies, seed, plan, [info for info in library if street is None or info.street <= street])
    if street is None:
        street = (await strategies.info(deal.solution_id)).street
    against = facing(strategies, plan.villain, deal.hero)
    draw, line, found = Draw(deal.seed, "self"), Line(), list[Line]()
    while True:
        position = (await play_on(against, deal, line, last_street=street)).position
        if is_over(position) or position.kind == "deal":
            return found, deal
        if position.street == street:
            found.append(position.line)
            if plan.mode in ("full", "street"):
                return found, deal
        # the solution's own mix: a best reply would leave most of hero's range behind
        node = await strategies.node(deal.solution_id, position.line)
        line = (*position.line, drawn_action(node, deal.hero_combo, draw))


def _shuffled(draw: Draw, lines: list[Line]) -> list[Line]:
    left = list(lines)
    return [left.pop(draw.below(len(left))) for _ in lines]


def until_of(plan: Plan | None, *, whole: bool = False) -> Until:
    """How far hands are played: as the plan says; without one to the end if they are ``whole``."""
    if plan is None:
        return "end" if whole else "decision"
    return "end" if plan.mode == "full" else "street" if plan.mode == "street" else "decision"


async def play_until(strategies: Strategies, plan: Plan | None, deal: Deal, line: Line, until: Until) -> Continuation:
    """Play on to hero's next decision or to where the hand ends, as the drill says."""
    if plan is None or until == "decision":
        return await play_on(strategies, deal, line)
    against = facing(strategies, plan.villain, deal.hero)
    street = (await strategies.position(deal.solution_id, line)).street if until == "street" else 2
    return await play_planned(against, strategies, deal, line, plan, street)


async def prepare_planned(strategies: Strategies, plan: Plan, seed: bytes, library: Sequence[SolutionInfo]) -> None:
    """Compute what a drill's next hand needs before it is dealt."""
    planned = await deal_planned(strategies, seed, plan, library)
    await play_until(strategies, plan, planned.deal, planned.start, until_of(plan))


async def play_planned(
    strategies: Strategies, base: Strategies, deal: Deal, line: Line, plan: Plan, last_street: int
) -> Continuation:
    """``play_on`` that also plays those of hero's decisions that the plan leaves out.

    Args:
        strategies: What hero plays against.
        base: The solution, whose mix hero's omitted decisions follow.
        deal: The hand.
        line: From the root.
        plan: The drill's.
        last_street: Stop before a card of a later street.
    """
    events: list[Event] = []
    while True:
        on = await play_on(strategies, deal, line, last_street)
        events += on.events
        if on.position.kind != "decision" or plan.difficulty == "any":
            return Continuation(tuple(events), on.position, on.board)
        at = on.position.line
        node = await strategies.node(deal.solution_id, at)
        if not left_out(node, plan.difficulty, plan.sizes)[node.row(deal.hero_combo)]:
            return Continuation(tuple(events), on.position, on.board)
        mix = await base.node(deal.solution_id, at) if base is not strategies else node
        action = drawn_action(mix, deal.hero_combo, Draw(deal.seed, f"hero {len(at)}"))
        events.append(HeroForced(street=on.position.street, action=action))
        line = (*at, action)
