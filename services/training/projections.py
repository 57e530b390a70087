"""The read models of training, written from its events and from nothing else."""

from __future__ import annotations

from sqlalchemy import Text, case, cast, delete, func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.accounts.events import AccountErased, GuestMerged
from services.infra.events import StoredEvent, projector
from services.training.deals import combo_cards
from services.training.events import (
    DecisionGraded,
    DecisionOffered,
    DecisionRetried,
    HandDealt,
    HandFinished,
    RangeGraded,
    RangeOffered,
    SessionFinished,
    SessionStarted,
)
from services.training.families import family_of
from services.training.models import DECISION, HAND, RANGE_ITEM, SAVED_DRILL, SEED, SESSION


@projector(
    SessionStarted,
    SessionFinished,
    HandDealt,
    HandFinished,
    DecisionOffered,
    DecisionGraded,
    DecisionRetried,
    RangeOffered,
    RangeGraded,
    GuestMerged,
    AccountErased,
    tables=("training.session", "training.hand", "training.decision", "training.range_item"),
)
async def project_training(db: AsyncSession, stored: StoredEvent) -> None:
    """Sessions, hands and decisions."""
    match stored.event:
        case SessionStarted() as event:
            await db.execute(
                insert(SESSION).values(
                    id=stored.stream_id,
                    user_id=stored.user_id,
                    mode=event.mode,
                    set_size=event.set_size,
                    drill=list(event.drill),
                    solution_id=event.solution_id,
                    queue=[one.model_dump(mode="json") for one in event.queue],
                    set_id=event.set_id,
                    plan=event.plan,
                    place=event.place,
                    hands=0,
                    decisions=0,
                    started_at=stored.recorded_at,
                )
            )
        case SessionFinished():
            await db.execute(
                update(SESSION).where(SESSION.c.id == stored.stream_id).values(finished_at=stored.recorded_at)
            )
        case HandDealt() as event:
            await _hand_dealt(db, stored, event)
        case HandFinished() as event:
            await db.execute(
                update(HAND)
                .where(HAND.c.id == stored.stream_id)
                .values(result=event.result, net=event.net, finished_at=stored.recorded_at)
            )
        case DecisionOffered() as event:
            await _decision_offered(db, stored, event)
        case DecisionGraded() as event:
            await _decision_graded(db, stored, event)
        case DecisionRetried() as event:
            retries = DECISION.c.retries + 1
            await db.execute(update(DECISION).where(DECISION.c.id == event.decision_id).values(retries=retries))
        case RangeOffered() as event:
            await _range_offered(db, stored, event)
        case RangeGraded() as event:
            await db.execute(
                update(RANGE_ITEM)
                .where(RANGE_ITEM.c.id == stored.stream_id)
                .values(
                    answered_at=stored.recorded_at,
                    loss_bb=event.loss_bb,
                    loss_pct=event.loss_pct,
                    right_share=event.right_share,
                )
            )
            done = SESSION.c.decisions + 1
            await db.execute(update(SESSION).where(SESSION.c.id == event.session_id).values(decisions=done))
        case GuestMerged() as event:
            for table in (SESSION, HAND, DECISION, RANGE_ITEM):
                await db.execute(update(table).where(table.c.user_id == event.guest_id).values(user_id=event.user_id))
            await _move_drills(db, event)
        case AccountErased() as event:
            await _erase(db, event)
        case other:
            raise TypeError(f"no projection of {other.type}")


async def _move_drills(db: AsyncSession, event: GuestMerged) -> None:
    """A guest's saved drills go along; where the account has one of the same name, the guest's gets a suffix."""
    taken = select(SAVED_DRILL.c.name).where(SAVED_DRILL.c.user_id == event.user_id).scalar_subquery()
    suffixed = func.left(SAVED_DRILL.c.name, 50) + " " + func.right(cast(SAVED_DRILL.c.id, Text), 6)
    name = case((SAVED_DRILL.c.name.in_(taken), suffixed), else_=SAVED_DRILL.c.name)
    moved = update(SAVED_DRILL).where(SAVED_DRILL.c.user_id == event.guest_id)
    await db.execute(moved.values(user_id=event.user_id, name=name))


