"""The command line behind ``./mixline``: assembles the commands of app.commands.

Only the modules that a command needs are imported: `solve` does not wait for the web, nor `up` for the solver.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable

import typer

MODULES = {
    "up": ("up",),
    "test": ("checks",),
    "check": ("checks",),
    "migrate": ("migrate",),
    "build": ("build",),
    "settings": ("settings_page",),
    "lock": ("lock",),
    "user": ("users",),
    "keys": ("keys",),
    "mail": ("mail",),
    "audit": ("audit",),
    "security": ("security",),
    "ranked": ("ranked",),
    "library": ("library", "solver"),
    "solve": ("solver",),
    "equity": ("solver",),
    "pushfold": ("solver",),
}


def build(modules: Iterable[str]) -> typer.Typer:
    """The command line with the commands of ``modules``."""
    app = typer.Typer(
        name="mixline",
        help="A self-hosted GTO trainer for no-limit hold'em.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback()(lambda: None)  # keeps the command's name needed when a module has just one
    for name in modules:
        importlib.import_module(f"app.commands.{name}").register(app)
    return app


def main() -> None:
    """Run the command line."""
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    everything = dict.fromkeys(name for names in MODULES.values() for name in names)
    build(MODULES.get(command, everything))(prog_name="./mixline")


if __name__ == "__main__":
    main()
