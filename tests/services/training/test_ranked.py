"""The sets of the week and the day: the same for everybody, one pass, every dealt decision counts."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.infra import clock, events
from services.infra.errors import Conflict, Forbidden, NotFound, Unavailable
from services.infra.settings import get_settings
from services.ratings import projector as _projector  # noqa: F401 registers the read model
from services.ratings.periods import period_of
from services.ratings.service import DAILY_HANDS
from services.solutions import reservations, study
from services.training import repository
from services.training.events import DecisionGraded
from services.training.ranked import LATE, NOTICE, RankedSets
from services.training.service import TrainingService
from services.training.views import DrillSpec, Mode, Table
from services.training.worker import ABANDONED, close_ranked, expire_overdue
from tests.services.training.conftest import add_player
from tests.services.training.doubles import HashedStrategies

pytestmark = pytest.mark.usefixtures("redis_server")  # boards are told of answers

TIME = timedelta(seconds=get_settings().ranked_decision_s) + LATE + timedelta(seconds=1)
MODES: tuple[Mode, ...] = ("ranked", "daily")


async def answer(training: TrainingService, db: AsyncSession, player: UUID, table: Table) -> Table:
    """The last action there is, and on to what follows."""
    assert table.decision_id is not None
    await training.act(db, player, table.decision_id, table.actions[-1])
    return await training.advance(db, player, table.hand_id)


async def through(training: TrainingService, db: AsyncSession, player: UUID, table: Table) -> Table:
    """A pass to its end."""
    for _ in range(200):
        if table.status == "set_done":
            return table
        if table.status == "decision":
            table = await answer(training, db, player, table)
        else:
            table = await training.next_hand(db, player, table.session_id)
    raise AssertionError("the set has no end")


async def graded(db: AsyncSession, table: Table) -> list[DecisionGraded]:
    stored = await events.load(db, table.hand_id)
    return [one.event for one in stored if isinstance(one.event, DecisionGraded)]


def left_of(kind: str) -> timedelta:
    """How long the running week or day still runs."""
    return period_of("weekly" if kind == "weekly" else "daily", clock.now()).ends - clock.now()


@pytest.mark.parametrize("mode", MODES)
async def test_guests_are_not_ranked(
    sets: RankedSets, training: TrainingService, db: AsyncSession, player: UUID, mode: Mode
) -> None:
    with pytest.raises(Forbidden):
        await training.start(db, player, mode)


@pytest.mark.parametrize("mode", MODES)
async def test_a_set_that_is_not_drawn_yet_says_so(
    training: TrainingService, db: AsyncSession, member: UUID, mode: Mode
) -> None:
    with pytest.raises(Unavailable, match="is being drawn"):
        await training.start(db, member, mode)


@pytest.mark.parametrize("mode", MODES)
async def test_everybody_gets_the_same_spots_in_the_same_order(
    sets: RankedSets,
    training: TrainingService,
    strategies: HashedStrategies,
    db: AsyncSession,
    member: UUID,
    mode: Mode,
) -> None:
    other = await add_player(db, "premium")
    elsewhere = TrainingService(strategies, look_ahead=False)
    mine, theirs = await training.start(db, member, mode), await elsewhere.start(db, other, mode)
    for _ in range(12):
        assert (mine.status, mine.board, mine.hero_cards, mine.hero, mine.line, mine.die, mine.actions) == (
            theirs.status,
            theirs.board,
            theirs.hero_cards,
            theirs.hero,
            theirs.line,
            theirs.die,
            theirs.actions,
        )
        assert [one.item_id for one in await graded(db, mine)] == [one.item_id for one in await graded(db, theirs)]
        if mine.status == "decision":
            mine, theirs = await answer(training, db, member, mine), await answer(elsewhere, db, other, theirs)
        else:
            mine = await training.next_hand(db, member, mine.session_id)
            theirs = await elsewhere.next_hand(db, other, theirs.session_id)


async def test_a_ranked_answer_carries_its_item_its_set_and_the_raw_loss(
    sets: RankedSets, training: TrainingService, db: AsyncSession, member: UUID
) -> None:
    table = await answer(training, db, member, await training.start(db, member, "ranked"))
    event = (await graded(db, table))[0]
    assert (event.mode, event.set_id) == ("ranked", period_of("weekly", clock.now()).name)
    assert event.item_id is not None
    assert event.ranked_loss_pct == event.loss_pct == table.answers[0].grade.loss_pct


async def test_the_decisions_of_a_daily_hand_count_in_percent_of_its_first_pot(
    sets: RankedSets, training: TrainingService, db: AsyncSession, member: UUID
) -> None:
    table = await training.start(db, member, "daily")
    found: list[DecisionGraded] = []
    while table.status != "set_done":
        if table.status == "decision":
            table = await answer(training, db, member, table)
        else:
            found += await graded(db, table)
            table = await training.next_hand(db, member, table.session_id)
    assert any(event.pot > table.solution.pot for event in found), "some decision has a larger pot than the first"
    for event in found:
        assert event.ranked_loss_pct == pytest.approx(100 * event.loss / table.solution.pot)
        assert event.set_id == period_of("daily", clock.now()).name


@pytest.mark.parametrize("mode", MODES)
async def test_a_set_is_passed_once_and_a_second_start_resumes(
    sets: RankedSets, training: TrainingService, db: AsyncSession, member: UUID, mode: Mode
) -> None:
    table = await training.start(db, member, mode)
    assert await training.start(db, member, mode) == table
    assert await training.current(db, member, mode) == table
    assert await training.current(db, member, "hands") is None
    done = await through(training, db, member, table)
    assert await training.start(db, member, mode) == done
    assert await db.scalar(text("SELECT count(*) FROM training.session WHERE set_id IS NOT NULL")) == 1


async def test_the_daily_has_ten_hands_that_are_played_to_their_end(
    sets: RankedSets, training: TrainingService, db: AsyncSession, member: UUID
) -> None:
    done = await through(training, db, member, await training.start(db, member, "daily"))
    assert (done.hand_number, done.set_size) == (DAILY_HANDS, DAILY_HANDS)
    assert done.decisions_done >= DAILY_HANDS
    assert done.result is not None
    assert done.result.kind in ("fold", "showdown")
    assert (await sets.progress(db, member, "daily")).finished


async def test_the_week_ends_after_its_last_decision(
    sets: RankedSets, training: TrainingService, db: AsyncSession, member: UUID
) -> None:
    done = await through(training, db, member, await training.start(db, member, "ranked"))
    assert (done.hand_number, done.decisions_done) == (12, 12)


@pytest.mark.parametrize("mode", MODES)
async def test_a_decision_left_alone_is_checked_or_folded_when_its_time_is_over(
    sets: RankedSets, training: TrainingService, db: AsyncSession, member: UUID, mode: Mode
) -> None:
    table = await training.start(db, member, mode)
    with clock.travel(TIME):
        late = await training.current(db, member, mode)
    assert late is not None
    assert late.answers[0].timed_out
    assert late.answers[0].action == ("check" if "check" in table.actions else "fold")
    assert (await sets.progress(db, member, "weekly" if mode == "ranked" else "daily")).answered == 1


async def sweep(training: TrainingService, db: AsyncSession) -> int:
    """One round of the worker."""
    done = len(await repository.overdue(db, clock.now() - LATE, 50))
    await expire_overdue(training, db)
    await close_ranked(training, db)
    return done


async def test_the_worker_plays_a_hand_to_its_end_for_a_player_who_has_gone(
    sets: RankedSets, training: TrainingService, db: AsyncSession, member: UUID
) -> None:
    table = await training.start(db, member, "daily")
    assert await sweep(training, db) == 0
    away, rounds = TIME, 0
    while (await training.table(db, member, table.hand_id)).result is None:
        with clock.travel(away):
            await sweep(training, db)
        away, rounds = away + TIME, rounds + 1
        assert rounds < 20, "the hand goes on for ever"
    given = await graded(db, table)
    assert given
    assert all(event.timed_out and event.action in ("check", "fold") for event in given)


async def test_the_worker_goes_on_where_a_process_died_between_an_answer_and_what_follows(
    sets: RankedSets, training: TrainingService, db: AsyncSession, member: UUID
) -> None:
    table = await training.start(db, member, "daily")
    assert table.decision_id is not None
    await training.act(db, member, table.decision_id, table.actions[0])
    await close_ranked(training, db)
    assert (await training.table(db, member, table.hand_id)).status == "advancing", "a minute is the player's"
    with clock.travel(ABANDONED + timedelta(seconds=1)):
        await close_ranked(training, db)
        after = await training.table(db, member, table.hand_id)
    assert after.status in ("decision", "ended")


@pytest.mark.parametrize("mode", MODES)
async def test_an_answer_after_the_deadline_is_a_conflict_and_a_timed_out_one_stays(
    sets: RankedSets, training: TrainingService, db: AsyncSession, member: UUID, mode: Mode
) -> None:
    table = await training.start(db, member, mode)
    assert table.decision_id is not None
    with clock.travel(TIME):
        with pytest.raises(Conflict):
            await training.act(db, member, table.decision_id, table.actions[0])
        await expire_overdue(training, db)
    with pytest.raises(Conflict):
        await training.act(db, member, table.decision_id, "check" if "check" in table.actions else "fold")


@pytest.mark.parametrize(("mode", "kind"), [("ranked", "weekly"), ("daily", "daily")])
async def test_at_its_close_a_set_is_over_also_for_who_is_in_the_middle_of_it(
    sets: RankedSets, training: TrainingService, db: AsyncSession, member: UUID, mode: Mode, kind: str
) -> None:
    table = await training.start(db, member, mode)
    assert table.deadline is not None
    end = period_of("weekly" if kind == "weekly" else "daily", clock.now()).ends
    assert table.deadline <= end
    with clock.travel(left_of(kind) + LATE - timedelta(seconds=1)):  # as long as an answer may still come
        assert (await reservations.kept(db)).holds(table.solution.board) is not None
    with clock.travel(left_of(kind) + LATE + timedelta(seconds=1)):
        for _ in range(12):
            await sweep(training, db)
        rows = await db.execute(text("SELECT finished_at FROM training.session WHERE set_id IS NOT NULL"))
        assert [row[0] is not None for row in rows] == [True]
        assert (await training.next_hand(db, member, table.session_id)).status == "set_done"
        assert (await training.summary(db, member, table.session_id)).decisions >= 1


async def test_after_the_close_no_further_spot_is_dealt(
    sets: RankedSets, training: TrainingService, db: AsyncSession, member: UUID
) -> None:
    table = await answer(training, db, member, await training.start(db, member, "ranked"))
    with clock.travel(left_of("weekly") + timedelta(seconds=1)):
        over = await training.next_hand(db, member, table.session_id)
    assert (over.status, over.hand_number) == ("set_done", 1)


@pytest.mark.parametrize("mode", MODES)
async def test_a_ranked_set_cannot_be_ended_early(
    sets: RankedSets, training: TrainingService, db: AsyncSession, member: UUID, mode: Mode
) -> None:
    table = await training.start(db, member, mode)
    with pytest.raises(Conflict):
        await training.finish(db, member, table.session_id)


@pytest.mark.parametrize(("mode", "days"), [("ranked", 7), ("daily", 1)])
async def test_a_new_period_brings_a_new_set(
    sets: RankedSets, training: TrainingService, db: AsyncSession, member: UUID, mode: Mode, days: int
) -> None:
    first = await training.start(db, member, mode)
    with clock.travel(timedelta(days=days)):
        await sets.prepare()
        second = await training.start(db, member, mode)
    assert second.session_id != first.session_id
    assert second.commitment != first.commitment


async def test_the_next_set_is_published_before_it_opens_and_is_not_open_before(
    sets: RankedSets, training: TrainingService, db: AsyncSession, member: UUID
) -> None:
    before = left_of("weekly") - NOTICE["weekly"] / 2
    with clock.travel(before):
        await sets.prepare()
        coming = period_of("weekly", clock.now()).following
        proof = await sets.proof(db, coming.name)
        assert proof.published_at < proof.opens_at == coming.starts
        assert (len(proof.commitment), proof.seed, proof.spots, proof.pool) == (64, None, (), ())
        running = await training.start(db, member, "ranked")
        assert running.commitment != proof.commitment
        kept = await reservations.kept(db)
        names = {one.set_id for board in await reservations.boards_of(db, coming.name) if (one := kept.holds(board))}
        assert coming.name not in names, "its boards are still free"


async def test_the_streak_counts_days_played_to_the_end(
    sets: RankedSets, training: TrainingService, db: AsyncSession, member: UUID
) -> None:
    assert (await sets.progress(db, member, "daily")).streak == 0
    await through(training, db, member, await training.start(db, member, "daily"))
    assert (await sets.progress(db, member, "daily")).streak == 1
    with clock.travel(timedelta(days=1)):
        await sets.prepare()
        assert (await sets.progress(db, member, "daily")).streak == 1, "today can still be played"
        await through(training, db, member, await training.start(db, member, "daily"))
        assert (await sets.progress(db, member, "daily")).streak == 2
    with clock.travel(timedelta(days=3)):
        assert (await sets.progress(db, member, "daily")).streak == 0


@pytest.mark.parametrize("mode", MODES)
async def test_until_the_close_an_answer_is_its_verdict_alone_and_can_not_be_tried_again(
    sets: RankedSets, training: TrainingService, db: AsyncSession, member: UUID, mode: Mode
) -> None:
    table = await training.start(db, member, mode)
    assert table.decision_id is not None
    given = await training.act(db, member, table.decision_id, table.actions[0])
    again = await training.act(db, member, table.decision_id, table.actions[0])
    shown = (await training.advance(db, member, table.hand_id)).answers[0]
    listed = (await training.answers(db, member, table.session_id))[0]
    for one in (given, again, shown, listed):
        assert one.grade.word
        assert (one.rows, one.die_pick, one.grid.data, "".join(one.reasons)) == ((), "", "", "")
        assert "kept for" in one.withheld
    assert all(spot.best_action == "" for spot in (await training.summary(db, member, table.session_id)).worst)
    with pytest.raises(reservations.BoardKept):
        await training.retry(db, member, table.decision_id, table.actions[-1])
    with pytest.raises(reservations.BoardKept):
        await training.start(db, member, drill=DrillSpec(items=(table.decision_id,)))
    with clock.travel(timedelta(days=7)):
        opened = (await training.answers(db, member, table.session_id))[0]
        assert opened.rows
        assert opened.grid.data
        assert opened.withheld == ""
        assert (await training.retry(db, member, table.decision_id, table.actions[-1])).rows


async def test_practice_deals_nothing_of_a_kept_board(
    sets: RankedSets, training: TrainingService, strategies: HashedStrategies, db: AsyncSession, player: UUID
) -> None:
    kept = await reservations.kept(db)
    closed = [info for info in strategies.infos.values() if kept.holds(info.board)]
    assert 0 < len(closed) < len(strategies.infos)
    for _ in range(12):
        table = await training.start(db, player)
        assert kept.holds(table.solution.board) is None
        await training.finish(db, player, table.session_id)


async def test_an_answer_of_practice_on_a_board_that_is_kept_by_now_is_its_verdict_alone(
    training: TrainingService, strategies: HashedStrategies, db: AsyncSession, player: UUID
) -> None:
    table = await training.start(db, player)
    assert table.decision_id is not None
    given = await training.act(db, player, table.decision_id, table.actions[0])
    assert given.rows
    now = clock.now()
    await reservations.keep(db, "2026-W48", [table.solution.board], "a test", now, now + timedelta(days=1))
    after = await training.advance(db, player, table.hand_id)
    assert after.answers[0].rows == ()
    assert after.kept_until is not None


async def test_a_decision_on_a_board_that_its_player_studied_in_the_week_before_is_marked_and_counts(
    training: TrainingService,
    strategies: HashedStrategies,
    db: AsyncSession,
    member: UUID,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MIXLINE_WEEKLY_ITEMS", "3")
    get_settings.cache_clear()
    for info in strategies.infos.values():
        await study.admit(db, member, info.board, "look")
    await training.ranked.prepare()
    monkeypatch.undo()
    get_settings.cache_clear()
    innocent = await add_player(db, "free")
    for player, expected in ((member, True), (innocent, False)):
        table = await answer(training, db, player, await training.start(db, player, "ranked"))
        assert [event.studied for event in await graded(db, table)] == [expected]
    rows = await db.execute(text("SELECT user_id, studied, decisions FROM ratings.ranked_answer ORDER BY studied"))
    assert [tuple(row) for row in rows] == [(innocent, 0, 1), (member, 1, 1)]


async def test_unknown_sets_are_not_found(sets: RankedSets, db: AsyncSession) -> None:
    with pytest.raises(NotFound):
        await sets.proof(db, "2020-W01")


async def test_two_processes_that_draw_at_once_publish_one_set(
    sets: RankedSets, training: TrainingService, db: AsyncSession
) -> None:
    period = period_of("daily", clock.now() + timedelta(days=3))
    drafts = [await sets.draft(period, await sets.pool(db, period)) for _ in range(2)]
    assert [await sets.publish(db, draft) for draft in drafts] == [True, False]
    assert (await sets.proof(db, period.name)).commitment
    count = text("SELECT count(*) FROM training.ranked_item WHERE set_id = :id")
    assert await db.scalar(count, {"id": period.name}) == DAILY_HANDS
