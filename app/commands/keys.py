"""`mixline keys`: the keys that sign access tokens."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from services.accounts import signing_keys
from services.infra.errors import DomainError

keys = typer.Typer(help="Show and change the keys that sign access tokens.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the group to the command line."""
    app.add_typer(keys, name="keys")


@keys.command(epilog="Example: ./mixline keys rotate")
def rotate(
    drop: Annotated[bool, typer.Option(help="Somebody has the old keys: what they signed counts no more.")] = False,
) -> None:
    """Sign with a new key from now on; nobody is signed out, old keys verify until their last token has expired."""
    try:
        kid = signing_keys.rotate(drop=drop)
    except DomainError as error:
        typer.echo(error.message, err=True)
        raise typer.Exit(1) from None
    typer.echo(f"New tokens are signed with {kid}.")


@keys.command("list", epilog="Example: ./mixline keys list")
def list_keys() -> None:
    """Show which keys there are, without the keys."""
    for number, key in enumerate(signing_keys.describe()):
        since, until = (_moment(key[name]) for name in ("since", "until"))
        role = "signs" if number == 0 else "verifies"
        typer.echo(f"{key['kid']}  {role:<8}  since {since}" + (f", until {until}" if until else ""))


def _moment(seconds: int | None) -> str:
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
