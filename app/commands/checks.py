"""`mixline check` and `mixline test`: what a change has to pass, here and in CI."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from app.commands import chromium
from services.infra.settings import ROOT

BIN = Path(sys.executable).parent
# These hold a browser, whose event loop no other tests can share a process with, not even each other's.
BROWSER = {"tests/e2e": "browser tests", "tests/security/live": "attacks"}
CHECKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("lint", ("ruff", "check", ".")),
    ("format", ("ruff", "format", "--check", ".")),
    ("types", ("basedpyright", "--level", "error")),
    ("imports", ("lint-imports",)),
    ("architecture", ("pytest", "-q", "tests/architecture")),
)


def register(app: typer.Typer) -> None:
    """Add both commands."""
    app.command(epilog="Example: ./mixline check")(check)
    app.command(name="test", epilog="Example: ./mixline test tests/solver")(run_tests)


def check() -> None:
    """Lint, format, types, import contracts and architecture: the fast part of `test`."""
    raise typer.Exit(_run(CHECKS))


def run_tests(
    paths: Annotated[list[str] | None, typer.Argument(help="Only the tests in these places.")] = None,
) -> None:
    """Everything CI runs; with PATHs only the tests in them."""
    chosen = paths or ["tests"]
    steps = [] if paths else list(CHECKS)
    others = [path for path in chosen if not path.startswith(tuple(BROWSER))]
    apart = [option for place in BROWSER for option in ("--ignore", place)]
    # First, because no test's time limit should hold a compilation.
    steps.append(("build", (sys.executable, "-m", "app.cli", "build")))
    if others:
        steps.append(("tests", ("pytest", "-q", "-n", "2", *apart, *others)))
    if not paths or len(others) < len(paths):
        found = chromium.find(typer.echo)
        if found is None:
            typer.echo(chromium.ADVICE, err=True)
            raise typer.Exit(1)
        os.environ[chromium.VARIABLE] = found
        for place, name in BROWSER.items():
            named = [path for path in chosen if path.startswith(place)] if paths else [place]
            if named:
                # A session's fixture builds and starts the product: no test's time limit may hold that.
                steps.append((name, ("pytest", "-q", "-o", "timeout_func_only=true", *named)))
    raise typer.Exit(_run(steps))


def _run(steps: list[tuple[str, tuple[str, ...]]] | tuple[tuple[str, tuple[str, ...]], ...]) -> int:
    """Run all steps, also behind a failed one; 1 when one of them failed."""
    failed: list[str] = []
    for name, (tool, *arguments) in steps:
        typer.secho(f"== {name}", bold=True)
        sys.stdout.flush()
        started = time.monotonic()
        done = subprocess.run([BIN / tool, *arguments], cwd=ROOT, check=False)
        passed = done.returncode == 0
        typer.echo(f"== {name} {'passed' if passed else 'FAILED'} in {time.monotonic() - started:.0f} s")
        if not passed:
            failed.append(name)
    typer.secho(f"Failed: {', '.join(failed)}" if failed else "All passed.", bold=True)
    return 1 if failed else 0
