"""Secrets that are handed out once and kept as a hash."""

from __future__ import annotations

import hashlib
import secrets


def mint(prefix: str = "") -> tuple[str, str]:
    """A new secret of 256 random bits, and what is stored of it."""
    secret = prefix + secrets.token_urlsafe(32)
    return secret, digest(secret)


def digest(secret: str) -> str:
    """SHA-256, hex. The secret has 256 bits of its own, so a slow hash would add nothing."""
    return hashlib.sha256(secret.encode()).hexdigest()
