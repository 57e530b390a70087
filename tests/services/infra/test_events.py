"""The event store on a real PostgreSQL."""

from __future__ import annotations

import asyncio
from typing import ClassVar

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from services.infra import clock, events
from services.infra.db import transaction
from services.infra.errors import Conflict


class CoinTossed(events.Event):
    """A coin fell."""

    type: ClassVar[str] = "test.CoinTossed"
    payload_version: ClassVar[int] = 2
    upcasters: ClassVar[dict[int, events.Upcaster]] = {1: lambda old: {"side": old["face"].lower()}}

    side: str


@pytest.fixture
async def tally(db: AsyncSession) -> AsyncSession:
    """A read model of its own: how often each side came up."""
    await db.execute(text("CREATE TABLE infra.tally (side text PRIMARY KEY, n int NOT NULL)"))
    return db


@pytest.fixture
def projected(monkeypatch: pytest.MonkeyPatch) -> list[events.Projector]:
    """The tally's projector, known to the store for one test."""
    known: list[events.Projector] = []
    monkeypatch.setattr(events, "_projectors", known)

    @events.projector(CoinTossed, tables=("infra.tally",))
    async def count(db: AsyncSession, stored: events.StoredEvent) -> None:
        if stored.event.side == "lost":
            raise ValueError("the coin is gone")
        await db.execute(
            text("INSERT INTO infra.tally VALUES (:side, 1) ON CONFLICT (side) DO UPDATE SET n = tally.n + 1"),
            {"side": stored.event.side},
        )

    return known


async def sides(db: AsyncSession) -> dict[str, int]:
    return {row.side: row.n for row in await db.execute(text("SELECT side, n FROM infra.tally"))}


async def test_events_come_back_in_the_order_of_their_versions(db: AsyncSession):
    stream, user = clock.new_id(), clock.new_id()
    await events.append(db, stream, "coin", 0, [CoinTossed(side="heads"), CoinTossed(side="tails")], user)
    await events.append(db, stream, "coin", 2, [CoinTossed(side="edge")], None)
    stored = await events.load(db, stream)
    assert [(one.version, one.event.side, one.user_id) for one in stored] == [
        (1, "heads", user),
        (2, "tails", user),
        (3, "edge", None),
    ]


async def test_a_version_that_is_taken_is_a_conflict(db: AsyncSession):
    stream = clock.new_id()
    await events.append(db, stream, "coin", 0, [CoinTossed(side="heads")], None)
    with pytest.raises(Conflict) as refused:
        await events.append(db, stream, "coin", 0, [CoinTossed(side="tails")], None)
    assert refused.value.code == "stale-version"


async def test_a_version_ahead_of_the_stream_is_a_conflict(db: AsyncSession):
    with pytest.raises(Conflict):
        await events.append(db, clock.new_id(), "coin", 4, [CoinTossed(side="tails")], None)


async def test_of_fifty_concurrent_appends_of_one_version_one_succeeds(committed: AsyncEngine):
    stream = clock.new_id()

    async def attempt(number: int) -> bool:
        try:
            async with transaction() as db:
                await events.append(db, stream, "coin", 0, [CoinTossed(side=str(number))], None)
        except Conflict:
            return False
        return True

    tries = [attempt(n) for n in range(50)]
    assert sum([won for batch in range(0, 50, 10) for won in await asyncio.gather(*tries[batch : batch + 10])]) == 1
    async with transaction() as db:
        assert len(await events.load(db, stream)) == 1


@pytest.mark.parametrize(
    "change",
    ["UPDATE infra.event SET type = 'x'", "DELETE FROM infra.event", "TRUNCATE infra.event"],
)
async def test_a_stored_event_can_not_be_changed(db: AsyncSession, change: str):
    await events.append(db, clock.new_id(), "coin", 0, [CoinTossed(side="heads")], None)
    with pytest.raises(DBAPIError, match="append-only"):
        async with db.begin_nested():
            await db.execute(text(change))


