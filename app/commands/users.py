"""`mixline user create|role|reset`: accounts from the operator's shell."""

from __future__ import annotations

import sys
from collections.abc import Coroutine
from getpass import getpass
from typing import Annotated, Any

import typer

from app.commands.work import run_on_servers
from services.accounts import recovery, second_factor, service, sessions
from services.accounts.sessions import Role
from services.infra import log
from services.infra.db import transaction
from services.infra.errors import DomainError

users = typer.Typer(help="Make and change accounts.", no_args_is_help=True)

Email = Annotated[str, typer.Argument(help="The account's e-mail address.")]
NewPassword = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]


def register(app: typer.Typer) -> None:
    """Add the group to the command line."""
    app.add_typer(users, name="user")


@users.command(epilog="Example: ./mixline user create anna@example.org Anna --role admin")
def create(
    email: Email,
    name: Annotated[str, typer.Argument(help="The display name.")],
    role: Annotated[Role, typer.Option(help="free, premium or admin.")] = Role.FREE,
    password_stdin: NewPassword = False,
) -> None:
    """Make an account."""

    async def work() -> str:
        wanted = await service.prepare_registration(email, _password(from_stdin=password_stdin), name)
        async with transaction() as db:
            account = await service.register(db, None, wanted, Role.FREE if role is Role.GUEST else role)
            await recovery.vouch(db, account.id)
        return f"{account.email}: {account.name}, {account.role}"

    _run(work())


@users.command("role", epilog="Example: ./mixline user role anna@example.org premium")
def change_role(email: Email, role: Annotated[Role, typer.Argument(help="free, premium or admin.")]) -> None:
    """Give an account another role; its open sessions have it within a second."""

    async def work() -> str:
        async with transaction() as db:
            account = await service.set_role(db, email, role)
            await sessions.update_all(account.id, role=account.role)
        return f"{account.email}: {account.role}"

    _run(work())


@users.command(epilog="Example: ./mixline user reset anna@example.org")
def reset(email: Email, password_stdin: NewPassword = False) -> None:
    """Set a new password and end every session of the account."""

    async def work() -> str:
        password = _password(from_stdin=password_stdin)
        async with transaction() as db:
            password_hash = await service.prepare_password(db, email, password)
            account = await service.reset_password(db, email, password_hash)
            await sessions.end_all(account.id)
        return f"{account.email}: new password set, signed out everywhere"

    _run(work())


@users.command("second-factor-off", epilog="Example: ./mixline user second-factor-off anna@example.org")
def second_factor_off(email: Email) -> None:
    """Take the second factor off an account whose owner lost app and recovery codes; ends every session of it."""

    async def work() -> str:
        async with transaction() as db:
            account = await second_factor.take_off(db, email)
            await sessions.end_all(account.id)
        return f"{account.email}: no second factor, signed out everywhere"

    _run(work())


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    password = getpass("Password (at least 15 characters): ")
    if getpass("Again: ") != password:
        raise typer.BadParameter("The two differ.")
    return password


def _run(work: Coroutine[Any, Any, str]) -> None:
    log.configure("warning")
    try:
        typer.echo(run_on_servers(work))
    except DomainError as error:
        typer.echo(error.message, err=True)
        for problem in error.errors:
            typer.echo(f"{problem.path}: {problem.message}", err=True)
        raise typer.Exit(1) from error
