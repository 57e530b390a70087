"""Boards that are kept for ranked sets, however somebody writes them, and who studied what."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import permutations
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from services.accounts.events import AccountErased, GuestMerged
from services.infra import clock, events
from services.infra.db import transaction
from services.infra.errors import TooMany
from services.solutions import erasure as _erasure  # noqa: F401 registers its projector
from services.solutions import kept_repository, reservations, study
from services.solutions.reservations import BoardKept, overlap
from solver.cards import cards_to_text, parse_cards
from solver.isomorphism import SUIT_MAPS, map_card

ANN, BOB = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize(
    ("kept", "other", "expected"),
    [
        ("Td9d6h", "Td9d6h", True),
        ("Td9d6h", "6h9dTd", True),
        ("Td9d6h", "Ts9s6c", True),  # suits renamed
        ("Td9d6h", "Td9h6h", False),  # another flush draw
        ("Td9d6h", "Td9d6h2c", True),  # a turn of the flop
        ("Td9d6h2c", "Ts9s6h", True),  # the flop under a kept turn
        ("Qs8s3d2hAd", "Ad2h3d8sQs", True),  # the same river, cards in another order
        ("Qs8s3d2hAd", "Qs8s3dJh", False),
        ("As7s3s", "Ah7h3s", False),
        ("As7s3s", "AdKd7d3d", True),
    ],
)
def test_a_board_is_kept_whatever_its_suits_and_order(kept: str, other: str, expected: bool) -> None:
    assert overlap(parse_cards(kept), parse_cards(other)) is expected


@given(st.lists(st.integers(0, 51), min_size=5, max_size=5, unique=True), st.integers(3, 5), st.sampled_from(SUIT_MAPS))
def test_no_renaming_of_suits_and_no_order_escapes(
    cards: list[int], size: int, suits: tuple[int, int, int, int]
) -> None:
    renamed = [map_card(suits, card) for card in cards[:size]]
    assert all(overlap(cards, order) for order in permutations(renamed))


@pytest.fixture
async def kept_flop(db: AsyncSession) -> tuple[int, ...]:
    board, now = parse_cards("Td9d6h"), clock.now()
    await reservations.keep(db, "2026-W48", [board], "this week's ranked set", now, datetime(2199, 11, 30, tzinfo=UTC))
    return board


async def test_a_kept_board_says_for_what_and_until_when(db: AsyncSession, kept_flop: tuple[int, ...]) -> None:
    with pytest.raises(BoardKept) as refused:
        (await reservations.kept(db)).check(parse_cards("Th9h6c"))
    assert refused.value.status == 403
    assert refused.value.code == "board-kept"
    assert refused.value.message == (
        "this board is kept for this week's ranked set until Saturday 30 November 2199, 00:00 UTC"
    )


async def test_a_board_is_free_before_its_set_opens_and_after_it_closes(db: AsyncSession) -> None:
    opens = clock.now() + timedelta(hours=1)
    await reservations.keep(db, "2026-W48", [parse_cards("Td9d6h")], "x", opens, opens + timedelta(hours=1))
    board = parse_cards("Td9d6h")
    assert (await reservations.kept(db)).holds(board) is None
    with clock.travel(timedelta(minutes=61)):
        assert (await reservations.kept(db)).holds(board) is not None
    with clock.travel(timedelta(minutes=121)):
        assert (await reservations.kept(db)).holds(board) is None


async def test_studies_are_taken_down_once_a_day_and_refusals_as_such(
    db: AsyncSession, kept_flop: tuple[int, ...]
) -> None:
    free = parse_cards("As7s3s")
    for _ in range(3):
        await study.admit(db, ANN, free, "look")
    await study.admit(db, ANN, free, "solve")
    with pytest.raises(BoardKept):
        await study.admit(db, BOB, kept_flop, "look")
    rows = await db.execute(text("SELECT user_id, board, kind, times FROM solutions.study ORDER BY user_id, kind"))
    assert [tuple(row) for row in rows] == [
        (ANN, "3s7sAs", "look", 3),
        (ANN, "3s7sAs", "solve", 1),
        (BOB, "6h9dTd", "refused", 1),
    ]


async def test_only_what_was_seen_in_the_week_before_marks_and_only_for_who_saw_it(db: AsyncSession) -> None:
    board = parse_cards("As7s3s")
    await study.admit(db, ANN, parse_cards("Ah7h3h"), "look")
    opened = clock.now() + timedelta(days=6)
    assert await study.studied(db, ANN, board, clock.now())
    assert not await study.studied(db, BOB, board, clock.now())
    assert not await study.studied(db, ANN, parse_cards("As7s2s"), clock.now())
    with clock.travel(timedelta(days=10)):
        assert await study.studied(db, ANN, board, opened)
        assert not await study.studied(db, ANN, board, opened + timedelta(days=2))


async def test_a_refused_attempt_marks_nothing(db: AsyncSession, kept_flop: tuple[int, ...]) -> None:
    with pytest.raises(BoardKept):
        await study.admit(db, ANN, kept_flop, "solve")
    assert not await study.studied(db, ANN, kept_flop, clock.now())


async def test_a_guests_studies_go_to_the_account_and_with_it(db: AsyncSession) -> None:
    board = parse_cards("As7s3s")
    await study.admit(db, ANN, board, "look")
    await study.admit(db, BOB, board, "look")
    merged = GuestMerged(guest_id=ANN, user_id=BOB)
    await events.append(db, clock.new_id(), "user", 0, [merged], BOB)
    rows = await db.execute(text("SELECT user_id, times FROM solutions.study"))
    assert [tuple(row) for row in rows] == [(BOB, 2)]
    await events.append(db, clock.new_id(), "user", 0, [AccountErased(user_id=BOB, guest_ids=(ANN,))], BOB)
    assert await db.scalar(text("SELECT count(*) FROM solutions.study")) == 0


async def test_a_refusal_is_taken_down_although_what_was_asked_for_is_rolled_back(committed: AsyncEngine) -> None:
    board, now = parse_cards("Td9d6h"), clock.now()
    async with transaction() as db:
        await reservations.keep(db, "2026-W48", [board], "x", now, now + timedelta(hours=1))
    for _ in range(2):
        with pytest.raises(BoardKept):
            async with transaction() as db:
                await study.admit(db, ANN, board, "look")
    async with transaction() as db:
        rows = await db.execute(text("SELECT user_id, kind, times FROM solutions.study"))
        assert [tuple(row) for row in rows] == [(ANN, "refused", 2)]
        (found,) = await study.of_boards(db, [board], now, now + timedelta(hours=1))
        assert (found.user_id, found.board) == (ANN, "6h9dTd")


@given(
    st.lists(st.integers(0, 51), min_size=5, max_size=5, unique=True),
    st.integers(3, 5),
    st.integers(3, 5),
    st.sampled_from(SUIT_MAPS),
)
def test_the_database_leaves_no_board_out_that_overlaps(
    cards: list[int], size: int, other_size: int, suits: tuple[int, int, int, int]
) -> None:
    written = cards_to_text(sorted(map_card(suits, card) for card in cards[:other_size]))
    likes = [re.compile(one.replace("%", ".*").replace("_", ".")) for one in study._patterns(cards[:size])]
    assert any(like.fullmatch(written) for like in likes)


async def test_a_player_studies_so_many_boards_a_day(db: AsyncSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_repository, "MOST_A_DAY", 3)
    boards = [parse_cards(f"2c3c{one}") for one in ("4c", "5c", "6c", "7c")]
    for board in boards[:3]:
        await study.admit(db, ANN, board, "solve")
    with pytest.raises(TooMany) as refused:
        await study.admit(db, ANN, boards[3], "look")
    assert refused.value.code == "too-many-boards"
    assert 0 < refused.value.retry_after_s <= 86_401
    await study.admit(db, ANN, boards[0], "look")
    await study.admit(db, BOB, boards[3], "look")
    with clock.travel(timedelta(days=1)):
        await study.admit(db, ANN, boards[3], "look")
