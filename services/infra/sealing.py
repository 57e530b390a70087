"""Small secrets that have to be readable again, encrypted before they reach the database.

Fernet (AES-128-CBC and HMAC-SHA-256) under a key of the installation: ``MIXLINE_SEALING_KEY``, or a file in the data
folder that is made at first need. A copy of the database alone opens nothing. Several keys, the newest first, let a key
be changed: all of them open, the first one seals. What older ones sealed is sealed anew at the next start and by
``mixline keys reseal`` (`services.accounts.resealing`); then they can go.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from services.infra.errors import Invalid
from services.infra.settings import get_settings


def seal(plain: bytes) -> bytes:
    """``plain``, readable with this installation's key only."""
    return _box().first.encrypt(plain)


def unseal(sealed: bytes) -> bytes:
    """What was sealed.

    Raises:
        Unsealable: It was sealed under a key that this installation does not have, or changed since.
    """
    try:
        return _box().all.decrypt(sealed)
    except InvalidToken as error:
        raise Unsealable("sealed under another key: is MIXLINE_SEALING_KEY or keys/sealing.key lost?") from error


def reseal(sealed: bytes) -> bytes | None:
    """The same under the newest key; None when it is already.

    Raises:
        Unsealable: There is no key for it.
    """
    try:
        _box().first.decrypt(sealed)
    except InvalidToken:
        return seal(unseal(sealed))
    return None


class Unsealable(Exception):
    """There is no key for this."""


@dataclass(frozen=True, slots=True)
class _Box:
    origin: str
    first: Fernet
    all: MultiFernet


_kept: _Box | None = None


def _box() -> _Box:
    """The keys; a file that changed is read again, so that a new key counts under the running product."""
    global _kept  # noqa: PLW0603 one box a process
    given = get_settings().sealing_key.get_secret_value().replace(" ", "")
    origin = f"setting:{hash(given)}" if given else _stamp(_own_file())
    if _kept is None or _kept.origin != origin:
        keys = [Fernet(key) for key in (given.split(",") if given else _own_file().read_text().split())]
        _kept = _Box(origin, keys[0], MultiFernet(keys))
    return _kept


def add_key() -> int:
    """Seal with a new key from now on; returns how many there are.

    Raises:
        Invalid: The keys come from the setting, so whoever set it changes them.
    """
    _refuse_setting()
    keys = [Fernet.generate_key().decode(), *_own_file().read_text().split()]
    _write(keys)
    return len(keys)


def drop_old_keys() -> int:
    """Keep the newest key alone; returns how many went. Seal everything anew before.

    Raises:
        Invalid: The keys come from the setting, so whoever set it changes them.
    """
    _refuse_setting()
    newest, *old = _own_file().read_text().split()
    if old:
        _write([newest])
    return len(old)


def _refuse_setting() -> None:
    if get_settings().sealing_key.get_secret_value():
        message = "The keys come from the setting sealing_key: change the list there, newest first, and restart."
        raise Invalid(message, code="keys-from-setting")


def _stamp(file: Path) -> str:
    found = file.stat()
    return f"{file}:{found.st_mtime_ns}:{found.st_ino}"


def _own_file() -> Path:
    """The keys of the data folder, one a line; of two processes that make the file at the same time one wins."""
    folder = get_settings().data_folder / "keys"
    path = folder / "sealing.key"
    if not path.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = _draft(path, [Fernet.generate_key().decode()])
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path


def _write(keys: list[str]) -> None:
    """Whole or not at all."""
    _draft(_own_file(), keys).replace(_own_file())


def _draft(path: Path, keys: list[str]) -> Path:
    draft = path.with_name(f"sealing.key.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write("\n".join(keys) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return draft