async def _erase(db: AsyncSession, event: AccountErased) -> None:
    """Nothing is left to refer to the player; unfinished hands take their seeds along."""
    users = (event.user_id, *event.guest_ids)
    for table in (HAND, SESSION, RANGE_ITEM):
        streams = select(table.c.id).where(table.c.user_id.in_(users))
        await db.execute(delete(SEED).where(SEED.c.stream_id.in_(streams)))
    for table in (DECISION, HAND, RANGE_ITEM, SESSION, SAVED_DRILL):
        await db.execute(delete(table).where(table.c.user_id.in_(users)))


async def _range_offered(db: AsyncSession, stored: StoredEvent, event: RangeOffered) -> None:
    owner = select(SESSION.c.user_id).where(SESSION.c.id == event.session_id).scalar_subquery()
    await db.execute(
        insert(RANGE_ITEM).values(
            id=stored.stream_id,
            session_id=event.session_id,
            user_id=owner,
            number=event.number,
            solution_id=event.solution_id,
            line=list(event.line),
            hero=event.hero,
            street=event.street,
            offered_at=stored.recorded_at,
        )
    )
    await db.execute(update(SESSION).where(SESSION.c.id == event.session_id).values(hands=SESSION.c.hands + 1))


async def _hand_dealt(db: AsyncSession, stored: StoredEvent, event: HandDealt) -> None:
    # the owner is the session's, not the event's writer: a guest's session may have moved into an account
    owner = select(SESSION.c.user_id).where(SESSION.c.id == event.session_id).scalar_subquery()
    await db.execute(
        insert(HAND).values(
            id=stored.stream_id,
            session_id=event.session_id,
            user_id=owner,
            number=event.number,
            mode=event.mode,
            whole=event.whole,
            solution_id=event.solution_id,
            family=event.family,
            pot_type=event.pot_type,
            positions=list(event.positions),
            big_blind=event.big_blind,
            hero=event.hero,
            hero_combo=event.hero_combo,
            item_id=event.item_id,
            set_id=event.set_id,
            decisions=0,
            loss_bb=0.0,
            dealt_at=stored.recorded_at,
        )
    )
    await db.execute(update(SESSION).where(SESSION.c.id == event.session_id).values(hands=SESSION.c.hands + 1))


async def _decision_offered(db: AsyncSession, stored: StoredEvent, event: DecisionOffered) -> None:
    columns = {
        "id": event.decision_id,
        "number": event.number,
        "street": event.street,
        "line": list(event.line),
        "board": list(event.board),
        "pot": event.pot,
        "actions": list(event.actions),
        "die": event.die,
        "offered_at": stored.recorded_at,
        "deadline": event.deadline,
        "retries": 0,
    }
    hand = select(
        HAND.c.id,
        HAND.c.session_id,
        HAND.c.user_id,
        *(literal(value, DECISION.c[name].type) for name, value in columns.items()),
    ).where(HAND.c.id == stored.stream_id)
    await db.execute(insert(DECISION).from_select(["hand_id", "session_id", "user_id", *columns], hand))


async def _decision_graded(db: AsyncSession, stored: StoredEvent, event: DecisionGraded) -> None:
    family = family_of(event.line, event.board, combo_cards(event.hero_combo))
    await db.execute(
        update(DECISION)
        .where(DECISION.c.id == event.decision_id)
        .values(
            answered_at=stored.recorded_at,
            action=event.action,
            best_action=event.best_action,
            die_pick=event.die_pick,
            grade=event.grade,
            borderline=event.borderline,
            timed_out=event.timed_out,
            loss_bb=event.loss_bb,
            loss_pct=event.loss_pct,
            difficulty_bb=event.difficulty_bb,
            situation=family.situation,
            texture=family.texture,
            hand_class=family.hand,
        )
    )
    await db.execute(
        update(HAND)
        .where(HAND.c.id == stored.stream_id)
        .values(decisions=HAND.c.decisions + 1, loss_bb=HAND.c.loss_bb + event.loss_bb)
    )
    await db.execute(update(SESSION).where(SESSION.c.id == event.session_id).values(decisions=SESSION.c.decisions + 1))
