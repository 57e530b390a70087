"""What is known against the locked packages: pip-audit and bun's audit against the lock files.

A service that does not answer, or does not know our packages, is told apart from one that has nothing against them:
both tools end well when nothing could be looked up.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.commands.bill_of_materials import FRONT_END_LOCK, RUNTIME_LOCK, front_end_packages, python_packages
from app.frontend import configured_registry
from services.infra.settings import ROOT

BIN = Path(sys.executable).parent
SERVICES = ("pypi", "osv")
SERIOUS = ("high", "critical")
LIMIT_S = 180


@dataclass(slots=True)
class Report:
    """What was found.

    Attributes:
        findings: Known advisories, one line each; of any severity for Python, whose services name none.
        checked: Packages that a service knew.
        unknown: Why the others were not checked; empty when all were.
    """

    name: str
    total: int
    checked: int = 0
    findings: list[str] = field(default_factory=list)
    unknown: str = ""

    @property
    def complete(self) -> bool:
        """Whether every package was looked up."""
        return self.checked >= self.total

    @property
    def summary(self) -> str:
        """One line for people."""
        text = f"{self.checked} of {self.total} packages checked, {len(self.findings)} advisories"
        if self.complete:
            return text
        return f"{text}. NOT CHECKED: the advisory service could not be reached or does not answer ({self.unknown})"


def _installed_here(root: Path) -> int:
    """Packages of the lock that this environment installs; those of other systems are in the lock as well."""
    from packaging.markers import Marker  # noqa: PLC0415 only this command needs it

    return sum(1 for one in python_packages(root) if not one.marker or Marker(one.marker).evaluate())


def _read(answer: dict[str, Any], report: Report) -> Report:
    """Read pip-audit's JSON into ``report``."""
    for package in answer["dependencies"]:
        if "skip_reason" in package:
            report.unknown = report.unknown or str(package["skip_reason"])
            continue
        report.checked += 1
        for known in package["vulns"]:
            fixed = ", ".join(known.get("fix_versions", [])) or "no version yet"
            report.findings.append(f"{package['name']} {package['version']}: {known['id']} (fixed in {fixed})")
    return report


def _ask(root: Path, service: tuple[str, ...]) -> Report:
    """One run of pip-audit against the runtime lock."""
    report = Report("Python", _installed_here(root))
    command = [BIN / "pip-audit", "-r", RUNTIME_LOCK, "--require-hashes", "--disable-pip", "--format", "json"]
    answer = _answer([*command, "--progress-spinner", "off", "--timeout", "15", *service], root, None, report)
    return report if answer is None else _read(answer, report)


def _answer(
    command: list[str | Path], folder: Path, environment: dict[str, str] | None, report: Report
) -> dict[str, Any] | None:
    """The JSON that a tool prints; None, with the reason in the report, where it prints none."""
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired:
        report.unknown = f"no answer within {LIMIT_S} s"
        return None
    try:
        return json.loads(done.stdout)
    except json.JSONDecodeError:
        report.unknown = (done.stderr.strip().splitlines() or ["no answer"])[-1][:200]
        return None


def python(root: Path = ROOT) -> Report:
    """The first service that knows our packages, else the last one's report."""
    report = Report("Python", 0)
    for service in SERVICES:
        report = _ask(root, ("--vulnerability-service", service))
        if report.complete or report.findings:
            break
    return report


def front_end(root: Path = ROOT, registry: str | None = None) -> Report:
    """The registry's advisories about everything in the front end's lock, high and critical ones."""
    report = Report("Front end", len(front_end_packages(root)))
    with tempfile.TemporaryDirectory() as folder:
        for name in ("package.json", "bun.lock"):
            shutil.copy((root / FRONT_END_LOCK).with_name(name), folder)
        asked = registry or configured_registry()
        environment = os.environ | ({"NPM_CONFIG_REGISTRY": asked} if asked else {})
        known = _answer([BIN / "bun", "audit", "--json"], Path(folder), environment, report)
    if known is None:
        return report
    report.checked = report.total
    for name, advisories in known.items():
        for one in advisories:
            if one.get("severity") in SERIOUS:
                report.findings.append(f"{name}: {one.get('severity')}: {one.get('title')} ({one.get('url')})")
    return report
