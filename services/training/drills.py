"""What a drill deals: decisions to replay, hands of one solution, or what a plan asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.infra.errors import FieldError, Invalid, NotFound
from services.infra.settings import get_settings
from services.solutions import reservations
from services.solutions.catalog import SolutionInfo
from services.solutions.reservations import KeptBoards
from services.training import repository
from services.training.deals import without_cards
from services.training.events import SessionStarted
from services.training.matching import family_of, heroes, matching, why_none
from services.training.plan import Plan
from services.training.planned import class_mask
from services.training.play import Strategies
from services.training.views import DrillSpec

MOST_ITEMS = 50


async def drill_started(strategies: Strategies, db: AsyncSession, user_id: UUID, drill: DrillSpec) -> SessionStarted:
    """The beginning of a drill.

    Raises:
        Invalid: A drill without a spot, with too many, with both kinds, or with a plan that nothing fits.
        NotFound: It names a decision that is not an answered one of the player's own, or a solution that they may not
            see.
        BoardKept: A ranked set runs on one of the boards.
    """
    items = tuple(dict.fromkeys(drill.items))
    plan = None if drill.plan is None else drill.plan.data()
    kept = await reservations.kept(db)
    if drill.solution_id is not None:
        if items:
            raise _invalid("a drill has spots or a solution, not both")
        await strategies.visible(db, drill.solution_id, user_id)
    if drill.plan is not None and not items:
        await check_plan(strategies, drill.plan, kept, drill.solution_id)
        mode = "range" if drill.plan.mode == "range" else "drill"
        return SessionStarted(mode=mode, set_size=drill.plan.count, solution_id=drill.solution_id, plan=plan)
    if drill.solution_id is not None:
        return SessionStarted(mode="drill", set_size=get_settings().set_size, solution_id=drill.solution_id)
    if not 1 <= len(items) <= MOST_ITEMS:
        raise _invalid(f"a drill has 1 to {MOST_ITEMS} spots, not {len(items)}")
    for item in items:
        row = await repository.decision(db, user_id, item)
        if row is None or row.answered_at is None:
            raise NotFound("there is no such answered decision")
        kept.check(row.board)
    return SessionStarted(mode="drill", set_size=len(items), drill=items, plan=plan)


async def pool(
    strategies: Strategies, plan: Plan, kept: KeptBoards, solution_id: UUID | None = None
) -> list[SolutionInfo]:
    """The spots that a plan is dealt from.

    Raises:
        BoardKept: A ranked set runs on the board of the solution.
    """
    return matching(plan, await _asked(strategies, kept, solution_id))


async def _asked(strategies: Strategies, kept: KeptBoards, solution_id: UUID | None) -> list[SolutionInfo]:
    if solution_id is not None:
        info = await strategies.info(solution_id)
        kept.check(info.board)
        return [info]
    return kept.open([info for info in await strategies.list() if info.source == "library"])


@dataclass(frozen=True, slots=True)
class Matches:
    """What the library has for a plan.

    Attributes:
        spots: Solutions to deal from.
        boards: Different flops among them.
        field: The wish that stands in the way where there are none.
        problem: The same in words.
    """

    spots: int
    boards: int
    field: str = ""
    problem: str = ""


async def matches(strategies: Strategies, plan: Plan, kept: KeptBoards, solution_id: UUID | None = None) -> Matches:
    """How much there is, and why there is nothing."""
    asked = await _asked(strategies, kept, solution_id)
    found = matching(plan, asked)
    if not found:
        return Matches(0, 0, *why_none(plan, asked))
    boards = len({tuple(sorted(info.board[:3])) for info in found})
    if plan.hands and not await _held(strategies, plan, found):
        return Matches(0, 0, "hands", "None of these hands is in your range in these spots.")
    return Matches(len(found), boards)


async def check_plan(strategies: Strategies, plan: Plan, kept: KeptBoards, solution_id: UUID | None = None) -> None:
    """Let a plan pass that can be dealt.

    Raises:
        Invalid: Nothing fits it.
    """
    found = await matches(strategies, plan, kept, solution_id)
    if not found.spots:
        raise Invalid(found.problem, code="drill-empty", errors=[FieldError(f"drill.{found.field}", found.problem)])


async def _held(strategies: Strategies, plan: Plan, found: Sequence[SolutionInfo]) -> bool:
    """Whether hero's range holds one of the classes at the beginning of one spot of each kind."""
    mask = class_mask(plan)
    looked: set[tuple[str, int]] = set()
    for info in found:
        kind = (family_of(info), info.street)
        if kind in looked:
            continue
        looked.add(kind)
        ranges = await strategies.ranges(info.id)
        if any((without_cards(ranges[hero], info.board) * mask).any() for hero in heroes(plan, info)):
            return True
    return False


def _invalid(message: str) -> Invalid:
    return Invalid("this is no drill", errors=[FieldError("drill.items", message)])
