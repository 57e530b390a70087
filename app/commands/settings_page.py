"""`mixline settings`: the page docs/settings.md, written from the settings' own descriptions."""

from __future__ import annotations

from typing import Annotated

import typer
from pydantic import SecretStr
from pydantic_core import PydanticUndefined

from services.infra.settings import ROOT, Settings

PAGE = ROOT / "docs" / "settings.md"
HEAD = """# Settings

Read from the environment or from a file `.env` beside `mixline`. Written by `./mixline settings --write`.

| name | default | meaning |
| --- | --- | --- |
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="settings", epilog="Example: ./mixline settings --write")(settings)


def settings(write: Annotated[bool, typer.Option("--write", help="Write docs/settings.md.")] = False) -> None:
    """Show every setting with its default and meaning."""
    if write:
        PAGE.write_text(render())
    else:
        typer.echo(render())


def render() -> str:
    """The page as it has to be."""
    rows: list[str] = []
    for name, field in sorted(
        Settings.model_fields.items(), key=lambda item: item[1].alias or f"MIXLINE_{item[0].upper()}"
    ):
        text = "cores - 1" if name == "threads" else _text(field.default)
        rows.append(
            f"| `{field.alias or f'MIXLINE_{name.upper()}'}` | {f'`{text}`' if text else ''} | {field.description} |"
        )
    return HEAD + "\n".join(rows) + "\n"


def _text(default: object) -> str:
    if default is PydanticUndefined:
        return "[]"
    return default.get_secret_value() if isinstance(default, SecretStr) else str(default)
