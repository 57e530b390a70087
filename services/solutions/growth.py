"""The library grows on the user's machine: further flops, solved while nobody plays.

The plan is a weighted sample of flops for every family, the weightiest first. A flop is solved by a process of its own
(`mixline library build --planned`) at the lowest priority, into the data folder; it is halted when a player comes and
goes on when they have been gone for a while. What is finished is in the library at once. One server a data folder does
this.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import re
import signal
import sys
from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from redis.exceptions import RedisError

from services.infra import activity
from services.infra.errors import Unavailable
from services.infra.log import log
from services.infra.process import die_with_parent
from services.infra.redis import redis
from services.infra.settings import ROOT, get_settings
from services.solutions.flops import all_flops, canonical, sample
from services.solutions.manifest import FOLDER, read_manifest
from services.solutions.starter import ENTRIES, FAMILIES, GAMES, Entry, Family
from solver.cards import parse_cards

LOOK_S = 2.0
WAIT_S = 30.0
_KEY = "library:growth"
_TOLD_FOR_S = 120
_LOWEST = 19
_FREE_SHARE = 0.7
"""Of the machine's free memory that a flop may take."""


_REPORT: Final = re.compile(r"(\d+) iterations, \d+ s, ([\d.]+)% of pot, target ([\d.]+)%")
"""What `builder` says of a solve under way."""
_SPEED: Final = 1.2
"""Exploitability falls about as 1 / iterations^1.2."""


@dataclass(frozen=True, slots=True)
class FamilyGrowth:
    """Flops of one family, what ships included."""

    family: Family
    solved: int
    planned: int


@dataclass(frozen=True, slots=True)
class Solving:
    """The flop that is being solved; ``pct_pot`` is None before the first measurement.

    Attributes:
        share: Of the iterations that the target takes, about.
    """

    entry: Entry
    iterations: int = 0
    pct_pot: float | None = None
    target_pct: float | None = None
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class Growth:
    """How far the library is.

    Attributes:
        families: In the order of their first flops.
        on: The setting lets it grow.
        now: What is being solved and how far, in the builder's words; empty when nothing is.
        solving: The same to be shown.
        paused: Somebody plays.
        quiet_in_s: Until it goes on if nobody does anything; 0 where it need not wait.
        refused: Planned flops that could not be solved here, most often for want of memory.
    """

    families: tuple[FamilyGrowth, ...] = ()
    on: bool = True
    now: str = ""
    solving: Solving | None = None
    paused: bool = False
    quiet_in_s: float = 0.0
    refused: int = 0

    @property
    def solved(self) -> int:
        """Flops of all families."""
        return sum(one.solved for one in self.families)

    @property
    def planned(self) -> int:
        """Likewise."""
        return sum(one.planned for one in self.families)


def grown_folder() -> Path:
    """Where the solutions of this machine are."""
    return get_settings().data_folder / "library"


@lru_cache
def plan(size: int) -> tuple[Entry, ...]:
    """What the library grows by: ``size`` flops a family, the weightiest of every family before the next.

    The usual depth comes first, the others after it. What ships under any suits' names is left out.
    """
    shipped = {(entry.family.key, _canonical(entry.board)) for entry in ENTRIES if entry.street == 0}
    wanted = [
        Entry(family, flop.board)
        for depth in GAMES
        for flop in sample(size)
        for family in FAMILIES.values()
        if family.depth == depth
    ]
    return tuple(entry for entry in wanted if (entry.family.key, _canonical(entry.board)) not in shipped)


def every_flop(family: Family) -> list[Entry]:
    """All 1,755 flops of a family but those that ship."""
    shipped = {_canonical(entry.board) for entry in ENTRIES if entry.street == 0 and entry.family == family}
    entries = [Entry(family, flop.board) for flop in all_flops()]
    return [entry for entry in entries if _canonical(entry.board) not in shipped]


def _canonical(board: str) -> tuple[int, ...]:
    return canonical(parse_cards(board))


def missing(entries: Sequence[Entry], folder: Path) -> list[Entry]:
    """The entries that a folder does not hold yet."""
    manifest = folder / "manifest.json"
    held = _ids(folder, manifest.stat().st_mtime_ns) if manifest.exists() else frozenset()
    return [entry for entry in entries if entry.id not in held]


@lru_cache(maxsize=4)
def _ids(folder: Path, written: int) -> frozenset[str]:
    """What a manifest names; ``written`` is when it was last written, for pages that ask again and again."""
    del written
    return frozenset(entry["id"] for entry in read_manifest(folder)["entries"])


