"""Where mails go: an SMTP server, or without one files in the data folder.

`smtplib` of the standard library in a thread: a mail takes its time, and nobody waits for it.
"""

from __future__ import annotations

import asyncio
import os
import smtplib
import ssl
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from typing import Final

from services.infra.clock import new_id
from services.infra.settings import get_settings
from services.mail.message import Mail

_TIMEOUT_S: Final = 20.0


class Refused(Exception):
    """The server will not take this mail, however often it is offered."""


async def deliver(mail: Mail) -> None:
    """Hand one mail on.

    Raises:
        Refused: For good.
        OSError: It may work later.
    """
    try:
        message = mail.compose()
    except ValueError as error:
        raise Refused(str(error)) from error
    if get_settings().smtp_host:
        await asyncio.to_thread(_send, message)
    else:
        await asyncio.to_thread(_write, message)


def _send(message: EmailMessage) -> None:
    settings = get_settings()
    context = ssl.create_default_context()
    try:
        if settings.smtp_security == "tls":
            server = smtplib.SMTP_SSL(settings.smtp_host, settings.smtp_port, timeout=_TIMEOUT_S, context=context)
        else:
            server = smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=_TIMEOUT_S)
        with server:
            if settings.smtp_security == "starttls":
                server.starttls(context=context)
            if settings.smtp_user:
                server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
            server.send_message(message)
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError, smtplib.SMTPSenderRefused) as error:
        if _is_final(error):
            raise Refused(type(error).__name__) from error
        raise OSError(type(error).__name__) from error
    except smtplib.SMTPException as error:  # its text may repeat the address
        raise OSError(type(error).__name__) from error


def _is_final(error: smtplib.SMTPRecipientsRefused | smtplib.SMTPResponseException) -> bool:
    """5xx is for good, 4xx is worth another try (RFC 5321, 4.2.1)."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return error.smtp_code >= 500


def mailbox() -> Path:
    """The folder of mails of an installation without a mail server."""
    return get_settings().data_folder / "mail"


def _write(message: EmailMessage) -> None:
    folder = mailbox()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{new_id()}.eml"
    draft = path.with_suffix(".part")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(message.as_bytes())
    draft.rename(path)


def read_mailbox() -> list[EmailMessage]:
    """Every mail in the folder, newest first."""
    parser = BytesParser(policy=default)
    paths = sorted(mailbox().glob("*.eml"), reverse=True)  # ids grow with time
    return [parser.parsebytes(path.read_bytes()) for path in paths]  # pyright: ignore[reportReturnType] by the policy


def forget(address: str) -> int:
    """Delete an erased person's mails; returns how many there were."""
    count = 0
    parser = BytesParser(policy=default)
    for path in mailbox().glob("*.eml"):
        to = parser.parsebytes(path.read_bytes(), headersonly=True)["To"]
        if to is not None and address in [one.addr_spec.lower() for one in to.addresses]:
            path.unlink(missing_ok=True)
            count += 1
    return count
