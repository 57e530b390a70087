"""`mixline security`: the attacks of tests/security at their full size, and one figure after the other.

Tests report through the fixture `figure`, which appends a line of JSON to the file named by `REPORT_VARIABLE`. A row is
passed when at least one figure was reported for it and none failed; a row nobody reported is no pass.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated, Final

import typer

from app.commands import chromium
from services.infra.settings import ROOT

REPORT_VARIABLE: Final = "MIXLINE_SECURITY_REPORT"
FULL_VARIABLE: Final = "MIXLINE_SECURITY_FULL"
PLACE: Final = "tests/security"
LIVE: Final = "tests/security/live"
FIGURES: Final = (
    "policy per handler",
    "objects of others",
    "cross-site socket",
    "CORS",
    "leaks",
    "passwords",
    "throttling",
    "enumeration",
    "mail and reset tokens",
    "JWT",
    "refresh",
    "revocation",
    "sessions",
    "cookies",
    "CSRF",
    "CSP",
    "headers",
    "second factor",
    "rate limits",
    "audit",
    "supply chain",
    "uploads",
)
BAD_INPUT: Final = (
    "valid ranges",
    "bad ranges and boards",
    "schemathesis",
    "payloads per socket handler",
    "naughty strings",
)
PASS, FAIL, UNKNOWN = "pass", "FAIL", "NOT CHECKED"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="security", epilog='Example: ./mixline security --row "cross-site socket"')(security)


def security(
    short: Annotated[bool, typer.Option(help="The small numbers of `mixline test`.")] = False,
    row: Annotated[list[str] | None, typer.Option(help="Only this row; may be repeated.")] = None,
) -> None:
    """Attack the product and print every figure; 1 when a row fails or has none, 3 when one could not be checked."""
    found = chromium.find(typer.echo)
    if found is None:
        typer.echo(chromium.ADVICE, err=True)
        raise typer.Exit(1)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "figures.jsonl"
        report.touch()
        environment = os.environ | {REPORT_VARIABLE: str(report), chromium.VARIABLE: found}
        environment |= {} if short else {FULL_VARIABLE: "1"}
        command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "--timeout", "1800"]
        # A row's tests are marked by a word of their names that is the row's own, see tests/security/conftest.py.
        only = [option for name in row or () for option in ("--row", name)]
        codes = [
            subprocess.run([*command, *arguments, *only], cwd=ROOT, env=environment, check=False).returncode
            for arguments in ((PLACE, "--ignore", LIVE), (LIVE,))
        ]
        lines = [json.loads(line) for line in report.read_text().splitlines()]
    states = [_show(name, [line for line in lines if line["row"] == name]) for name in row or (*FIGURES, *BAD_INPUT)]
    typer.echo(f"{len(states)} rows in {time.monotonic() - started:.0f} s; pytest ended with {codes}")
    if FAIL in states or any(code not in (0, 5) for code in codes):
        raise typer.Exit(1)
    if UNKNOWN in states:
        raise typer.Exit(3)


def _show(name: str, lines: list[dict[str, object]]) -> str:
    states = [PASS if line["passed"] else UNKNOWN if line["passed"] is None else FAIL for line in lines]
    state = FAIL if not lines or FAIL in states else UNKNOWN if UNKNOWN in states else PASS
    colour = {PASS: "green", FAIL: "red", UNKNOWN: "yellow"}[state]
    typer.secho(f"{name:<28} {state}", bold=True, fg=colour)
    for line, one in zip(lines, states, strict=True):
        typer.echo(f"    {one:<11} {line['figure']}")
    if not lines:
        typer.echo("    no figure was reported")
    return state