async def growth() -> Growth:
    """How far the library is, as the growing server last said."""
    settings = get_settings()
    planned = await asyncio.to_thread(plan, settings.library_flops)
    shipped = [entry for entry in ENTRIES if entry.street == 0]
    ready, wanted = _held(shipped, FOLDER), Counter(entry.family.key for entry in planned)
    grown = _held(planned, grown_folder())
    families = tuple(
        FamilyGrowth(family, ready[key] + grown[key], ready[key] + wanted[key]) for key, family in FAMILIES.items()
    )
    try:
        told: dict[str, Any] = json.loads(await redis().get(_KEY) or "{}")
        quiet = await activity.quiet_for()
    except (RedisError, Unavailable):
        return Growth(families, settings.library_growth)
    now = told.get("now", "")
    return Growth(
        families,
        settings.library_growth,
        now,
        solving_of(next((entry for entry in planned if entry.id == told.get("entry")), None), now),
        told.get("paused", False),
        max(0.0, settings.library_growth_quiet_s - quiet),
        told.get("refused", 0),
    )


def _held(entries: Sequence[Entry], folder: Path) -> Counter[str]:
    """How many of the entries a folder holds, by family."""
    left = {entry.id for entry in missing(entries, folder)}
    return Counter(entry.family.key for entry in entries if entry.id not in left)


def solving_of(entry: Entry | None, said: str) -> Solving | None:
    """A builder's last words about an entry as figures."""
    if entry is None:
        return None
    if (found := _REPORT.search(said)) is None:
        return Solving(entry)
    iterations, pct, target = int(found[1]), float(found[2]), float(found[3])
    share = min(1.0, (target / max(pct, 1e-9)) ** (1 / _SPEED))
    return Solving(entry, iterations, pct, target, share)


async def run_growth() -> None:
    """Grow the library until cancelled."""
    settings = get_settings()
    await asyncio.to_thread(plan, settings.library_flops)  # takes seconds, which the library's first visitor would wait
    if not settings.library_growth:
        await asyncio.Event().wait()
    folder = grown_folder()
    folder.mkdir(parents=True, exist_ok=True)
    failed: set[str] = set()
    activity.touch()  # who starts a server comes to play
    while True:
        with _alone(folder / "growing") as mine:
            while mine:
                entry = None
                if await activity.quiet_for() >= settings.library_growth_quiet_s:
                    planned = await asyncio.to_thread(plan, settings.library_flops)
                    entry = next((one for one in missing(planned, folder) if one.id not in failed), None)
                if entry is None:
                    await _tell(refused=len(failed))
                    await asyncio.sleep(WAIT_S)
                elif await build_apart(entry, folder, refused=len(failed)) != 0:
                    failed.add(entry.id)
        await asyncio.sleep(WAIT_S)


@contextlib.contextmanager
def _alone(path: Path) -> Generator[bool]:
    """Whether nobody else holds the file; held inside the block."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


async def _tell(**told: Any) -> None:
    """Say how it stands to whoever asks `growth`; nobody learns of it when Redis is away."""
    with contextlib.suppress(RedisError, Unavailable):
        await redis().set(_KEY, json.dumps(told), ex=_TOLD_FOR_S)


async def build_apart(entry: Entry, folder: Path, *options: str, refused: int = 0) -> int:
    """Solve one entry in a process of its own, with further options of the command; gives its exit code.

    ``refused`` is told with it: how many could not be solved before.
    """
    settings = get_settings()

    def between_fork_and_exec() -> None:
        os.setsid()
        os.nice(_LOWEST)
        die_with_parent(signal.SIGKILL)  # one that is halted hears nothing else

    mebibytes = min(settings.library_growth_mib, int(_FREE_SHARE * free_memory()) >> 20)
    command = [
        sys.executable, "-m", "app.cli", "library", "build", "--planned", "--only", entry.id,
        "--folder", str(folder), "--threads", "1", "--memory", str(max(1, mebibytes)), *options,
    ]  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
        preexec_fn=between_fork_and_exec,
    )
    said = [entry.name]
    reader = asyncio.create_task(_read(process, said))
    log.info("library_grows", entry=entry.id)
    paused = False
    try:
        while process.returncode is None:
            playing = await activity.quiet_for() < settings.library_growth_quiet_s
            if playing != paused:
                paused = playing
                os.killpg(process.pid, signal.SIGSTOP if paused else signal.SIGCONT)
            await _tell(entry=entry.id, now=said[-1], paused=paused, refused=refused)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await asyncio.shield(reader)
                    await process.wait()
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        reader.cancel()
        with contextlib.suppress(Exception):
            await redis().delete(_KEY)
    code = process.returncode
    assert code is not None
    log.info("library_grew" if code == 0 else "library_did_not_grow", entry=entry.id, said=said[-1], exit_code=code)
    return code


async def _read(process: asyncio.subprocess.Process, said: list[str]) -> None:
    assert process.stderr is not None
    async for raw in process.stderr:
        text = raw.decode(errors="replace").strip()
        said[:] = [text.partition("] ")[2] or text]


def free_memory() -> int:
    """Bytes that a new process may take without others being pushed out; a quarter of all where nobody says."""
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 4
