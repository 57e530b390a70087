"""Runs the migrations against DATABASE_URL, all schemas of ``services.*.models`` in one chain."""

import asyncio
import importlib
import importlib.util
import pkgutil

from alembic import context
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel

import services
from services.infra.db import async_url
from services.infra.settings import get_settings

for package in pkgutil.iter_modules(services.__path__):
    name = f"services.{package.name}.models"
    if importlib.util.find_spec(name):
        importlib.import_module(name)

SCHEMAS = {table.schema for table in SQLModel.metadata.tables.values()}


def include_name(name: str | None, kind: str, _parents: dict) -> bool:
    """Compare only the product's own schemas."""
    return kind != "schema" or name in SCHEMAS


def run(connection: Connection) -> None:
    """Apply the revisions in one transaction; a second process waits for the first."""
    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7031411)")
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        include_schemas=True,
        include_name=include_name,
        compare_server_default=False,
    )
    with context.begin_transaction():
        context.run_migrations()


async def run_online() -> None:
    """Open a connection of our own and run on it."""
    engine = create_async_engine(async_url(get_settings().database_url.get_secret_value()))
    async with engine.connect() as connection:
        await connection.run_sync(run)
        await connection.commit()
    await engine.dispose()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    asyncio.run(run_online())
