"""`mixline audit ...`: what the product is made of, and whether any of it is known to be bad."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from app.commands import advisories, audit_log, bill_of_materials, secrets_scan
from services.infra.settings import ROOT


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="Check the trail, the dependencies and the repository.")
    group.command("deps", epilog="Example: ./mixline audit deps")(deps)
    group.command("sbom", epilog="Example: ./mixline audit sbom --output mixline.cdx.json")(sbom)
    group.command("secrets", epilog="Example: ./mixline audit secrets")(secrets)
    group.command("verify", epilog="Example: ./mixline audit verify")(audit_log.verify)
    app.add_typer(group, name="audit")


def deps() -> None:
    """Ask the advisory services about every locked package; 1: something is known, 3: they could not be asked."""
    reports = [advisories.python(), advisories.front_end()]
    for report in reports:
        for finding in report.findings:
            typer.secho(f"{report.name}: {finding}", fg="red")
        typer.echo(f"{report.name}: {report.summary}")
    if any(report.findings for report in reports):
        raise typer.Exit(1)
    if not all(report.complete for report in reports):
        raise typer.Exit(3)


def sbom(output: Annotated[Path | None, typer.Option(help="A file to write; else standard output.")] = None) -> None:
    """The CycloneDX bill of materials of everything that the locks install."""
    text = bill_of_materials.as_json(ROOT)
    if output is None:
        typer.echo(text)
        return
    output.write_text(text)
    typer.echo(f"{output}: {len(json.loads(text)['components'])} components")


def secrets() -> None:
    """Look for credentials in every file under version control; 1 when one is found."""
    found = secrets_scan.scan(ROOT)
    for finding in found:
        typer.secho(f"{finding.path}:{finding.line}: {finding.kind}", fg="red")
    typer.echo(f"{len(found)} found in {len(secrets_scan.tracked_files(ROOT))} files.")
    if found:
        raise typer.Exit(1)
