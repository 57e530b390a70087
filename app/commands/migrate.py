"""`mixline migrate`: bring the database up to date."""

from __future__ import annotations

import asyncio
import os
import sys

import typer

from services.infra.embedded import serving
from services.infra.process import StartError, run_lines
from services.infra.settings import ROOT, get_settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: DATABASE_URL=postgresql://... ./mixline migrate")(migrate)


def migrate() -> None:
    """Bring the database to this version; `up` does the same."""
    asyncio.run(_migrate())
    typer.echo("The database is up to date.")


async def _migrate() -> None:
    async with serving(get_settings().data_folder):
        await upgrade()


async def upgrade() -> None:
    """Migrate the configured database.

    Raises:
        StartError: It failed; nothing was changed.
    """
    command = [sys.executable, "-m", "alembic", "--raiseerr", "upgrade", "head"]
    code, tail = await run_lines(command, lambda _line: None, os.environ, ROOT)
    if code:
        raise StartError(f"the database could not be migrated:\n{tail}")
