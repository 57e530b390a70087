"""Log files of the servers that we start: what they print, for the owner's eyes, in files that do not grow for ever.

A server writes into a pipe and a thread here writes the file, so a file can be put aside in the middle of everything
and no line is lost or cut.
"""

from __future__ import annotations

import logging
import os
import stat
import threading
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import IO, Any, Final

KEPT: Final = 5
"""Files put aside beside the one that is written: ``server.log.1`` is the newest of them."""
_LONGEST_LINE: Final = 1 << 16
_LAST_WORDS_S: Final = 1.0


class LogFile(RotatingFileHandler):
    """One log file of mode 600 in a folder of mode 700."""

    def __init__(self, path: Path, max_bytes: int) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._threads: list[threading.Thread] = []
        super().__init__(path, maxBytes=max_bytes, backupCount=KEPT, encoding="utf-8", errors="replace")

    def _open(self) -> Any:
        return open(self.baseFilename, self.mode, encoding=self.encoding, errors=self.errors, opener=_private)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 logging's name
        """A full disk must not stop the server that logs."""

    def follow(self, pipe: IO[bytes]) -> None:
        """Write down what comes out of ``pipe`` until its other end is closed."""
        thread = threading.Thread(target=self._read, args=(pipe,), name=f"log {self.baseFilename}", daemon=True)
        self._threads = [one for one in self._threads if one.is_alive()] + [thread]
        thread.start()

    def _read(self, pipe: IO[bytes]) -> None:
        with pipe:
            while line := pipe.readline(_LONGEST_LINE):
                self.handle(logging.makeLogRecord({"msg": line.decode(errors="replace").rstrip("\n")}))

    def finish(self) -> None:
        """Take the last words of what has ended; its own children may still hold the pipe."""
        for thread in self._threads:
            thread.join(_LAST_WORDS_S)
        with suppress(OSError):  # the disk is full
            self.close()


def _private(path: str, flags: int) -> int:
    file = os.open(path, flags, 0o600)
    if stat.S_ISREG(os.fstat(file).st_mode):
        os.fchmod(file, 0o600)  # one that an older version made
    return file
