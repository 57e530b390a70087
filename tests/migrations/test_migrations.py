"""The chain of migrations against an empty PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from app.commands.migrate import upgrade
from services.infra.embedded import publish_urls
from services.infra.settings import ROOT


@pytest.fixture
async def empty_database(server_urls: dict[str, str]) -> AsyncIterator[str]:
    """The URL of a database in which nothing ever was; it is also the setting."""
    own = server_urls["DATABASE_URL"]
    url = f"{own}_empty"
    name = url.rsplit("/", 1)[1]
    connection = await asyncpg.connect(own)
    await connection.execute(f"DROP DATABASE IF EXISTS {name}")
    await connection.execute(f"CREATE DATABASE {name}")
    publish_urls({"DATABASE_URL": url})
    yield url
    publish_urls({"DATABASE_URL": own})
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


def configuration() -> Config:
    return Config(str(ROOT / "alembic.ini"))


async def relations(url: str) -> set[str]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            "SELECT table_schema || '.' || table_name FROM information_schema.tables"
            " WHERE table_schema NOT IN ('pg_catalog', 'information_schema', 'public')"
        )
    finally:
        await connection.close()
    return {row[0] for row in rows}


async def run(action: object, *arguments: object) -> None:
    """Alembic in a thread: its environment starts an event loop of its own."""
    await asyncio.to_thread(action, configuration(), *arguments)  # type: ignore[arg-type]


def test_the_revisions_are_one_chain():
    script = ScriptDirectory.from_config(configuration())
    assert len(script.get_heads()) == 1
    assert len(script.get_bases()) == 1


async def test_an_empty_database_comes_up_to_date_and_the_models_agree_with_it(empty_database: str):
    await run(command.upgrade, "head")
    assert "infra.event" in await relations(empty_database)
    await run(command.check)  # raises when autogenerate would change anything


async def test_every_migration_can_be_taken_back_and_applied_again(empty_database: str):
    await run(command.upgrade, "head")
    before = await relations(empty_database)
    await run(command.downgrade, "base")
    assert await relations(empty_database) == set()
    await run(command.upgrade, "head")
    assert await relations(empty_database) == before


async def test_two_processes_may_migrate_at_the_same_time(empty_database: str):
    await asyncio.gather(upgrade(), upgrade())
    assert "infra.event" in await relations(empty_database)
