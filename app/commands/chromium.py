"""Finds a Chromium for the browser tests, or installs one where that is possible."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

VARIABLE = "MIXLINE_CHROMIUM"
SYSTEM_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
ADVICE = (
    "The browser tests need a Chromium. Install one (Debian: apt-get install chromium), or name one in "
    f"{VARIABLE}, or let Playwright get its own: .venv/bin/python -m playwright install chromium"
)


def find(say: Callable[[str], None]) -> str | None:
    """The path of a Chromium that starts: the variable's, Playwright's own, the system's, or one installed just now."""
    named = os.environ.get(VARIABLE)
    if named:
        return named if _starts(named) else None
    for look in (_playwrights, _systems):
        if path := look():
            return path
    say("No Chromium here: getting Playwright's own ...")
    _run(sys.executable, "-m", "playwright", "install", "chromium-headless-shell", "chromium", limit_s=600)
    if path := _playwrights():
        return path
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say("Installing the system's Chromium with apt-get ...")
        _run("apt-get", "update", limit_s=300)
        _run("apt-get", "install", "--yes", "--no-install-recommends", "chromium", limit_s=900)
        return _systems()
    return None


def _playwrights() -> str | None:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 only in development environments

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if _starts(path) else None


def _systems() -> str | None:
    return next((path for name in SYSTEM_NAMES if (path := shutil.which(name)) and _starts(path)), None)


def _starts(path: str) -> bool:
    """Whether it can run here: its libraries may be missing although the file is there."""
    return Path(path).exists() and _run(path, "--version", limit_s=30)


def _run(*command: str, limit_s: float) -> bool:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(command, capture_output=True, timeout=limit_s, check=False, env=environment)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
