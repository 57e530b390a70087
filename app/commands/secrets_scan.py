"""Credentials in the repository: the provider patterns of detect-secrets over every tracked file, and our own tokens.

Entropy guesses are left out: cards, hashes of the locks and solved strategies look random by nature.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

DETECTORS: Final = (
    *("AWSKeyDetector", "ArtifactoryDetector", "AzureStorageKeyDetector", "BasicAuthDetector", "CloudantDetector"),
    *("DiscordBotTokenDetector", "GitHubTokenDetector", "IbmCloudIamDetector", "JwtTokenDetector", "MailchimpDetector"),
    *("NpmDetector", "PrivateKeyDetector", "SendGridDetector", "SlackDetector", "SquareOAuthDetector"),
    *("StripeDetector", "TwilioKeyDetector"),
)
# What examples and tests write where a password belongs.
PLACEHOLDERS: Final = (
    *("hunter2", "secret", "password", "pw", "s3cret", "example", "wrong", "nobody", "guess", "p", "x", "user"),
    *(r"\{.*\}", r"\.\.\.", r"eyJhbGciOiJub25l.*"),
)
OWN: Final = {
    "personal token": re.compile(r"\bmxl_[A-Za-z0-9_-]{43}\b"),
    "private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
}
BINARY: Final = (".mxl", ".png", ".xz", ".ico", ".woff2", ".lock")


@dataclass(frozen=True, slots=True)
class Finding:
    """One line that looks like a credential; the credential itself is not repeated."""

    path: str
    line: int
    kind: str


def tracked_files(root: Path) -> list[str]:
    """Text files under version control; all files where there is no repository."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=False)
    names = done.stdout.split("\0") if done.returncode == 0 else [str(p.relative_to(root)) for p in root.rglob("*")]
    return [name for name in names if name and not name.endswith(BINARY) and (root / name).is_file()]


def scan(root: Path) -> list[Finding]:
    """Every finding, by file and line."""
    from detect_secrets.core.scan import scan_line  # noqa: PLC0415 only this command needs it
    from detect_secrets.settings import transient_settings  # noqa: PLC0415

    placeholder = re.compile(rf"({'|'.join(PLACEHOLDERS)})", re.IGNORECASE)
    found: list[Finding] = []
    with transient_settings({"plugins_used": [{"name": name} for name in DETECTORS]}):
        for name in tracked_files(root):
            for number, line in enumerate((root / name).read_text(errors="replace").splitlines(), start=1):
                if len(line) < 12 or "pragma: allowlist secret" in line:
                    continue
                for kind, pattern in OWN.items():
                    if pattern.search(line):
                        found.append(Finding(name, number, kind))
                found += [
                    Finding(name, number, secret.type)
                    for secret in scan_line(line[:4000])
                    if not placeholder.fullmatch(secret.secret_value or "")
                ]
    return found
