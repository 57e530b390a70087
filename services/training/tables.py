"""From a hand to what its player sees, and to the events that it asks for."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from services.infra import clock
from services.training.deals import Draw
from services.training.deviation import facing
from services.training.events import DecisionOffered, HandFinished, Kind
from services.training.grouping import groups
from services.training.hand import Hand, answer_of, result_of
from services.training.judging import cutoffs, judge
from services.training.models import SessionRow
from services.training.plan import Plan
from services.training.play import Continuation, Deal, Strategies
from services.training.summary import mode_of
from services.training.views import Status, Step, Table


def kind_of(session: SessionRow) -> Kind:
    """The session's mode; a check constraint allows nothing else."""
    return cast("Kind", session.mode)


def plan_of(session: SessionRow) -> Plan | None:
    """What the set was asked for."""
    return None if session.plan is None else Plan.read(session.plan)


def set_is_over(session: SessionRow) -> bool:
    """Enough was decided, or played."""
    plan = plan_of(session)
    by_hands = session.mode == "daily" or (plan is not None and plan.unit == "hands")
    return (session.hands if by_hands else session.decisions) >= session.set_size


async def table_of(strategies: Strategies, session: SessionRow, hand: Hand) -> Table:
    """A hand as its player sees it."""
    dealt = hand.dealt
    pending = hand.pending if session.finished_at is None else None
    position = await strategies.position(dealt.solution_id, hand.line)
    info = await strategies.info(dealt.solution_id)
    status: Status = "advancing"
    if session.finished_at is not None:
        status = "set_done"
    elif pending is not None:
        status = "decision"
    elif hand.finished is not None:
        status = "ended"
    board = (*position.board, *hand.runout)
    return Table(
        session_id=session.id,
        mode=mode_of(session),
        drill=session.mode == "drill",
        hand_id=hand.id,
        hand_number=dealt.number,
        set_size=session.set_size,
        decisions_done=session.decisions,
        solution=info,
        family=dealt.family,
        pot_type=dealt.pot_type,
        positions=dealt.positions,
        big_blind=dealt.big_blind,
        street=len(board) - 3,
        board=board,
        hero=dealt.hero,
        hero_cards=hand.hero_cards,
        line=(*await line_steps(strategies, dealt.solution_id, dealt.start), *hand.steps),
        pot=position.pot,
        stacks=position.stacks,
        street_bets=position.street_bets,
        to_call=position.to_call if pending is not None else 0,
        die=hand.offered.die if hand.offered is not None else 0,
        status=status,
        decision_id=None if pending is None else pending.decision_id,
        actions=() if pending is None else pending.actions,
        pot_at_decision=None if pending is None else pending.pot,
        deadline=None if pending is None else pending.deadline,
        answers=tuple(answer_of(event) for event in hand.graded),
        result=result_of(hand),
        commitment=dealt.commitment,
        plan=plan_of(session),
    )


async def line_steps(strategies: Strategies, solution_id: UUID, line: tuple[str, ...]) -> tuple[Step, ...]:
    """What happened along a line from the solution's root."""
    steps: list[Step] = []
    for index, action in enumerate(line):
        before = await strategies.position(solution_id, line[:index])
        if before.kind == "deal":
            after = await strategies.position(solution_id, line[: index + 1])
            steps.append(Step(after.street, -1, "deal", after.board[-1]))
        else:
            steps.append(Step(before.street, before.player, action))
    return tuple(steps)


async def judged_at(
    strategies: Strategies, session: SessionRow, hand: Hand, line: tuple[str, ...], die: int, action: str
) -> dict[str, Any]:
    """The fields of a judged action that follow from where it was taken, against the villain of the set."""
    plan = plan_of(session)
    against = facing(strategies, plan.villain if plan else None, hand.dealt.hero)
    node = await against.node(hand.dealt.solution_id, line)
    return await judge(node, hand.dealt.hero_combo, action, die, cutoffs(), plan)


def judged_hand(hand: Hand, decision_id: UUID) -> dict[str, Any]:
    """The fields of a judged action that the hand knows."""
    dealt = hand.dealt
    return {
        "decision_id": decision_id,
        "session_id": dealt.session_id,
        "hand_id": hand.id,
        "mode": dealt.mode,
        "solution_id": dealt.solution_id,
        "family": dealt.family,
        "pot_type": dealt.pot_type,
        "hero": dealt.hero,
        "hero_combo": dealt.hero_combo,
    }


def decision_offered(
    session: SessionRow,
    hand: Hand,
    deal: Deal,
    continuation: Continuation,
    die: int | None,
    deadline: datetime | None,
) -> DecisionOffered:
    """Ask hero; ``die`` is drawn from the hand's seed unless it is given, or the drill goes without."""
    position, number = continuation.position, len(hand.graded)
    plan = plan_of(session)
    if plan is not None and plan.timebank:
        deadline = clock.now() + timedelta(seconds=plan.timebank)
    if plan is not None and not plan.die:
        die = 0
    return DecisionOffered(
        decision_id=clock.new_id(),
        number=number,
        street=position.street,
        line=position.line,
        board=position.board,
        pot=position.pot,
        actions=position.actions if plan is None else tuple(part.name for part in groups(position, plan.sizes)),
        die=1 + Draw(deal.seed, f"die {number}").below(100) if die is None else die,
        deadline=deadline,
    )


def hand_finished(hand: Hand, deal: Deal, result: str | None, *, winner: int, net: int, rake: int) -> HandFinished:
    """End a hand and open what it hid; ``result`` None is a single decision."""
    return HandFinished(
        session_id=hand.dealt.session_id,
        result="spot" if result is None else "fold" if result == "fold" else "showdown",
        winner=winner,
        net=net,
        rake=rake,
        villain_combo=deal.villain_combo,
        seed=None if hand.dealt.set_id is not None else deal.seed.hex(),
    )
