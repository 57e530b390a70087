"""Builds the front end when its sources changed, into a folder named by their hash.

A build never touches the files of another one, so a running server keeps what it serves. Reflex writes the address of
the back end into the scripts; the build replaces that address by the one of the open page, so that the product answers
under every name and port of the machine. It also collects the hashes of the inline scripts, the only ones that the
content security policy allows.
"""

from __future__ import annotations

import asyncio
import base64
import fcntl
import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from services.infra.process import StartError, run_lines
from services.infra.settings import ROOT

BUILDS = ROOT / ".cache" / "frontend"
SOURCES = ("app", "components", "state", "services", "assets", "reflex.lock")
# Caches, Reflex's own links into packages, the solved spots, and what pages never import.
NO_SOURCES = {"__pycache__", "external", "library", "api", "commands"}
FILES = ("rxconfig.py", "requirements.lock")
# rxconfig.py's api_url as Vite writes it into the scripts: a string in any kind of quotes.
ADDRESS = re.compile(r"""(["'`])(ws|http)s?://mixline\.invalid(/[^"'`]*)?\1""")
INLINE_SCRIPT = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.DOTALL)
KEPT_BUILDS = 3


def source_hash() -> str:
    """A hash over everything a build depends on."""
    digest = hashlib.sha256()
    paths = [ROOT / name for name in FILES]
    for folder in SOURCES:
        paths += sorted(p for p in (ROOT / folder).rglob("*") if p.is_file() and _is_source(p))
    for path in paths:
        if path.exists():
            digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + _content(path))
    return digest.hexdigest()[:16]


def _content(path: Path) -> bytes:
    """What of a file counts: Reflex lays package.json out anew while it builds, which is no change."""
    data = path.read_bytes()
    return json.dumps(json.loads(data)).encode() if path.name == "package.json" else data


def _is_source(path: Path) -> bool:
    return not NO_SOURCES.intersection(path.relative_to(ROOT).parts)


@asynccontextmanager
async def _one_at_a_time() -> AsyncIterator[None]:
    BUILDS.mkdir(parents=True, exist_ok=True)
    with (BUILDS / ".lock").open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(0.2)
        yield


async def build(progress: Callable[[str], None]) -> Path:
    """The folder of an up-to-date build, for REFLEX_WEB_WORKDIR.

    Raises:
        StartError: The build failed.
    """
    async with _one_at_a_time():
        target = BUILDS / source_hash()
        if not (target / "script-hashes.txt").exists():
            await _export(progress)
            _store(ROOT / ".web", target)
            _forget_old(keep=target)
        os.utime(target)
        return target


async def _export(progress: Callable[[str], None]) -> None:
    environment = os.environ | {
        "REFLEX_TELEMETRY_ENABLED": "false",
        "REFLEX_CHECK_LATEST_VERSION": "false",
        "REFLEX_WEB_WORKDIR": ".web",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
    }
    if registry := configured_registry():
        environment.setdefault("NPM_CONFIG_REGISTRY", registry)
    command = [sys.executable, "-m", "reflex", "export", "--frontend-only", "--no-zip", "--loglevel", "info"]
    code, tail = await run_lines(command, progress, environment, ROOT)
    if code:
        raise StartError(f"the front end could not be built:\n{tail}")


def configured_registry() -> str | None:
    """The npm registry of this machine's configuration, which Reflex would otherwise look for by probing."""
    npm = shutil.which("npm")
    if npm is None:
        return None
    answer = subprocess.run([npm, "config", "get", "registry"], capture_output=True, text=True, check=False)
    url = answer.stdout.strip()
    return url if answer.returncode == 0 and url.startswith("http") else None


def _store(web: Path, target: Path) -> None:
    fresh = target.with_suffix(".new")
    shutil.rmtree(fresh, ignore_errors=True)
    client = fresh / "build" / "client"
    shutil.copytree(web / "build" / "client", client)
    if (web / "backend").exists():
        shutil.copytree(web / "backend", fresh / "backend")
    addresses = sum(_use_own_address(path) for path in client.rglob("*.js"))
    if not addresses:
        raise StartError("the back end's address was not found in the built scripts")
    hashes = sorted(
        {_source(script) for page in client.rglob("*.html") for script in INLINE_SCRIPT.findall(page.read_text())}
    )
    (fresh / "script-hashes.txt").write_text("\n".join(hashes) + "\n")
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)


def _use_own_address(path: Path) -> int:
    """Replace the built-in address in a script, and its compressed twin; returns how often."""

    def expression(found: re.Match[str]) -> str:
        origin = "location.origin" if found[2] == "http" else 'location.origin.replace(/^http/,"ws")'
        return f'({origin}+"{found[3] or ""}")'

    text, count = ADDRESS.subn(expression, path.read_text())
    if count:
        path.write_text(text)
        compressed = path.with_name(path.name + ".gz")
        if compressed.exists():
            compressed.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    return count


def _source(script: str) -> str:
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _forget_old(keep: Path) -> None:
    builds = sorted((p for p in BUILDS.iterdir() if p.is_dir() and p != keep), key=lambda p: p.stat().st_mtime)
    for old in builds[: -(KEPT_BUILDS - 1)]:
        shutil.rmtree(old, ignore_errors=True)
