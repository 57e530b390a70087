"""The tables are those of the migration."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import SQLModel

from services.accounts import models as accounts_models
from services.solutions import models

__all__ = ["accounts_models", "models"]


async def test_the_migrated_tables_are_those_of_the_models(database: AsyncEngine) -> None:
    def differences(connection: sa.Connection) -> list[Any]:
        options = {
            "include_schemas": True,
            "include_name": lambda name, kind, _parents: kind != "schema" or name == "solutions",
            "include_object": lambda thing, _name, _kind, _reflected, _other: (
                getattr(getattr(thing, "table", thing), "schema", "") == "solutions"
            ),
            "compare_type": True,
        }
        return compare_metadata(MigrationContext.configure(connection, opts=options), SQLModel.metadata)

    async with database.connect() as connection:
        assert await connection.run_sync(differences) == []
