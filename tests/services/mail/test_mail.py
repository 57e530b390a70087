"""Mails: through a real SMTP conversation, or into the data folder; after the transaction, and again after trouble."""

from __future__ import annotations

import asyncio
import email
import email.policy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from services.infra import clock, sealing
from services.infra.db import transaction
from services.infra.settings import get_settings
from services.mail import delivery, service
from services.mail.message import Mail

MAIL = Mail("anna@example.org", "A subject with ü", "A line.\n\nA link: http://localhost:3000/x#secret-of-the-link\n")


class Server:
    """An SMTP server that keeps what it takes, and refuses what it is told to."""

    def __init__(self) -> None:
        self.taken: list[Any] = []
        self.answer = b"250 ok"

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 test ESMTP\r\n")
        while line := await reader.readline():
            verb = line.split()[0].upper() if line.split() else b""
            if verb == b"DATA":
                writer.write(b"354 go on\r\n")
                body = b""
                while (part := await reader.readline()) != b".\r\n":
                    body += part
                self.taken.append(email.message_from_bytes(body, policy=email.policy.default))
                writer.write(b"250 taken\r\n")
            elif verb == b"RCPT":
                writer.write(self.answer + b"\r\n")
            elif verb == b"QUIT":
                writer.write(b"221 bye\r\n")
                break
            else:
                writer.write(b"250-test\r\n250 8BITMIME\r\n" if verb == b"EHLO" else b"250 ok\r\n")
        writer.close()


@asynccontextmanager
async def smtp(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    kept = Server()
    listening = await asyncio.start_server(kept.talk, "127.0.0.1", 0)
    monkeypatch.setenv("MIXLINE_SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("MIXLINE_SMTP_PORT", str(listening.sockets[0].getsockname()[1]))
    monkeypatch.setenv("MIXLINE_SMTP_SECURITY", "none")
    get_settings.cache_clear()
    async with listening:
        yield kept


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    async with smtp(monkeypatch) as kept:
        yield kept
    monkeypatch.undo()
    get_settings.cache_clear()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(delivery, "mailbox", lambda: tmp_path / "mail")
    return tmp_path / "mail"


async def waiting(db: AsyncSession) -> int:
    return await db.scalar(text("SELECT count(*) FROM mail.outbox")) or 0


async def test_a_mail_goes_to_the_server_as_it_was_written(db: AsyncSession, server: Server) -> None:
    await service.send(db, MAIL)

    await service.deliver_due()

    (taken,) = server.taken
    assert (taken["To"], taken["Subject"]) == (MAIL.to, MAIL.subject)
    assert taken.get_content().replace("\r\n", "\n") == MAIL.text
    assert taken["Auto-Submitted"] == "auto-generated"
    assert await waiting(db) == 0


async def test_a_mail_of_a_transaction_that_failed_is_never_sent(
    committed: AsyncEngine, redis_server: str, server: Server
) -> None:
    with pytest.raises(RuntimeError, match="after the mail"):
        async with transaction() as db:
            await service.send(db, MAIL)
            raise RuntimeError("after the mail")

    assert await service.deliver_due() == 0
    assert server.taken == []


async def test_a_server_that_says_later_is_asked_later(db: AsyncSession, server: Server) -> None:
    server.answer = b"451 try again later"
    await service.send(db, MAIL)
    await service.deliver_due()
    assert await waiting(db) == 1
    server.answer = b"250 ok"

    assert await service.deliver_due() == 0
    with clock.travel(timedelta(minutes=1)):
        await service.deliver_due()

    assert len(server.taken) == 1
    assert await waiting(db) == 0


async def test_a_server_that_says_never_is_not_asked_again(db: AsyncSession, server: Server) -> None:
    server.answer = b"550 no such person"
    await service.send(db, MAIL)

    await service.deliver_due()

    assert await waiting(db) == 0


async def test_a_server_that_is_away_is_tried_for_a_day(db: AsyncSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIXLINE_SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("MIXLINE_SMTP_PORT", "9")
    get_settings.cache_clear()
    await service.send(db, MAIL)
    for hours in (0, 1, 23):
        with clock.travel(timedelta(hours=hours)):
            await service.deliver_due()
    left_after_a_day = await waiting(db)
    with clock.travel(timedelta(hours=25)):
        await service.deliver_due()
    monkeypatch.undo()
    get_settings.cache_clear()

    assert left_after_a_day == 1
    assert await waiting(db) == 0


async def test_what_waits_is_readable_with_the_installations_key_only(db: AsyncSession) -> None:
    await service.send(db, MAIL)

    row = await db.scalar(text("SELECT sealed FROM mail.outbox"))

    assert b"secret-of-the-link" not in row
    assert b"anna" not in row
    assert Mail.unpack(sealing.unseal(row)) == MAIL


async def test_without_a_server_mails_are_files_for_the_owner(db: AsyncSession, folder: Path) -> None:
    await service.send(db, MAIL)
    await service.deliver_due()

    (kept,) = delivery.read_mailbox()
    assert isinstance(kept, EmailMessage)
    assert (kept["To"], kept["Subject"]) == (MAIL.to, MAIL.subject)
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


async def test_an_erased_persons_mails_go_and_others_stay(db: AsyncSession, folder: Path) -> None:
    await service.send(db, MAIL)
    await service.send(db, Mail("bo@example.org", "Another", "text"))
    await service.deliver_due()

    assert delivery.forget("anna@example.org") == 1
    assert [one["To"] for one in delivery.read_mailbox()] == ["bo@example.org"]


@pytest.mark.parametrize("subject", ["A\r\nBcc: evil@example.org", "A\nX: y"])
async def test_a_line_break_makes_no_header(subject: str) -> None:
    with pytest.raises(ValueError, match=r"(?i)header|linefeed|newline"):
        Mail("anna@example.org", subject, "text").compose()
