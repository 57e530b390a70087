"""Small secrets that have to be readable again, encrypted before they reach the database.

Fernet (AES-128-CBC and HMAC-SHA-256) under a key of the installation: ``MIXLINE_SEALING_KEY``, or a file in the data
folder that is made at first need. A copy of the database alone opens nothing. Several keys, the newest first, let a key
be changed: all of them open, the first one seals.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from services.infra.settings import get_settings


def seal(plain: bytes) -> bytes:
    """``plain``, readable with this installation's key only."""
    return _box().encrypt(plain)


def unseal(sealed: bytes) -> bytes:
    """What was sealed.

    Raises:
        Unsealable: It was sealed under a key that this installation does not have, or changed since.
    """
    try:
        return _box().decrypt(sealed)
    except InvalidToken as error:
        raise Unsealable("sealed under another key: is MIXLINE_SEALING_KEY or keys/sealing.key lost?") from error


class Unsealable(Exception):
    """There is no key for this."""


@lru_cache(maxsize=1)
def _box() -> MultiFernet:
    given = get_settings().sealing_key.get_secret_value()
    keys = given.replace(" ", "").split(",") if given else [_own_key(get_settings().data_folder / "keys")]
    return MultiFernet([Fernet(key) for key in keys])


def forget_key() -> None:
    """Read the key again at the next use (tests)."""
    _box.cache_clear()


def _own_key(folder: Path) -> str:
    """The key of the data folder; of two processes that make it at the same time one wins."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / "sealing.key"
    if not path.exists():
        draft = folder / f"sealing.key.{os.getpid()}"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(Fernet.generate_key())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()
