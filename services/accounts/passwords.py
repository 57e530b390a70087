"""Passwords: what is accepted, and Argon2id in a bounded number of threads.

One hash takes 19 MiB for about 30 ms. Two run at a time, so forty sign-ins at once take 38 MiB and wait in line; with
the line full the caller is told to come back. A name that nobody has costs the same work as a wrong password.

The rules follow NIST SP 800-63B: length, no composition rules, and a blocklist. Lists of leaked passwords hold next to
nothing of fifteen characters or more; what people make of short ones to reach the length is what `problem` refuses:
common words, names, sequences and repetitions are cut out, and what is left has to be a password of its own.
"""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Final, TypeVar

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from services.infra.errors import Unavailable

_T = TypeVar("_T")

MIN_LENGTH: Final = 15
MIN_LENGTH_WITH_CODE: Final = 8
"""Where signing in takes a second factor as well."""
MAX_LENGTH: Final = 256
_WORKERS: Final = 2
_LINE: Final = 100
_LEFT_OVER: Final = 5

_hash = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19_456, parallelism=1),))
_threads = ThreadPoolExecutor(_WORKERS, thread_name_prefix="argon2")
_in_line = 0

_COMMON: Final = """
    password passwort passw0rd contrasena motdepasse letmein welcome iloveyou princess dragon monkey football
    baseball basketball superman batman sunshine shadow master michael jordan charlie trustno starwars
    whatever freedom computer internet samsung google facebook changeme default secret admin administrator
    login user guest test hello qwerty qwertz azerty asdfgh zxcvbn abcdefg mixline poker holdem texas chips
    allin raise fold aces pocketaces summer winter spring autumn january february april october november
    december monday friday love lovely pass word correct horse battery staple correcthorsebatterystaple
    thequickbrownfox thisismypassword mypassword please keepout opensesame
""".split()  # noqa: SIM905 a list of words reads best as text
_LEET: Final = str.maketrans("013457@$!", "oieastasi")
_ROWS: Final = (
    "abcdefghijklmnopqrstuvwxyz",
    "0123456789012345678901234567890",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "1q2w3e4r5t6y7u8i9o0p",
)


def normalise(password: str) -> str:
    """The form that is hashed: the same however a keyboard composes its accents."""
    return unicodedata.normalize("NFKC", password)


def problem(password: str, *, name: str = "", email: str = "", least: int = MIN_LENGTH) -> str:
    """Why the password is refused, as a sentence; empty when it is fine."""
    password = normalise(password)
    if len(password) < least:
        return f"Use at least {least} characters. A few unrelated words are easy to remember."
    if len(password) > MAX_LENGTH:
        return f"Use at most {MAX_LENGTH} characters."
    folded = password.casefold()
    own = [part for part in (name.casefold(), email.casefold(), email.casefold().split("@")[0]) if len(part) > 3]
    if any(part in folded for part in own):
        return "Don't use your name or e-mail address in the password."
    if folded in _frequent() or min(len(_remainder(folded)), len(_remainder(folded.translate(_LEET)))) < _LEFT_OVER:
        return "This password is too common: words, sequences or repetitions that are tried first. Choose another."
    return ""


@lru_cache(maxsize=1)
def _frequent() -> frozenset[str]:
    """The thirty thousand most frequent passwords of the leaks that zxcvbn's list was counted from."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415 three megabytes that only a new password needs

    return frozenset(FREQUENCY_LISTS["passwords"])


def _remainder(text: str) -> str:
    """The distinct characters left without common words, runs along the alphabet or keyboard, and repetitions."""
    text = re.sub(r"[\s\-_.,;:+*/#&]+", "", text)
    for word in sorted(_COMMON, key=len, reverse=True):
        text = text.replace(word, "")
    for row in _ROWS:
        text = _without_runs(_without_runs(text, row), row[::-1])
    while (shorter := re.sub(r"(.+?)\1+", r"\1", text)) != text:
        text = shorter
    return "".join(dict.fromkeys(text))


def _without_runs(text: str, row: str) -> str:
    """Cut out every stretch of four or more characters that ``row`` holds."""
    kept, at = "", 0
    while at < len(text):
        length = 1
        while at + length < len(text) and text[at : at + length + 1] in row:
            length += 1
        if length < 4:
            kept += text[at]
            length = 1
        at += length
    return kept


@lru_cache(maxsize=1)
def _nobodys_hash() -> str:
    return _hash.hash("the password of nobody")


async def hash_password(password: str) -> str:
    """The Argon2id hash in PHC format."""
    return await _in_thread(lambda: _hash.hash(normalise(password)))


async def verify(password: str, hashed: str | None) -> tuple[bool, str | None]:
    """Whether it is the password behind ``hashed`` (None: nobody's), and a new hash where the stored one is dated."""

    def check() -> tuple[bool, str | None]:
        fits, fresh = _hash.verify_and_update(normalise(password)[: MAX_LENGTH + 1], hashed or _nobodys_hash())
        return fits and hashed is not None, fresh

    return await _in_thread(check)


async def _in_thread(work: Callable[[], _T]) -> _T:
    global _in_line  # noqa: PLW0603 the length of the one line there is
    if _in_line >= _LINE:
        raise Unavailable("Too many people sign in at once. Try again in a moment.", code="sign-in-busy")
    _in_line += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_threads, work)
    finally:
        _in_line -= 1
