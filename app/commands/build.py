"""`mixline build`: what `up` needs and does not find: the front end and the compiled solver."""

from __future__ import annotations

import asyncio

import typer

from app import frontend
from services.infra import kernel_cache
from services.infra.process import StartError


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="build", epilog="Example: ./mixline build")(build)


def build() -> None:
    """Build the front end and compile the solver, where their sources changed."""
    kernel_cache.configure()
    try:
        asyncio.run(_build())
    except StartError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


async def _build() -> None:
    await asyncio.gather(frontend.build(lambda _line: None), kernel_cache.warm(typer.echo))