async def test_a_payload_of_an_old_version_is_brought_up_to_the_present_one(db: AsyncSession):
    stream = clock.new_id()
    await db.execute(
        text(
            "INSERT INTO infra.event"
            " (id, stream_id, stream_type, version, type, payload_version, payload, meta, recorded_at)"
            " VALUES (:id, :stream, 'coin', 1, 'test.CoinTossed', 1, '{\"face\": \"HEADS\"}', '{}', now())"
        ),
        {"id": clock.new_id(), "stream": stream},
    )
    assert (await events.load(db, stream))[0].event == CoinTossed(side="heads")


async def test_two_classes_can_not_share_a_type():
    with pytest.raises(TypeError, match="belongs to CoinTossed"):

        class CoinLost(events.Event):
            type: ClassVar[str] = "test.CoinTossed"


async def test_a_read_model_is_written_in_the_transaction_of_its_event(
    tally: AsyncSession, projected: list[events.Projector]
):
    stream = clock.new_id()
    await events.append(tally, stream, "coin", 0, [CoinTossed(side="heads")], None)
    assert await sides(tally) == {"heads": 1}


async def test_an_event_whose_projector_fails_is_not_stored(tally: AsyncSession, projected: list[events.Projector]):
    stream = clock.new_id()
    with pytest.raises(ValueError, match="gone"):
        async with transaction() as db:
            await events.append(db, stream, "coin", 0, [CoinTossed(side="heads"), CoinTossed(side="lost")], None)
    assert await events.load(tally, stream) == []
    assert await sides(tally) == {}


async def test_a_rebuilt_read_model_equals_the_one_before(tally: AsyncSession, projected: list[events.Projector]):
    for side in ("heads", "heads", "tails"):
        await events.append(tally, clock.new_id(), "coin", 0, [CoinTossed(side=side)], None)
    await tally.execute(text("UPDATE infra.tally SET n = 99"))
    assert await events.rebuild(tally, projected, batch=2) == 3
    assert await sides(tally) == {"heads": 2, "tails": 1}


async def test_a_reader_never_passes_a_transaction_that_commits_late(committed: AsyncEngine):
    late, early = clock.new_id(), clock.new_id()
    async with transaction() as reader_db:
        assert await events.read_after(reader_db, (0, 0), 10) == []

    async with AsyncSession(committed) as slow, slow.begin():
        # The slow writer takes the smaller position and commits last.
        await events.append(slow, late, "coin", 0, [CoinTossed(side="late")], None)
        async with transaction() as fast:
            await events.append(fast, early, "coin", 0, [CoinTossed(side="early")], None)
        async with transaction() as db:
            assert await events.read_after(db, (0, 0), 10) == [], "an event behind a running transaction was handed out"

    # Transactions of other databases of this server hold a reader back too, so both may take a moment to be readable.
    async with asyncio.timeout(20):
        seen: list[events.StoredEvent] = []
        while len(seen) < 2:
            async with transaction() as db:
                seen += await events.read_after(db, seen[-1].cursor if seen else (0, 0), 1)
    assert [one.event.side for one in seen] == ["late", "early"]


async def test_a_reader_misses_nothing_of_concurrent_writers(committed: AsyncEngine):
    async def write(number: int) -> None:
        async with transaction() as db:
            await events.append(db, clock.new_id(), "coin", 0, [CoinTossed(side=str(number))], None)
            await asyncio.sleep(0.003 * (number % 7))

    async def read(until: int) -> list[str]:
        seen: list[str] = []
        cursor = (0, 0)
        while len(seen) < until:
            async with transaction() as db:
                batch = await events.read_after(db, cursor, 7)
            for one in batch:
                seen.append(one.event.side)
                cursor = one.cursor
            await asyncio.sleep(0.002)
        return seen

    reading = asyncio.create_task(read(120))
    for start in range(0, 120, 12):
        await asyncio.gather(*(write(n) for n in range(start, start + 12)))
    seen = await asyncio.wait_for(reading, 20)
    assert sorted(seen, key=int) == [str(n) for n in range(120)]
