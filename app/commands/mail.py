"""`mixline mail`: the mails of an installation without a mail server."""

from __future__ import annotations

from typing import Annotated

import typer

from services.infra.settings import get_settings
from services.mail.delivery import mailbox, read_mailbox


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="mail", epilog="Example: ./mixline mail 1")(mail)


def mail(
    number: Annotated[int, typer.Argument(min=0, help="Show this one; 1 is the newest.")] = 0,
    to: Annotated[str, typer.Option(help="Only mails to this address.")] = "",
) -> None:
    """List the mails in the data folder, or show one. With MIXLINE_SMTP_HOST set, mails go out instead."""
    mails = [one for one in read_mailbox() if to.lower() in str(one["To"]).lower()]
    if number:
        if number > len(mails):
            typer.echo(f"There are {len(mails)} mails.", err=True)
            raise typer.Exit(1)
        chosen = mails[number - 1]
        typer.echo(f"To:      {chosen['To']}\nSubject: {chosen['Subject']}\nDate:    {chosen['Date']}\n")
        typer.echo(chosen.get_content())
        return
    if get_settings().smtp_host:
        typer.echo(f"Mails go out through {get_settings().smtp_host}.", err=True)
    for place, one in enumerate(mails[:20], start=1):
        typer.echo(f"{place:>3}  {one['Date']:<32} {one['To']:<34} {one['Subject']}")
    if not mails:
        typer.echo(f"No mails in {mailbox()}.", err=True)
