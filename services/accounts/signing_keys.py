"""The keys that access tokens are signed with, and their change.

One algorithm, Ed25519. The keys are a JWK set in ``keys/tokens.json`` of the data folder, mode 600, made at the first
start; or they come whole from the setting ``token_keys``, for several machines. The newest one signs. `rotate` puts a
new key in front; the one before verifies until the last token that it signed has expired. Every process looks at the
file's time once a second, and at once when a token names a key that it does not know.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, Final

from joserfc.jwk import OKPKey

from services.infra.clock import now
from services.infra.errors import Invalid
from services.infra.settings import get_settings

ALGORITHM: Final = "Ed25519"
CURVE: Final = "Ed25519"
LOOK_EVERY_S: Final = 1.0
KEPT_S: Final = 15 * 60
"""How long a replaced key still verifies; longer than any access token lives."""


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys of one moment: ``signing`` is one of ``verifying``, by ``kid``; ``origin`` changes with the keys."""

    signing: OKPKey
    verifying: Mapping[str, OKPKey]
    origin: str


@dataclass(slots=True)
class _Loaded:
    ring: KeyRing
    looked_at: float


_loaded: _Loaded | None = None


def ring(*, unknown: bool = False) -> KeyRing:
    """The keys as they are now; ``unknown`` looks again at once, since a token names a key that is not among them."""
    global _loaded  # noqa: PLW0603 one key ring a process
    clock = monotonic()
    if _loaded is not None and clock - _loaded.looked_at < (0.05 if unknown else LOOK_EVERY_S):
        return _loaded.ring
    given = get_settings().token_keys.get_secret_value()
    origin = f"setting:{hash(given)}" if given else _stamp(path())
    if _loaded is not None and _loaded.ring.origin == origin:
        _loaded.looked_at = clock
        return _loaded.ring
    if not given and not path().exists():
        rotate()
        origin = _stamp(path())
    _loaded = _Loaded(_build(json.loads(given or path().read_text()), origin), clock)
    return _loaded.ring


def forget() -> None:
    """Read the keys anew at the next look."""
    global _loaded  # noqa: PLW0603 one key ring a process
    _loaded = None


def path() -> Path:
    """The file of the keys."""
    return get_settings().data_folder / "keys" / "tokens.json"


def rotate(*, drop: bool = False) -> str:
    """Sign with a new key from now on; returns its ``kid``. ``drop``: the others, which somebody has, count no more.

    Raises:
        Invalid: The keys come from the setting, so whoever set it changes them.
    """
    if get_settings().token_keys.get_secret_value():
        message = "The keys come from the setting token_keys: put a new key in front of the list there and restart."
        raise Invalid(message, code="keys-from-setting")
    with _held() as folder:
        kept: list[dict[str, Any]] = []
        moment = int(now().timestamp())
        if path().exists() and not drop:
            for key in json.loads(path().read_text())["keys"]:
                until = key.get("until", moment + KEPT_S)
                if until > moment:
                    kept.append(key | {"until": until})
        kid = secrets.token_hex(8)
        fresh = OKPKey.generate_key(CURVE, {"kid": kid, "use": "sig", "alg": ALGORITHM}).as_dict(private=True)
        _write(folder / "tokens.json", json.dumps({"keys": [fresh | {"since": moment}, *kept]}, indent=1))
    return kid


def describe() -> list[dict[str, Any]]:
    """What is there, without the keys: ``kid``, ``since`` and ``until`` in seconds of Unix time, newest first."""
    ring()
    given = get_settings().token_keys.get_secret_value()
    keys = json.loads(given or path().read_text())["keys"]
    return [{"kid": key["kid"], "since": key.get("since"), "until": key.get("until")} for key in keys]


def _build(stored: Mapping[str, Any], origin: str) -> KeyRing:
    moment = now().timestamp()
    keys: dict[str, OKPKey] = {}
    for key in stored["keys"]:
        if key.get("until", moment + 1) <= moment:
            continue
        if key.get("kty") != "OKP" or key.get("crv") != CURVE or not key.get("kid"):
            raise Invalid(f"A key for tokens is of kind OKP on the curve {CURVE} and has a kid.", code="bad-keys")
        plain = {name: value for name, value in key.items() if name not in ("since", "until")}
        keys[key["kid"]] = OKPKey.import_key(plain)
    first = next(iter(keys.values()), None)
    if first is None or not first.is_private:
        raise Invalid("The first key for tokens has to be a private one.", code="bad-keys")
    return KeyRing(first, keys, origin)


def _stamp(file: Path) -> str:
    try:
        found = file.stat()
    except FileNotFoundError:
        return ""
    return f"{file}:{found.st_mtime_ns}:{found.st_ino}"


@contextmanager
def _held() -> Generator[Path]:
    """The folder, for this process alone."""
    folder = path().parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    turn = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield folder
    finally:
        os.close(turn)


def _write(file: Path, text: str) -> None:
    """Whole or not at all, readable by the owner only from the first byte."""
    draft = file.with_suffix(".new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(file)
