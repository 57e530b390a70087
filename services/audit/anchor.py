"""What the database does not hold: the chain's key, and the head as it was last seen.

Both are files in the data folder, mode 600. `run_anchor` writes the head down every few seconds, so that cutting
entries off the chain's end is found as well. With ``audit_key`` set the key comes from there, as several machines need.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import secrets
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from services.audit import repository
from services.infra.db import transaction
from services.infra.errors import Unavailable
from services.infra.settings import get_settings

EVERY_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Head:
    """An entry that once was the newest; ``hash`` in hexadecimal."""

    position: int
    hash: str


@lru_cache(maxsize=1)
def key() -> bytes:
    """The key of this installation's chain, made at first need."""
    given = get_settings().audit_key.get_secret_value()
    if given:
        return hashlib.sha256(b"mixline audit\0" + given.encode()).digest()
    path = _folder() / "audit.key"
    if not path.exists():
        draft = _draft(path, secrets.token_hex(32))
        try:
            os.link(draft, path)  # of two processes that make it at the same time one wins
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return bytes.fromhex(path.read_text().strip())


def read() -> Head | None:
    """The head that was last written down."""
    path = _folder() / "audit-head.json"
    return Head(**json.loads(path.read_text())) if path.exists() else None


def write(head: Head) -> None:
    """Write a head down, unless a newer one is there."""
    path = _folder() / "audit-head.json"
    known = read()
    if known is None or known.position < head.position:
        _draft(path, json.dumps(asdict(head))).replace(path)


async def run_anchor() -> None:
    """Write the head down whenever it has moved (a background task of the server)."""
    while True:
        try:
            async with transaction() as db:
                head = await repository.head(db)
            if head is not None:
                await asyncio.to_thread(write, Head(head.position, head.hash.hex()))
        except Unavailable:
            pass  # the next look is soon
        await asyncio.sleep(EVERY_S)


def _folder() -> Path:
    folder = get_settings().data_folder / "keys"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _draft(path: Path, text: str) -> Path:
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    return draft
