"""Whole range at once: hero paints one action for every hand class of a node, and each is graded against the solver.

A class's loss is the mean over the hands of hero's range there, weighted by reach and by what villain can hold against
them. Hands of one class can want different actions, so even the best single action of a class may cost something: that
part is shown as unavoidable, and a class is graded by what was lost beyond it. What is lost per hand of the range
counts all of it, against perfect play of every hand.

A set is a session of mode ``range``; every node has a stream of its own: ``RangeOffered``, then ``RangeGraded``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncSession

from services.infra import clock, events
from services.infra.errors import Conflict, FieldError, Invalid, NotFound
from services.solutions import reservations
from services.solutions.catalog import NodeStrategy, SolutionInfo
from services.solutions.service import get_strategies
from services.training import drill_repository, repository
from services.training.deals import commitment, derive, new_seed
from services.training.deviation import facing, villain_words
from services.training.drills import drill_started, pool
from services.training.events import RangeGraded, RangeOffered, SessionFinished
from services.training.grading import Cutoffs, grade
from services.training.grouping import group_shares, group_values, groups
from services.training.judging import cutoffs, grid
from services.training.models import RangeItemRow, SessionRow
from services.training.open_sets import make_room
from services.training.plan import Plan
from services.training.planned import deal_node, fitting
from services.training.play import Strategies
from services.training.tables import line_steps, plan_of
from services.training.tolerance import EXACT_PCT, Passed, tolerance, worst_passed
from services.training.views import DrillSpec, Step
from solver.cards import COMBO_CLASS, HAND_CLASS_INDEX, HAND_CLASSES, N_CLASSES

SUMMARY_KEPT = timedelta(hours=1)
RIGHT = ("best", "correct")


@dataclass(frozen=True, slots=True)
class RangeTable:
    """A node to paint, or painted.

    Attributes:
        actions: What can be painted: the node's actions, or their groups.
        weights: [169] share of each class's hands in hero's range here, 0 to 1.
        graded: None until it is painted.
        set_over: This was the last one of the set, or the set was ended.
        done: Nodes of the set that are painted: (EV lost in bb per hand, share of the range that was right).
    """

    session_id: UUID
    item_id: UUID
    number: int
    set_size: int
    solution: SolutionInfo
    board: tuple[int, ...]
    street: int
    hero: int
    line: tuple[Step, ...]
    pot: int
    stacks: tuple[int, int]
    street_bets: tuple[int, int]
    to_call: int
    actions: tuple[str, ...]
    weights: tuple[float, ...]
    plan: Plan
    commitment: str
    graded: RangeGraded | None
    set_over: bool
    done: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class _Classes:
    """A node by hand class: [169] weights, [action, 169] mean losses in % of the pot and frequencies."""

    total: NDArray[np.float64]
    loss_pct: NDArray[np.float64]
    mix: NDArray[np.float64]
    here: NDArray[np.float64]


def classes_of(node: NodeStrategy, plan: Plan) -> _Classes:
    """Averages over the hands of each class, of the actions that hero is offered."""
    parts = groups(node.position, plan.sizes)
    classes = COMBO_CLASS[node.combos]
    weights = fitting(node, plan)[node.combos]
    # a hand that villain can't be here against weighs nothing; its values are unknown
    q = np.where(weights > 0, group_values(parts, node.q), 0.0)
    loss = 100 * (q.max(axis=0) - q) / node.position.pot
    mix = group_shares(parts, node.strategy.astype(np.float64))
    total = np.bincount(classes, weights, N_CLASSES).astype(np.float64)
    below = np.maximum(total, 1e-300)
    held = node.reach[node.position.player, node.combos] * (weights > 0)
    size = np.bincount(COMBO_CLASS, minlength=N_CLASSES)
    return _Classes(
        total=total,
        loss_pct=np.stack([np.bincount(classes, weights * row, N_CLASSES) / below for row in loss]),
        mix=np.stack([np.bincount(classes, weights * row, N_CLASSES) / below for row in mix]),
        here=np.bincount(classes, held, N_CLASSES) / size,
    )


def grade_range(node: NodeStrategy, choices: Mapping[str, str], plan: Plan, limits: Cutoffs) -> dict[str, Any]:
    """The fields of ``RangeGraded`` that follow from the node.

    Args:
        node: Where hero decides.
        choices: Hand class -> action, or group of actions, for every class that hero's range holds here.
        plan: The drill's.
        limits: Where grades end.

    Raises:
        Invalid: A class is missing or unknown, or an action is not offered.
    """
    parts = groups(node.position, plan.sizes)
    names = tuple(part.name for part in parts)
    _check_choices(choices, names)
    found = classes_of(node, plan)
    held = found.total > 0
    missing = [HAND_CLASSES[one] for one in np.flatnonzero(held) if HAND_CLASSES[one] not in choices]
    if missing:
        problem = f"{len(missing)} hands have no action yet: {', '.join(missing[:6])}{' …' if len(missing) > 6 else ''}"
        raise Invalid(problem, code="range-unfinished", errors=[FieldError("choices", problem)])
    chosen = np.full(N_CLASSES, -1)
    for name, action in choices.items():
        if held[HAND_CLASS_INDEX[name]]:
            chosen[HAND_CLASS_INDEX[name]] = names.index(action)
    columns = np.arange(N_CLASSES)
    loss = np.where(held, found.loss_pct[chosen, columns], 0.0)
    least = np.where(held, found.loss_pct.min(axis=0), 0.0)
    share = found.total / found.total.sum()
    pot_bb = node.position.pot / node.big_blind
    villain = villain_words(plan.villain)
    solved_to = float(node.exploitability_pct) if np.isfinite(node.exploitability_pct) else None
    passed = Passed() if villain else worst_passed(node.passed, node.position.pot)
    words, tolerances = [""] * N_CLASSES, np.zeros(N_CLASSES)
    most = max(float(found.here.max()), 1e-12)
    for one in np.flatnonzero(held):
        sure = tolerance(
            node.position.street,
            float(found.mix[chosen[one], one]),
            float(found.here[one]) / most,
            solved_to,
            own_loss_pct=float(found.mix[:, one] @ found.loss_pct[:, one]),
            passed_pct=passed.here_pct,
        )
        tolerances[one] = EXACT_PCT if villain else sure.pct
        words[one] = grade(
            -found.loss_pct[:, one] * node.position.pot / 100,
            found.mix[:, one],
            int(chosen[one]),
            node.position.pot,
            node.big_blind,
            float(tolerances[one]),
            None,
            limits,
        ).word
    loss_pct = float(share @ loss)
    return {
        "actions": names,
        "choices": tuple(int(one) for one in chosen),
        "losses_pct": tuple(round(float(one), 4) for one in loss),
        "least_pct": tuple(round(float(one), 4) for one in least),
        "weights": tuple(round(float(one), 4) for one in found.here),
        "words": tuple(words),
        "pot": node.position.pot,
        "big_blind": node.big_blind,
        "loss_bb": loss_pct * pot_bb / 100,
        "loss_pct": loss_pct,
        "least_bb": float(share @ least) * pot_bb / 100,
        "right_share": float(sum(share[one] for one in range(N_CLASSES) if words[one] in RIGHT)),
        "tolerance_pct": float(share @ tolerances),
        "solved_to_pct": None if villain else solved_to,
        "passed_solved_to_pct": passed.solved_to_pct,
        "grid": grid(replace(node, strategy=group_shares(parts, node.strategy.astype(np.float64)).astype(np.float32))),
        "villain": villain,
    }


def _check_choices(choices: Mapping[str, str], names: tuple[str, ...]) -> None:
    for name, action in choices.items():
        if name not in HAND_CLASS_INDEX:
            raise Invalid("there is no such hand class", errors=[FieldError("choices", f"{name[:10]!a} is none")])
        if action not in names:
            problem = f"{action[:40]!a} is no action here; actions are {', '.join(names)}"
            raise Invalid("this action is not possible", errors=[FieldError(f"choices.{name}", problem)])


class RangeTraining:
    """Sets of whole ranges; every method runs in the caller's transaction and never commits."""

    def __init__(self, strategies: Strategies) -> None:
        self._strategies = strategies

    async def start(self, db: AsyncSession, user_id: UUID, drill: DrillSpec) -> RangeTable:
        """Open a set with its first node.

        Raises:
            Invalid: The drill is of another mode, or nothing fits it.
            NotFound: It names a solution that the player may not see.
        """
        if drill.plan is None or drill.plan.mode != "range" or drill.items:
            raise Invalid("this drill is played, not painted", code="no-range-drill")
        await repository.lock_player(db, user_id, "range")
        await make_room(db, user_id)
        started = await drill_started(self._strategies, db, user_id, drill)
        session_id = clock.new_id()
        await events.append(db, session_id, "session", 0, [started], user_id)
        await repository.put_seed(db, session_id, new_seed())
        session = await repository.session(db, user_id, session_id, lock=True)
        assert session is not None
        return await self._offer(db, session)

    async def current(self, db: AsyncSession, user_id: UUID) -> RangeTable | None:
        """The node to resume; the last one of a set that ended within the hour; None when there is neither."""
        since = clock.now() - SUMMARY_KEPT
        session = await repository.newest_session(db, user_id, ["range"], finished_since=since)
        return None if session is None else await self._newest(db, session)

    async def answer(self, db: AsyncSession, user_id: UUID, item_id: UUID, choices: Mapping[str, str]) -> RangeTable:
        """Grade a painted range; the same again gives the same.

        Raises:
            NotFound: No such node of this player.
            Invalid: A class is missing or unknown, or an action is not offered.
            Conflict: It was painted differently before, or the set is over.
        """
        session, item = await self._item(db, user_id, item_id, lock=True)
        offered, graded = await self._events(db, item.id)
        plan = _plan(session)
        if graded is not None:
            before = {HAND_CLASSES[one]: graded.actions[at] for one, at in enumerate(graded.choices) if at >= 0}
            if any(choices.get(name) != action for name, action in before.items()):
                raise Conflict("this range was painted already", code="decision-answered")
            return await self._table(db, session, item)
        if session.finished_at is not None:
            raise Conflict("this set is over", code="set-over")
        node = await facing(self._strategies, plan.villain, offered.hero).node(offered.solution_id, offered.line)
        seed = derive((await repository.seed(db, session.id)).seed, f"range {item.number}")
        fields = grade_range(node, choices, plan, cutoffs())
        event = RangeGraded(session_id=session.id, seed=seed.hex(), board=node.position.board, **fields)
        await events.append(db, item.id, "range", 1, [event], user_id)
        if item.number >= session.set_size:
            finished = SessionFinished(decisions=session.decisions + 1)
            await events.append(db, session.id, "session", 1, [finished], user_id)
        return await self._table(db, *await self._item(db, user_id, item_id))

    async def next_range(self, db: AsyncSession, user_id: UUID, session_id: UUID) -> RangeTable:
        """The next node; the present one while it is not painted or the set is over.

        Raises:
            NotFound: No such set of this player.
            Conflict: Hands are played in this one.
        """
        session = await repository.session(db, user_id, session_id, lock=True)
        if session is None:
            raise NotFound("there is no such session")
        if session.mode != "range":
            raise Conflict("hands are played in this set, no ranges painted", code="other-mode")
        table = await self._newest(db, session)
        return table if table.graded is None or table.set_over else await self._offer(db, session)

    async def table(self, db: AsyncSession, user_id: UUID, item_id: UUID) -> RangeTable:
        """A node as it stands.

        Raises:
            NotFound: No such node of this player.
        """
        return await self._table(db, *await self._item(db, user_id, item_id))

    async def _newest(self, db: AsyncSession, session: SessionRow) -> RangeTable:
        items = await drill_repository.range_items(db, session.id)
        return await self._table(db, session, items[-1]) if items else await self._offer(db, session)

    async def _offer(self, db: AsyncSession, session: SessionRow) -> RangeTable:
        number, plan = session.hands + 1, _plan(session)
        seed = derive((await repository.seed(db, session.id)).seed, f"range {number}")
        kept = await reservations.kept(db)
        library = await pool(self._strategies, plan, kept, session.solution_id)
        deal, node = await deal_node(self._strategies, seed, plan, library, kept)
        offered = RangeOffered(
            session_id=session.id,
            number=number,
            solution_id=deal.solution_id,
            line=node.position.line,
            hero=deal.hero,
            street=node.position.street,
            commitment=commitment(seed),
        )
        item_id = clock.new_id()
        await events.append(db, item_id, "range", 0, [offered], session.user_id)
        return await self._table(db, *await self._item(db, session.user_id, item_id))

    async def _table(self, db: AsyncSession, session: SessionRow, item: RangeItemRow) -> RangeTable:
        offered, graded = await self._events(db, item.id)
        info, plan = await self._strategies.info(offered.solution_id), _plan(session)
        kept = await reservations.kept(db)
        kept.check(info.board)
        kept.check((await self._strategies.position(offered.solution_id, offered.line)).board)
        node = await facing(self._strategies, plan.villain, offered.hero).node(offered.solution_id, offered.line)
        position = node.position
        items = await drill_repository.range_items(db, session.id)
        return RangeTable(
            session_id=session.id,
            item_id=item.id,
            number=item.number,
            set_size=session.set_size,
            solution=info,
            board=position.board,
            street=position.street,
            hero=offered.hero,
            line=await line_steps(self._strategies, offered.solution_id, offered.line),
            pot=position.pot,
            stacks=position.stacks,
            street_bets=position.street_bets,
            to_call=position.to_call,
            actions=tuple(part.name for part in groups(position, plan.sizes)),
            weights=tuple(round(float(one), 4) for one in classes_of(node, plan).here),
            plan=plan,
            commitment=offered.commitment,
            graded=graded,
            set_over=session.finished_at is not None,
            done=tuple((one.loss_bb or 0.0, one.right_share or 0.0) for one in items if one.answered_at is not None),
        )

    async def _item(
        self, db: AsyncSession, user_id: UUID, item_id: UUID, *, lock: bool = False
    ) -> tuple[SessionRow, RangeItemRow]:
        item = await drill_repository.range_item(db, user_id, item_id)
        session = None if item is None else await repository.session(db, user_id, item.session_id, lock=lock)
        if item is None or session is None:
            raise NotFound("there is no such range")
        return session, item

    async def _events(self, db: AsyncSession, item_id: UUID) -> tuple[RangeOffered, RangeGraded | None]:
        stored = [one.event for one in await events.load(db, item_id)]
        first, last = stored[0], stored[-1]
        assert isinstance(first, RangeOffered)
        return first, last if isinstance(last, RangeGraded) else None


def _plan(session: SessionRow) -> Plan:
    plan = plan_of(session)
    assert plan is not None, "a set of ranges has a plan"
    return plan


@lru_cache(maxsize=1)
def get_range_training() -> RangeTraining:
    """The service of this process."""
    return RangeTraining(get_strategies())
