"""What a set with a queue deals: a missed spot again, a sibling of it, or a new spot."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.infra.errors import DomainError, Unavailable
from services.solutions.catalog import SolutionInfo
from services.training import repository
from services.training.deals import Draw
from services.training.events import Queued
from services.training.families import parse_family, parse_node
from services.training.models import DecisionRow, HandRow
from services.training.play import Deal, Line, Strategies
from services.training.siblings import Wanted, any_situation, draw_decision


async def deal_queued(
    strategies: Strategies,
    db: AsyncSession,
    user_id: UUID,
    library: Sequence[SolutionInfo],
    queued: Queued,
    seed: bytes,
) -> tuple[Deal, Line]:
    """The decision that it is the turn of.

    A spot that can't be asked any more (its solution is gone, or is kept from everybody now) is replaced by a sibling,
    and where the library has none, by a new spot.

    Raises:
        Unavailable: The library has no decision at all.
    """
    missed = None if queued.decision_id is None else await _missed(db, user_id, queued.decision_id)
    if missed is not None and queued.kind == "missed":
        decision, hand = missed
        if await _visible(strategies, db, hand.solution_id, user_id):
            line = tuple(decision.line)
            return Deal(hand.solution_id, hand.hero, hand.hero_combo, None, seed), line
    for wanted in _wishes(queued, missed, seed):
        found = await draw_decision(strategies, seed, library, wanted)
        if found is not None:
            return found
    raise Unavailable("there is no spot to deal", code="library-empty")


def _wishes(queued: Queued, missed: tuple[DecisionRow, HandRow] | None, seed: bytes) -> list[Wanted]:
    """What to draw, the best first."""
    wishes: list[Wanted] = []
    family = parse_family(queued.family)
    if family is not None:
        difficulty, avoid = None, None
        if missed is not None:
            decision, hand = missed
            pot_bb = decision.pot / hand.big_blind
            difficulty = None if decision.difficulty_bb is None else 100 * decision.difficulty_bb / pot_bb
            avoid = (hand.solution_id, tuple(decision.line), hand.hero_combo)
        wishes.append(Wanted(family.street, family.situation, family.texture, family.hand, difficulty, avoid))
    if (node := parse_node(queued.family)) is not None:
        wishes.append(Wanted(*node))
    draw = Draw(seed, "kind of spot")
    streets = [draw.choice((3, 1, 1)), 0, 1, 2]
    return wishes + [any_situation(draw, street) for street in streets] + [Wanted(2, "first")]


async def _missed(db: AsyncSession, user_id: UUID, decision_id: UUID) -> tuple[DecisionRow, HandRow] | None:
    decision = await repository.decision(db, user_id, decision_id)
    hand = None if decision is None else await repository.hand(db, user_id, decision.hand_id)
    return None if decision is None or hand is None else (decision, hand)


async def _visible(strategies: Strategies, db: AsyncSession, solution_id: UUID, user_id: UUID) -> bool:
    try:
        await strategies.visible(db, solution_id, user_id)
    except DomainError:
        return False
    return True
