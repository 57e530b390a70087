"""`mixline ranked verify`: whether a ranked set is what was promised before it opened."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

ranked = typer.Typer(help="Check the ranked sets of weeks and days.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the group to the command line."""
    app.add_typer(ranked, name="ranked")


@ranked.callback()
def _group() -> None:
    """Keeps the command's name needed while there is just one."""


@ranked.command(epilog="Example: ./mixline ranked verify 2026-W48")
def verify(
    set_id: Annotated[str, typer.Argument(help="A week, 2026-W48, or a day, 2026-11-23, that is over.")],
    file: Annotated[
        Path | None, typer.Option(exists=True, help="What /api/ranked/sets/ID of any installation answered.")
    ] = None,
    published: Annotated[str, typer.Option(help="The fingerprint as it was noted before the set opened.")] = "",
) -> None:
    """Hold a closed set against its fingerprint and draw it again from its seed; exit code 1 when it does not hold."""
    from services.infra import kernel_cache  # noqa: PLC0415 as below

    kernel_cache.configure()
    # Imported late: they pull in the compiled solver, which a plain --help must not wait for.
    from app.commands.work import run, run_on_servers  # noqa: PLC0415
    from services.infra import log  # noqa: PLC0415
    from services.infra.errors import DomainError  # noqa: PLC0415

    log.configure("warning")
    try:
        work = _verify(set_id, file)
        commitment, fingerprint, drawn, differences = run_on_servers(work) if file is None else run(work)
    except (DomainError, ValueError, KeyError, TypeError) as error:
        message = error.message if isinstance(error, DomainError) else f"this is no proof of a set: {error!r}"
        typer.echo(message, err=True)
        raise typer.Exit(1) from None
    if published and published.strip().lower() != commitment:
        differences = [*differences, f"the fingerprint now is {commitment}, not the one that was noted"]
        fingerprint = False
    typer.echo(f"Fingerprint {commitment}: {'seed, pool and spots give it' if fingerprint else 'does not hold'}")
    if drawn is not None:
        typer.echo("Drawn again from the seed: the same spots" if drawn else "Drawn again from the seed: other spots")
    for difference in differences:
        typer.echo(difference, err=True)
    if not fingerprint or drawn is False:
        raise typer.Exit(1)


async def _verify(set_id: str, file: Path | None) -> tuple[str, bool, bool | None, list[str]]:
    from services.infra.db import transaction  # noqa: PLC0415 as above
    from services.solutions.service import get_strategies  # noqa: PLC0415
    from services.training import ranked_proof  # noqa: PLC0415
    from services.training.ranked import RankedSets  # noqa: PLC0415

    strategies = get_strategies()
    if file is not None:
        answer = json.loads(file.read_text())
        proof = ranked_proof.read(answer.get("data", answer), set_id)
    else:
        async with transaction() as db:
            proof = await RankedSets(strategies).proof(db, set_id)
    found = await ranked_proof.verify(strategies, proof)
    return proof.commitment, found.fingerprint, found.drawn, list(found.differences)
