"""The command line behind ``./mixline``: assembles the commands of app.commands."""

from __future__ import annotations

import importlib
import pkgutil

import typer

from app import commands

app = typer.Typer(
    name="mixline",
    help="A self-hosted GTO trainer for no-limit hold'em.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

for module in pkgutil.iter_modules(commands.__path__):
    imported = importlib.import_module(f"app.commands.{module.name}")
    if hasattr(imported, "register"):
        imported.register(app)


def main() -> None:
    """Run the command line."""
    app(prog_name="./mixline")


if __name__ == "__main__":
    main()
