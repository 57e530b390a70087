"""Makes the virtual environment from a lock file: called by ``./mixline`` with any Python 3.11, standard library only.

Packages come from wherever this machine's pip gets them. uv does the work when pip can install it, with pip's
configuration handed over; otherwise pip does. A copy of the lock file inside the environment says what is installed.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
RUNTIME = "requirements.lock"
# pip's settings and the names uv has for them.
UV_NAMES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "cert": "SSL_CERT_FILE",
    "trusted-host": "UV_INSECURE_HOST",
    "default-timeout": "UV_HTTP_TIMEOUT",
    "timeout": "UV_HTTP_TIMEOUT",
    "no-index": "UV_NO_INDEX",
}


def say(text: str) -> None:
    """Tell the person at the terminal; standard output belongs to the command that follows."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201


def installed(lock: str) -> bool:
    """Whether the environment holds exactly what ``lock`` names."""
    copy = VENV / f".{lock}"
    return PYTHON.exists() and copy.exists() and copy.read_bytes() == (ROOT / lock).read_bytes()


def uv_environment() -> dict[str, str]:
    """The environment in which uv gets packages from where pip would."""
    answer = subprocess.run([PYTHON, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False)
    found: dict[str, str] = {}
    for line in answer.stdout.splitlines():
        name, separator, value = line.partition("=")
        option = name.rpartition(".")[2]
        if separator and option in UV_NAMES:
            text = value.strip().strip("'\"").replace("\\n", " ")
            key = UV_NAMES[option]
            # The command line and the environment come last in pip's list, and lists of places add up there.
            found[key] = f"{found[key]} {text}" if key in found and key in ("UV_INDEX", "UV_FIND_LINKS") else text
    if "UV_FIND_LINKS" in found:
        found["UV_FIND_LINKS"] = ",".join(dict.fromkeys(found["UV_FIND_LINKS"].split()))
    return (
        {"UV_INDEX_STRATEGY": "unsafe-best-match", "UV_LINK_MODE": "copy", "UV_NO_CONFIG": "1"}
        | found
        | dict(os.environ)
    )


def install(lock: str) -> None:
    """Install ``lock`` with uv, or with pip where there is no uv."""
    uv = VENV / "bin" / "uv"
    if not uv.exists():
        subprocess.run(
            [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv"],
            check=False,
            capture_output=True,
        )
    if uv.exists():
        command = [uv, "pip", "install", "--python", PYTHON, "--require-hashes", "-r", lock]
        if not subprocess.run(command, cwd=ROOT, env=uv_environment(), check=False).returncode:
            return
        say("uv could not do it; pip tries.")
    command = [
        PYTHON,
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--require-hashes",
        "--progress-bar",
        "on",
    ]
    subprocess.run([*command, "-r", lock], cwd=ROOT, check=True)


def main(lock: str) -> None:
    """Bring the environment in line with ``lock``; a second caller waits for the first and finds the work done."""
    with (ROOT / ".venv.lock").open("w") as turn:
        try:
            fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Waiting for another Mixline that is making the environment ...")
            fcntl.flock(turn, fcntl.LOCK_EX)
        if installed(lock):
            return
        started = time.monotonic()
        works = (
            PYTHON.exists()
            and not subprocess.run([PYTHON, "-m", "pip", "--version"], capture_output=True, check=False).returncode
        )
        if not works:
            say("Making the environment in .venv (once, some 1.5 GB; later starts skip this) ...")
            shutil.rmtree(VENV, ignore_errors=True)
            venv.create(VENV, with_pip=True)
        else:
            say("Bringing the environment in .venv up to date ...")
        for copy in VENV.glob(".requirements*.lock"):
            copy.unlink()
        install(lock)
        for name in {lock, RUNTIME}:  # the development lock holds all of the runtime lock
            shutil.copyfile(ROOT / name, VENV / f".{name}")
        say(f"The environment is ready ({time.monotonic() - started:.0f} s).")


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except subprocess.CalledProcessError as error:
        sys.exit(
            f"The packages could not be installed (exit code {error.returncode}). Is there a way to a package index?"
        )
    except KeyboardInterrupt:
        sys.exit(130)
