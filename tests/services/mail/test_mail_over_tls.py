"""Mails over TLS, against a server of a club's own authority: its certificate is checked, nothing goes in the clear."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from services.infra.settings import get_settings
from services.mail import delivery
from services.mail.message import Mail

MAIL = Mail("anna@example.org", "A subject", "A link: http://localhost:3000/x#secret-of-the-link\n")
DAY = timedelta(days=1)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


@dataclass
class Authority:
    """A certificate authority, and certificates of servers under it."""

    folder: Path
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def path(self) -> Path:
        return self.folder / "authority.pem"

    def __post_init__(self) -> None:
        own = self._signed(_name("A club"), self.key, x509.BasicConstraints(ca=True, path_length=None))
        self.path.write_bytes(own.public_bytes(serialization.Encoding.PEM))

    def _signed(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        *extensions: x509.ExtensionType,
        since: timedelta = -DAY,
        until: timedelta = DAY,
    ) -> x509.Certificate:
        moment = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(_name("A club"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(moment + since)
            .not_valid_after(moment + until)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )
        for extension in extensions:
            made = made.add_extension(extension, critical=True)
        return made.sign(self.key, hashes.SHA256())

    def server(self, name: x509.GeneralName, **life: timedelta) -> ssl.SSLContext:
        """What a server with a certificate for ``name`` speaks with."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._signed(_name("mail"), key, x509.SubjectAlternativeName([name]), **life)
        path = self.folder / "server.pem"
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(path)
        return context


HERE = x509.IPAddress(ip_address("127.0.0.1"))
SOMEWHERE = x509.DNSName("mail.example.org")


class Server:
    """An SMTP server that offers STARTTLS when it has a certificate, and remembers what it heard in the clear."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self.context = context
        self.clear: list[bytes] = []
        self.taken: list[tuple[str | None, bytes]] = []
        self.login = b""

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def tls() -> str | None:
            found = writer.get_extra_info("ssl_object")
            return None if found is None else found.version()

        try:
            writer.write(b"220 test ESMTP\r\n")
            while line := await reader.readline():
                if tls() is None:
                    self.clear.append(line)
                verb = line.split()[0].upper() if line.split() else b""
                if verb == b"EHLO":
                    offered = [b"250-test"]
                    if self.context is not None and tls() is None:
                        offered.append(b"250-STARTTLS")
                    writer.write(b"\r\n".join([*offered, b"250-AUTH PLAIN", b"250 8BITMIME"]) + b"\r\n")
                elif verb == b"STARTTLS" and self.context is not None:
                    writer.write(b"220 go on\r\n")
                    await writer.start_tls(self.context)
                elif verb == b"AUTH":
                    self.login = base64.b64decode(line.split()[2])
                    writer.write(b"235 welcome\r\n")
                elif verb == b"DATA":
                    writer.write(b"354 go on\r\n")
                    body = b""
                    while (part := await reader.readline()) != b".\r\n":
                        body += part
                    self.taken.append((tls(), body))
                    writer.write(b"250 taken\r\n")
                elif verb == b"QUIT":
                    writer.write(b"221 bye\r\n")
                    break
                else:
                    writer.write(b"250 ok\r\n")
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client hung up on a certificate that it does not trust
        finally:
            writer.close()


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """The one that this machine trusts."""
    found = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(found.path))
    return found


@asynccontextmanager
async def serving(
    monkeypatch: pytest.MonkeyPatch, context: ssl.SSLContext | None, security: str, *, login: bool = False
) -> AsyncIterator[Server]:
    kept = Server(context)
    listening = await asyncio.start_server(kept.talk, "127.0.0.1", 0, ssl=context if security == "tls" else None)
    settings = {"HOST": "127.0.0.1", "PORT": str(listening.sockets[0].getsockname()[1]), "SECURITY": security}
    if security == "default":
        del settings["SECURITY"]
    if login:
        settings |= {"USER": "mixline", "PASSWORD": "its password"}
    with monkeypatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(f"MIXLINE_SMTP_{name}", value)
        get_settings.cache_clear()
        async with listening:
            yield kept
    get_settings.cache_clear()


@pytest.mark.parametrize("security", ["starttls", "tls", "default"])
async def test_a_mail_and_the_password_go_over_tls(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, security: str
) -> None:
    async with serving(monkeypatch, authority.server(HERE), security, login=True) as server:
        await delivery.deliver(MAIL)

    [(version, body)] = server.taken
    assert version in ("TLSv1.2", "TLSv1.3")
    assert b"secret-of-the-link" in body
    assert server.login == b"\0mixline\0its password"
    assert {line.split()[0].upper() for line in server.clear} <= {b"EHLO", b"STARTTLS"}


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("wrong", ["another name", "expired", "unknown authority"])
async def test_a_certificate_that_does_not_hold_gets_neither_mail_nor_password(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, security: str, wrong: str
) -> None:
    context = authority.server(HERE)
    if wrong == "another name":
        context = authority.server(SOMEWHERE)
    elif wrong == "expired":
        context = authority.server(HERE, since=-2 * DAY, until=-DAY)
    elif wrong == "unknown authority":
        (tmp_path / "other").mkdir()
        context = Authority(tmp_path / "other").server(HERE)

    async with serving(monkeypatch, context, security, login=True) as server:
        with pytest.raises(ssl.SSLCertVerificationError):
            await delivery.deliver(MAIL)

    assert server.taken == []
    assert server.login == b""
    assert {line.split()[0].upper() for line in server.clear} <= {b"EHLO", b"STARTTLS", b"QUIT"}


@pytest.mark.parametrize("security", ["starttls", "default"])
async def test_a_server_that_does_not_offer_tls_gets_nothing(monkeypatch: pytest.MonkeyPatch, security: str) -> None:
    async with serving(monkeypatch, None, security, login=True) as server:
        with pytest.raises(OSError, match="SMTPNotSupportedError"):
            await delivery.deliver(MAIL)

    assert server.taken == []
    assert server.login == b""
    assert {line.split()[0].upper() for line in server.clear} <= {b"EHLO", b"QUIT"}


async def test_in_the_clear_only_where_it_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(monkeypatch, None, "none") as server:
        await delivery.deliver(MAIL)

    [(version, _)] = server.taken
    assert version is None
