"""The weekly board on the event store: projection, fold, pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.infra import clock
from services.infra.errors import Invalid
from services.infra.events import projectors, rebuild
from services.infra.settings import get_settings
from services.ratings.periods import Kind, period_named, period_of
from services.ratings.service import Board, Leaderboards

from .conftest import add_player, graded, record

SetMinimum = Callable[[int], None]


async def board_of(db: AsyncSession, kind: Kind = "weekly", **arguments: object) -> Board:
    return await Leaderboards().board(db, kind, **arguments)  # type: ignore[arg-type]


async def test_a_ranked_decision_is_on_the_board_in_the_same_transaction(db: AsyncSession, minimum: SetMinimum) -> None:
    minimum(2)
    ann, bob = await add_player(db, "Ann"), await add_player(db, "Bob")
    await record(db, ann, graded(0.0, number=1), graded(1.0, number=2))
    await record(db, bob, graded(4.0, number=1), graded(1.0, number=2))
    board = await board_of(db)
    assert [(entry.name, entry.decisions) for entry in board.entries] == [("Ann", 2), ("Bob", 2)]
    assert board.entries[0].score_pct == pytest.approx(4.0 / (2 + 200))
    assert board.entries[1].score_pct == pytest.approx(-4.0 / (2 + 200))


async def test_only_ranked_decisions_of_this_week_count(db: AsyncSession, minimum: SetMinimum) -> None:
    minimum(1)
    ann = await add_player(db, "Ann")
    await record(
        db, ann, graded(1.0, mode="hands"), graded(1.0, mode="drill"), graded(1.0, number=1, set_id="2020-W01")
    )
    board = await board_of(db, viewer=ann)
    assert (board.entries, board.viewer) == ((), None)


async def test_an_uncertain_decision_counts_with_its_loss(db: AsyncSession, minimum: SetMinimum) -> None:
    minimum(1)
    ann, bob = await add_player(db, "Ann"), await add_player(db, "Bob")
    await record(db, ann, graded(3.0, number=1, word="uncertain"))
    await record(db, bob, graded(0.0, number=1))
    assert [entry.name for entry in (await board_of(db)).entries] == ["Bob", "Ann"]


async def test_the_decisions_of_a_hand_add_up_and_the_score_divides_by_all_of_them(
    db: AsyncSession, minimum: SetMinimum
) -> None:
    ann, bob = await add_player(db, "Ann"), await add_player(db, "Bob")
    for hand in range(10):
        await record(db, ann, graded(1.0, number=hand, mode="daily"), graded(2.0, number=hand, mode="daily"))
        await record(db, bob, graded(1.0, number=hand, mode="daily"))
    board = await board_of(db, "daily")
    k = get_settings().daily_shrinkage
    assert [(entry.name, entry.items, entry.decisions) for entry in board.entries] == [("Bob", 10, 10), ("Ann", 10, 20)]
    assert [entry.score_pct for entry in board.entries] == pytest.approx([20 / (10 + k), -20 / (20 + k)])


async def test_a_daily_rank_takes_all_ten_hands(db: AsyncSession) -> None:
    ann, bob = await add_player(db, "Ann"), await add_player(db, "Bob")
    await record(db, ann, *(graded(0.0, number=hand, mode="daily") for hand in range(10)))
    await record(db, bob, *(graded(0.0, number=hand % 9, mode="daily") for hand in range(18)))
    board = await board_of(db, "daily", viewer=bob)
    assert [entry.name for entry in board.entries] == ["Ann"]
    assert board.viewer is not None
    assert (board.viewer.rank, board.viewer.items) == (None, 9)


async def test_marked_decisions_count_and_are_shown(db: AsyncSession, minimum: SetMinimum) -> None:
    minimum(1)
    ann, bob = await add_player(db, "Ann"), await add_player(db, "Bob")
    marked = graded(1.0, number=1).model_copy(update={"studied": True})
    await record(db, ann, marked, graded(1.0, number=2))
    await record(db, bob, graded(3.0, number=1))
    board = await board_of(db)
    assert [(entry.name, entry.decisions, entry.studied) for entry in board.entries] == [("Ann", 2, 1), ("Bob", 1, 0)]
    assert board.entries[0].score_pct == pytest.approx(2.0 / (2 + 200))


async def test_an_earlier_board_can_be_read_and_a_later_one_not(db: AsyncSession, minimum: SetMinimum) -> None:
    minimum(1)
    ann = await add_player(db, "Ann")
    await record(db, ann, graded(1.0, number=1, set_id="2026-W40"))
    assert [entry.name for entry in (await board_of(db, set_id="2026-W40")).entries] == ["Ann"]
    for bad in ("2026-11-01", "2099-W01", "nonsense"):
        with pytest.raises(Invalid):
            await board_of(db, set_id=bad)


async def test_the_rebuilt_read_model_equals_the_inline_one(db: AsyncSession) -> None:
    for name in ("Ann", "Bob", "Cid"):
        player = await add_player(db, name)
        await record(db, player, *(graded(float(n % 5), number=n) for n in range(20)), graded(1.0, mode="hands"))
        await record(db, player, graded(9.0, number=3))  # a second decision of the same item
    everything = text("SELECT * FROM ratings.ranked_answer ORDER BY user_id, item_id")
    inline = (await db.execute(everything)).all()
    await rebuild(db, projectors("ratings."))
    assert (await db.execute(everything)).all() == inline
    assert len(inline) == 60


async def test_a_player_under_the_minimum_sees_only_himself_as_provisional(
    db: AsyncSession, minimum: SetMinimum
) -> None:
    minimum(3)
    ann, bob = await add_player(db, "Ann"), await add_player(db, "Bob")
    await record(db, ann, *(graded(0.0, number=n) for n in range(3)))
    await record(db, bob, graded(0.0, number=1))
    board = await board_of(db, viewer=bob)
    assert [entry.name for entry in board.entries] == ["Ann"]
    assert board.viewer is not None
    assert (board.viewer.name, board.viewer.rank, board.viewer.decisions, board.minimum) == ("Bob", None, 1, 3)
    assert (await board_of(db)).viewer is None


async def test_intervals_are_shown_from_a_hundred_decisions(db: AsyncSession, minimum: SetMinimum) -> None:
    minimum(1)
    ann, bob = await add_player(db, "Ann"), await add_player(db, "Bob")
    await record(db, ann, *(graded(n % 3, number=n) for n in range(100)))
    await record(db, bob, *(graded(n % 7, number=n) for n in range(99)))
    first, second = (await board_of(db)).entries
    assert first.interval_pct is not None
    assert first.interval_pct[0] <= first.score_pct <= first.interval_pct[1]
    assert second.interval_pct is None


async def test_pages_follow_each_other_without_gap_or_repetition(db: AsyncSession, minimum: SetMinimum) -> None:
    minimum(1)
    for number in range(7):
        player = await add_player(db, f"Player {number}")
        await record(db, player, graded(float(number % 4), number=1))
    boards = Leaderboards()
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = await boards.board(db, "weekly", limit=3, cursor=cursor)
        seen += [entry.name for entry in page.entries]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == [entry.name for entry in (await boards.board(db, "weekly")).entries]
    assert len(set(seen)) == 7


@pytest.mark.parametrize("cursor", ["", "x", "W10", "bnVsbA", "WzEsMl0", "äöü", "[1]"])
async def test_a_cursor_that_is_none_is_refused(db: AsyncSession, cursor: str) -> None:
    with pytest.raises(Invalid) as refused:
        await board_of(db, cursor=cursor)
    assert refused.value.errors[0].path == "cursor"


async def test_the_shrinkage_of_a_week_is_measured_on_the_week_before(db: AsyncSession, minimum: SetMinimum) -> None:
    minimum(1)
    for number in range(20):
        player = await add_player(db, f"Player {number}")
        await record(db, player, *(graded(float(number + n % 3), number=n) for n in range(100)))
    assert (await board_of(db)).shrinkage == 200.0
    with clock.travel(timedelta(days=7)):
        assert (await board_of(db)).shrinkage == 50.0


def test_weeks_run_from_monday_to_monday_utc_and_follow_iso_years() -> None:
    week = period_of("weekly", datetime(2026, 12, 31, 23, 59, tzinfo=UTC))
    assert (week.name, week.starts, week.ends) == (
        "2026-W53",
        datetime(2026, 12, 28, tzinfo=UTC),
        datetime(2027, 1, 4, tzinfo=UTC),
    )
    assert week.following.name == "2027-W01"
    assert period_named("2026-W53") == week
    assert week.following.before == week


def test_days_run_from_midnight_to_midnight_utc() -> None:
    eastern = timezone(timedelta(hours=-5))
    day = period_of("daily", datetime(2026, 12, 31, 23, 59, tzinfo=eastern))
    assert (day.name, day.starts, day.ends) == (
        "2027-01-01",
        datetime(2027, 1, 1, tzinfo=UTC),
        datetime(2027, 1, 2, tzinfo=UTC),
    )
    assert day.before.name == "2026-12-31"
    assert period_named("2027-01-01") == day


def test_a_name_that_is_no_week_and_no_day_is_refused() -> None:
    for name in ("2026-53", "2026-W54", "26-W01", "2026-02-30", "20260101"):
        with pytest.raises(ValueError, match=r"."):
            period_named(name)
