"""What a mail is here: one address, a subject, plain text."""

from __future__ import annotations

import email.policy
import json
from dataclasses import asdict, dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from urllib.parse import urlsplit

from services.infra.clock import now
from services.infra.settings import get_settings


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail to one person. Plain text only: nothing is loaded, nothing is followed, every client shows it."""

    to: str
    subject: str
    text: str

    def pack(self) -> bytes:
        """For the outbox."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def unpack(cls, packed: bytes) -> Mail:
        """Out of the outbox."""
        return cls(**json.loads(packed))

    def compose(self) -> EmailMessage:
        """The mail as it is sent; a line break in a header raises ValueError, it can't add headers of its own."""
        settings = get_settings()
        host = urlsplit(settings.site).hostname or "localhost"
        message = EmailMessage(policy=email.policy.SMTP.clone(max_line_length=998))
        message["From"] = settings.mail_from or Address("Mixline", "mixline", host)
        message["To"] = Address(addr_spec=self.to)
        message["Subject"] = self.subject
        message["Date"] = format_datetime(now())
        message["Message-ID"] = make_msgid(domain=host)
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(self.text, cte="8bit" if self.text.isascii() else "quoted-printable")
        return message
