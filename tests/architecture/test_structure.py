"""The shape of the code base."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys

import pytest

import app.commands
import app.pages
from app.cli import MODULES
from services.infra.settings import ROOT

LIMIT = 500
# Generated tables, and the kernels, which have to share a module for the cache's sake.
EXEMPT = {"solver/kernels.py"}


def tracked(pattern: str) -> list[str]:
    files = subprocess.run(["git", "ls-files", "-z", pattern], cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in files.stdout.split("\0") if name and (ROOT / name).exists()]


def test_the_import_contracts_hold():
    done = subprocess.run(
        [f"{sys.prefix}/bin/lint-imports", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:]


def test_no_module_is_longer_than_five_hundred_lines():
    long = {name: len((ROOT / name).read_text().splitlines()) for name in tracked("*.py") if name not in EXEMPT}
    assert {name: lines for name, lines in long.items() if lines > LIMIT} == {}


def test_the_migrations_do_not_hide_the_library():
    assert not (ROOT / "alembic" / "__init__.py").exists()


def test_nothing_is_called_utils_or_the_like():
    vague = {"utils.py", "helpers.py", "common.py", "manager.py", "util.py", "misc.py"}
    assert [name for name in tracked("*.py") if name.rsplit("/", 1)[-1] in vague] == []


def test_packages_hold_no_code_of_their_own():
    """Every __init__ is empty or only imports, so that importing a package does nothing."""
    allowed = ("import ", "from ", "__all__", '"', "'", "#", ")", "]", " ")
    odd = {
        name: line
        for name in tracked("*__init__.py")
        for line in code_lines((ROOT / name).read_text())
        if not line.startswith(allowed)
    }
    assert odd == {}


def code_lines(text: str) -> list[str]:
    """Lines outside of the module's docstring."""
    if text.startswith('"""'):
        text = text[3:].partition('"""')[2]
    return [line for line in text.splitlines() if line.strip()]


def test_every_command_is_reachable():
    modules = {module.name for module in pkgutil.iter_modules(app.commands.__path__)}
    registering = {name for name in modules if hasattr(importlib.import_module(f"app.commands.{name}"), "register")}
    assert registering == {name for names in MODULES.values() for name in names}


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_locks_are_hashed_and_hold_no_addresses(lock: str):
    text = (ROOT / lock).read_text()
    assert "--hash=sha256:" in text
    assert "://" not in text


def test_the_lock_of_the_front_end_holds_no_addresses():
    for path in (ROOT / "reflex.lock").iterdir():
        assert "://" not in path.read_text(), path
