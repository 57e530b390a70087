"""The weekly board on the event store: projection, fold, pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.infra import clock
from services.infra.errors import Invalid
from services.infra.events import projectors, rebuild
from services.ratings.service import Board, Leaderboards
from services.ratings.weeks import week_named, week_of

from .conftest import add_player, graded, record

SetMinimum = Callable[[int], None]


async def board_of(db: AsyncSession, **arguments: object) -> Board:
    return await Leaderboards().weekly(db, **arguments)  # type: ignore[arg-type]


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
    await record(db, ann, graded(1.0, mode="hands"), graded(1.0, mode="drill"), graded(1.0, number=1, week="2020-W01"))
    board = await board_of(db, viewer=ann)
    assert (board.entries, board.viewer) == ((), None)


async def test_an_uncertain_decision_counts_with_its_loss(db: AsyncSession, minimum: SetMinimum) -> None:
    minimum(1)
    ann, bob = await add_player(db, "Ann"), await add_player(db, "Bob")
    await record(db, ann, graded(3.0, number=1, word="uncertain"))
    await record(db, bob, graded(0.0, number=1))
    assert [entry.name for entry in (await board_of(db)).entries] == ["Bob", "Ann"]


async def test_the_first_answer_to_an_item_is_the_one_that_counts(db: AsyncSession, minimum: SetMinimum) -> None:
    minimum(1)
    ann = await add_player(db, "Ann")
    await record(db, ann, graded(3.0, number=1))
    await record(db, ann, graded(0.0, number=1))
    kept = (await db.execute(text("SELECT loss_pct FROM ratings.ranked_answer"))).scalars().all()
    assert kept == [3.0]


async def test_the_rebuilt_read_model_equals_the_inline_one(db: AsyncSession) -> None:
    for name in ("Ann", "Bob", "Cid"):
        player = await add_player(db, name)
        await record(db, player, *(graded(float(n % 5), number=n) for n in range(20)), graded(1.0, mode="hands"))
        await record(db, player, graded(9.0, number=3))
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
        page = await boards.weekly(db, limit=3, cursor=cursor)
        seen += [entry.name for entry in page.entries]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == [entry.name for entry in (await boards.weekly(db)).entries]
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
    week = week_of(datetime(2026, 12, 31, 23, 59, tzinfo=UTC))
    assert (week.name, week.starts, week.ends) == (
        "2026-W53",
        datetime(2026, 12, 28, tzinfo=UTC),
        datetime(2027, 1, 4, tzinfo=UTC),
    )
    assert week_of(week.ends).name == "2027-W01"
    assert week_named("2026-W53") == week
    assert week_of(week.ends).before == week


def test_a_name_that_is_no_week_is_refused() -> None:
    for name in ("2026-53", "2026-W54", "26-W01"):
        with pytest.raises(ValueError, match=r"."):
            week_named(name)
