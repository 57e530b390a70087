"""`mixline audit verify`: whether the audit trail is whole."""

from __future__ import annotations

import typer

from app.commands.work import run_on_servers
from services.audit import service
from services.audit.service import Verdict
from services.infra import log
from services.infra.db import transaction


def verify() -> None:
    """Read the whole audit trail; exit code 1 when an entry was changed or removed."""
    log.configure("warning")
    verdict = run_on_servers(_verify())
    if verdict.fault:
        typer.echo(f"The audit trail is broken after {verdict.entries} sound entries. {verdict.fault}", err=True)
        raise typer.Exit(1)
    typer.echo(f"{verdict.entries} entries, unbroken. Head: {verdict.head or 'none'}")


async def _verify() -> Verdict:
    async with transaction() as db:
        return await service.verify(db)
