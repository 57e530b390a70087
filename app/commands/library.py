"""`mixline library build`: the solved spots that ship with the product."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from services.infra.settings import get_settings

library = typer.Typer(help="Build and check the starter library.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the group to the command line."""
    app.add_typer(library, name="library")


@library.command(epilog="Example: ./mixline library build --only BTN_vs_BB_3BP --threads 2")
def build(
    only: Annotated[list[str] | None, typer.Option(help="Only entries whose id begins with this; repeatable.")] = None,
    planned: Annotated[bool, typer.Option("--planned", help="The flops that the library grows by, for here.")] = False,
    all_flops: Annotated[bool, typer.Option("--all-flops", help="All 1,755 flops of the families, for here.")] = False,
    depth: Annotated[int, typer.Option(help="With --all-flops: stacks in bb; 50, 100 or 200.")] = 100,
    listing: Annotated[bool, typer.Option("--list", help="Say what is declared and what is there, and stop.")] = False,
    target: Annotated[float | None, typer.Option(help="Exploitability to solve to, % of the pot.", min=0.001)] = None,
    time_limit: Annotated[float | None, typer.Option(help="Seconds for one solve; what is reached is kept.")] = None,
    threads: Annotated[int, typer.Option(help="Threads of a solve.", min=1)] = max(1, (os.cpu_count() or 2) - 1),
    memory: Annotated[int | None, typer.Option(help="Leave out what needs more MiB.", min=1)] = None,
    folder: Annotated[Path | None, typer.Option(help="Where to; by default what ships, or the data folder.")] = None,
    force: Annotated[bool, typer.Option(help="Build again what is there.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Start without asking.")] = False,
) -> None:
    """Solve the spots that are missing; an interrupted build goes on where it stopped."""
    from services.infra import kernel_cache  # noqa: PLC0415 as below

    kernel_cache.configure()
    # Imported late: they pull in the compiled solver, which a plain --help must not wait for.
    from services.solutions.builder import Builder, Options  # noqa: PLC0415
    from services.solutions.growth import every_flop, grown_folder, missing, plan  # noqa: PLC0415
    from services.solutions.manifest import FOLDER, read_manifest  # noqa: PLC0415
    from services.solutions.starter import ENTRIES, FAMILIES  # noqa: PLC0415

    if all_flops:
        entries = [entry for family in FAMILIES.values() if family.depth == depth for entry in every_flop(family)]
    else:
        entries = list(plan(get_settings().library_flops) if planned else ENTRIES)
    folder = folder or (grown_folder() if planned or all_flops else FOLDER)
    entries = [entry for entry in entries if entry.id.startswith(tuple(only or ("",)))]
    if not entries:
        typer.echo("No such entry begins so; see --list.", err=True)
        raise typer.Exit(1)
    if listing:
        held = {entry["id"]: entry for entry in read_manifest(folder)["entries"]}
        for entry in entries:
            made = held.get(entry.id)
            line = " after " + "/".join(entry.line) if entry.line else ""
            state = (
                f"{made['exploitability']['served_pct']:.3f}% of pot, {made['bytes'] / 1024:.0f} KiB"
                if made
                else "missing"
            )
            typer.echo(f"{entry.id:28} {state}{line}")
        return
    started = time.perf_counter()

    def report(message: str) -> None:
        print(f"[{time.perf_counter() - started:6.0f} s] {message}", file=sys.stderr, flush=True)

    folder.mkdir(parents=True, exist_ok=True)
    builder = Builder(Options(threads, target, time_limit, force, folder, memory_mib=memory), report)
    if all_flops:
        typer.echo(builder.forecast(missing(entries, folder)), err=True)
        if not yes:
            typer.confirm("Start?", abort=True)
    builder.build(entries)


@library.command(epilog="Example: ./mixline library check")
def check() -> None:
    """Read every artefact that the manifest names and verify its checksums."""
    from services.solutions.manifest import verify  # noqa: PLC0415 as above

    problems = verify()
    for problem in problems:
        typer.echo(problem, err=True)
    if problems:
        raise typer.Exit(1)
    typer.echo("Every artefact is the one that the manifest names.")


@library.command(
    epilog="Example: ./mixline library subgame BTN_vs_BB_3BP_Kh8h3c 'check/check/deal 7d' | ./mixline solve -"
)
def subgame(
    entry: Annotated[str, typer.Argument(help="An entry of the library, as `library build --list` names it.")],
    line: Annotated[str, typer.Argument(help="A line that ends with a deal of the turn or the river.")],
) -> None:
    """Print what follows a deal as a spot of its own, from both players' ranges there."""
    import json  # noqa: PLC0415 as above

    from services.infra import kernel_cache  # noqa: PLC0415

    kernel_cache.configure()
    from app.commands.work import run  # noqa: PLC0415
    from services.infra.errors import DomainError  # noqa: PLC0415
    from services.solutions.catalog import library_id, parse_line  # noqa: PLC0415
    from services.solutions.service import get_strategies  # noqa: PLC0415
    from solver.spot import spot_to_json  # noqa: PLC0415

    try:
        spot = run(get_strategies().subgame(library_id(entry), parse_line(line)))
    except DomainError as refused:
        typer.echo("; ".join(problem.message for problem in refused.errors) or refused.message, err=True)
        raise typer.Exit(2) from None
    typer.echo(json.dumps(spot_to_json(spot)))
