"""`mixline lock`: resolve pyproject.toml into the two lock files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from app.environment import ROOT, RUNTIME, uv_environment

OPTIONS = ("--universal", "--generate-hashes", "--no-emit-index-url", "--no-emit-find-links", "--no-header", "--quiet")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="lock", epilog="Example: ./mixline lock --upgrade")(lock)


def lock(upgrade: Annotated[bool, typer.Option(help="Take newer versions than the locked ones.")] = False) -> None:
    """Write requirements.lock and requirements-dev.lock from pyproject.toml, hashed and without addresses."""
    uv = Path(sys.executable).with_name("uv")
    common = [uv, "pip", "compile", "pyproject.toml", *OPTIONS, "--python", sys.executable]
    if upgrade:
        common.append("--upgrade")
    for arguments in (["-o", RUNTIME], ["--group", "dev", "-c", RUNTIME, "-o", "requirements-dev.lock"]):
        subprocess.run([*common, *arguments], cwd=ROOT, env=uv_environment(), check=True)
