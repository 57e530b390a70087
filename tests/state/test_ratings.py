"""The leaderboard's handlers as a browser calls them, and what its figures look like."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from services.accounts import sessions
from services.accounts.sessions import Role
from services.infra import db as infra_db
from services.infra.errors import Unavailable
from services.ratings import service
from services.ratings.periods import period_named
from services.ratings.service import Board, Entry
from services.training.views import RankedProgress
from state import ratings
from state.ratings import LeaderboardState, head_view, left_text, rows_view, signed_pct
from tests.services.ratings.conftest import add_player, graded, minimum, record
from tests.state.conftest import ROOT, Server, add_state

__all__ = ["minimum"]

STATE = f"{ROOT}.state___ratings____leaderboard_state"

add_state(LeaderboardState)


@pytest.fixture(autouse=True)
def fresh_boards() -> None:
    """No standings of another test."""
    service.get_leaderboards.cache_clear()


async def test_everybody_reads_the_board_also_without_a_session(server: Server, db: AsyncSession, minimum) -> None:
    minimum(1)
    for name, loss in (("Ann", 1.0), ("Bob", 3.0)):
        await record(db, await add_player(db, name), graded(loss, number=1))
    shown = await server.tab().send(f"{STATE}.load")
    assert shown["status"] == "ready"
    assert [(row.rank, row.name, row.own) for row in shown["rows"]] == [("1", "Ann", False), ("1", "Bob", False)]


async def test_a_member_finds_the_own_row_marked_and_the_set_announced(
    server: Server, db: AsyncSession, minimum
) -> None:
    minimum(1)
    ann = await add_player(db, "Ann")
    await record(db, ann, graded(1.0, number=1))
    shown = await server.tab(await sessions.start(ann, Role.FREE, "Ann")).send(f"{STATE}.load")
    assert [row.own for row in shown["rows"]] == [True]


async def test_a_provisional_player_is_shown_apart_to_himself(server: Server, db: AsyncSession, minimum) -> None:
    minimum(2)
    ann = await add_player(db, "Ann")
    await record(db, ann, graded(1.0, number=1))
    shown = await server.tab(await sessions.start(ann, Role.FREE, "Ann")).send(f"{STATE}.load")
    assert shown["apart"].score == "provisional: 1 of 2 decisions"
    assert not shown.get("rows")


async def test_a_database_that_is_away_is_said_and_keeps_the_rows(
    server: Server, db: AsyncSession, minimum, monkeypatch: pytest.MonkeyPatch
) -> None:
    minimum(1)
    await record(db, await add_player(db, "Ann"), graded(1.0, number=1))
    tab = server.tab()
    await tab.send(f"{STATE}.load")

    def away() -> None:
        raise Unavailable("the database does not answer")

    with monkeypatch.context() as patch:
        patch.setattr(ratings, "transaction", away)
        shown = await tab.send(f"{STATE}.load")
    assert shown["error"] == "the database does not answer"
    assert "rows" not in shown
    assert (await tab.send(f"{STATE}.load"))["error"] == ""
    assert infra_db.session_override is not None


def board(*entries: Entry, viewer: Entry | None = None) -> Board:
    return Board(period_named("2026-W48"), 100, 200.0, len(entries), entries, viewer, None)


def week(answered: int, *, finished: bool = False) -> RankedProgress:
    now = datetime(2026, 11, 24, tzinfo=UTC)
    return RankedProgress(
        set_id="2026-W48", kind="weekly", items=200, dealt=answered, answered=answered, finished=finished, ready=True,
        closes_at=now, commitment="c", streak=0,
    )  # fmt: skip


def entry(number: int, rank: int | None, score: float, interval: tuple[float, float] | None) -> Entry:
    return Entry(__import__("uuid").UUID(int=number), f"P{number}", rank, score, interval, 150, 150, 0)


def test_scores_carry_their_sign_and_unit() -> None:
    rows, _ = rows_view(board(entry(1, 1, 0.424, (0.1, 0.7)), entry(2, 2, -0.3, None)))
    assert [(row.score, row.interval) for row in rows] == [
        ("+0.42%", "+0.10 to +0.70"),
        ("−0.30%", "from 100 decisions"),
    ]
    assert [signed_pct(value) for value in (0.0, -0.001, 0.004, 1.0)] == ["0.00", "0.00", "0.00", "+1.00"]


def test_intervals_are_drawn_on_one_scale() -> None:
    rows, _ = rows_view(board(entry(1, 1, 0.5, (0.0, 1.0)), entry(2, 2, -0.5, (-1.0, 0.0))))
    assert [(row.low, row.width, row.at) for row in rows] == [(50.0, 50.0, 75.0), (0.0, 50.0, 25.0)]


def test_an_own_row_further_down_is_shown_apart() -> None:
    rows, apart = rows_view(board(entry(1, 1, 0.5, (0.0, 1.0)), viewer=entry(9, 70, -1.0, (-2.0, 0.0))))
    assert [row.own for row in rows] == [False]
    assert (apart.rank, apart.own, apart.low) == ("70", True, 0.0)


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(days=6, hours=23, minutes=59), "6 d 23 h"),
        (timedelta(hours=5, minutes=4), "5 h 4 min"),
        (timedelta(minutes=3, seconds=59), "3 min"),
        (timedelta(seconds=-5), "0 min"),
    ],
)
def test_the_time_left_is_said_in_its_two_largest_units(left: timedelta, words: str) -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    assert left_text(now + left, now) == words


def test_the_head_names_the_week_and_how_far_the_player_is() -> None:
    now = datetime(2026, 11, 24, tzinfo=UTC)
    head = head_view(board(), week(34), now, member=True)
    assert (head.period, head.closes, head.finished) == ("Week 48, 2026", "6 d 0 h left", False)
    assert head.invitation == "You have answered 34 of 200."
    assert head_view(board(), week(200, finished=True), now, member=True).finished
    assert head_view(board(), week(34), now, member=False).invitation == ""


def test_the_head_of_the_day_counts_hands_and_days_in_a_row() -> None:
    now = datetime(2026, 11, 23, 20, tzinfo=UTC)
    daily = RankedProgress(
        set_id="2026-11-23", kind="daily", items=10, dealt=4, answered=9, finished=False, ready=True,
        closes_at=now, commitment="c", streak=3,
    )  # fmt: skip
    page = Board(period_named("2026-11-23"), 10, 20.0, 0, (), None, None)
    head = head_view(page, daily, now, member=True)
    assert (head.period, head.closes, head.unit) == ("Monday 23 November 2026", "4 h 0 min left", "hands")
    assert (head.invitation, head.streak, head.started) == ("You have begun 4 of 10.", "3 days in a row", True)


def test_marked_decisions_are_said_on_the_row() -> None:
    shown = Entry(__import__("uuid").UUID(int=1), "P", 1, 0.4, None, 150, 150, 12)
    rows, _ = rows_view(board(shown))
    assert rows[0].marked == "12 studied"
