"""The audit trail: what was written stays, and what was meddled with is found."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from services.audit import anchor, service
from services.audit.anchor import Head
from services.infra.clock import new_id
from services.infra.db import transaction
from services.infra.settings import get_settings


@pytest.fixture(autouse=True)
def own_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("MIXLINE_DATA", str(tmp_path))
    get_settings.cache_clear()
    anchor.key.cache_clear()
    yield
    monkeypatch.undo()
    get_settings.cache_clear()
    anchor.key.cache_clear()


async def write(db: AsyncSession, count: int = 5) -> None:
    for number in range(count):
        await service.record(db, "signed_in", actor=new_id(), details={"number": number, "name": "Zoë ♠"})


async def meddle(db: AsyncSession, statement: str) -> None:
    """Somebody who owns the database switches the trigger off."""
    await db.execute(text("SET LOCAL session_replication_role = replica"))
    await db.execute(text(statement))
    await db.execute(text("SET LOCAL session_replication_role = origin"))


async def test_a_whole_trail_is_found_whole(db: AsyncSession) -> None:
    await write(db)

    verdict = await service.verify(db)

    assert (verdict.entries, verdict.fault) == (5, "")
    assert verdict.head


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE audit.entry SET action = 'signed_out' WHERE position = 3", "Entry 3 was changed."),
        ("UPDATE audit.entry SET actor_id = gen_random_uuid() WHERE position = 2", "Entry 2 was changed."),
        ("UPDATE audit.entry SET details = '{}' WHERE position = 4", "Entry 4 was changed."),
        ("UPDATE audit.entry SET recorded_at = recorded_at + interval '1 microsecond' WHERE position = 1", "Entry 1"),
        ("UPDATE audit.entry SET hash = sha256(hash) WHERE position = 5", "Entry 5 was changed."),
        ("UPDATE audit.entry SET previous = sha256(previous) WHERE position = 5", "Entry 5 was changed."),
        ("DELETE FROM audit.entry WHERE position = 3", "Entry 3 was removed."),
        ("DELETE FROM audit.entry WHERE position < 3", "Entry 1 to 2 was removed."),
    ],
)
async def test_an_edited_or_removed_entry_is_found(db: AsyncSession, statement: str, found: str) -> None:
    await write(db)
    await meddle(db, statement)

    assert found in (await service.verify(db)).fault


@pytest.mark.parametrize("statement", ["DELETE FROM audit.entry WHERE position > 3", "DELETE FROM audit.entry"])
async def test_a_trail_that_was_cut_off_is_found_by_the_head_that_was_written_down(
    db: AsyncSession, statement: str
) -> None:
    await write(db)
    verdict = await service.verify(db)
    anchor.write(Head(5, verdict.head))
    assert (await service.verify(db)).fault == ""
    await meddle(db, statement)

    assert "The end is missing: entry 5" in (await service.verify(db)).fault


async def test_a_trail_that_was_written_anew_is_found(db: AsyncSession) -> None:
    await write(db)
    anchor.write(Head(5, (await service.verify(db)).head))
    await meddle(db, "DELETE FROM audit.entry")
    await write(db, 6)

    assert "is not as it was" in (await service.verify(db)).fault


async def test_without_the_key_no_chain_can_be_made(db: AsyncSession, tmp_path: Path) -> None:
    await write(db)
    (tmp_path / "keys" / "audit.key").write_text("00" * 32)
    anchor.key.cache_clear()

    assert (await service.verify(db)).fault == "Entry 1 was changed."


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit.entry SET action = 'x'", "DELETE FROM audit.entry", "TRUNCATE audit.entry"],
)
async def test_the_database_refuses_to_change_the_trail(db: AsyncSession, statement: str) -> None:
    await write(db, 1)

    with pytest.raises(DBAPIError, match="only grows"):
        async with db.begin_nested():
            await db.execute(text(statement))


async def test_many_at_once_make_one_chain(committed: AsyncEngine) -> None:
    async def one() -> None:
        async with transaction() as db:
            await service.record(db, "signed_in", actor=new_id())

    await asyncio.gather(*(one() for _ in range(30)))

    async with transaction() as db:
        verdict = await service.verify(db)
    assert (verdict.entries, verdict.fault) == (30, "")


async def test_what_did_not_happen_is_not_in_the_trail(committed: AsyncEngine) -> None:
    with pytest.raises(RuntimeError):
        async with transaction() as db:
            await service.record(db, "signed_in", actor=new_id())
            raise RuntimeError

    async with transaction() as db:
        assert (await service.verify(db)).entries == 0


async def test_the_key_is_the_owners_alone(db: AsyncSession, tmp_path: Path) -> None:
    await write(db, 1)
    anchor.write(Head(1, "00"))

    files = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "keys").iterdir()}
    assert files == {"audit.key": 0o600, "audit-head.json": 0o600}
