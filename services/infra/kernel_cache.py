"""Where compiled kernels are kept, and the run that compiles all of them before anybody waits for one.

Numba's cache goes stale when a function that a kernel calls changes in another module, so the folder is named by a hash
over all sources of the solver. Compiling everything takes about 40 s of one core; from the cache it is about one
second.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Literal

VARIABLE = "NUMBA_CACHE_DIR"
ROOT = Path(__file__).resolve().parents[2]
# Files without kernels whose constants are compiled into them.
CONSTANTS = {"cards.py", "rank_tables.py", "rank_tables.npz"}


def folder() -> Path:
    """The cache folder of the present sources."""
    digest = hashlib.sha256(metadata.version("numba").encode())
    for path in sorted((ROOT / "solver").glob("*.*")):
        source = path.read_bytes()
        if path.name in CONSTANTS or (path.suffix == ".py" and b"numba" in source):
            digest.update(path.name.encode() + source)
    return ROOT / ".cache" / "numba" / digest.hexdigest()[:16]


def configure() -> None:
    """Point numba at the folder; has to happen before numba is imported. A folder given in the environment stays."""
    os.environ.setdefault(VARIABLE, str(folder()))


async def warm(progress: Callable[[str], None]) -> None:
    """Compile every kernel that is not in the cache yet, in a process of its own; ``progress`` hears what is compiled.

    Raises:
        StartError: The compiler failed.
    """
    from services.infra.process import StartError, run_lines  # noqa: PLC0415 `configure` is called where a second counts

    cache = Path(os.environ.get(VARIABLE) or folder())
    done = cache / "complete"
    if done.exists():
        return
    cache.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {VARIABLE: str(cache)}
    code, tail = await run_lines([sys.executable, "-m", __name__], progress, environment, ROOT)
    if code:
        raise StartError(f"the solver could not be compiled:\n{tail}")
    done.touch()


def _steps() -> Iterator[tuple[str, Callable[[], object]]]:
    """Small calls that between them reach every kernel the product runs."""
    import numpy as np  # noqa: PLC0415

    from solver import hand_rank, parse_range, parse_spot, solve  # noqa: PLC0415
    from solver.equity import range_equity  # noqa: PLC0415

    both = {"bet": "50%, a", "raise": "3x"}
    sizes = {street: {"oop": both, "ip": both} for street in ("flop", "turn", "river")}

    def small(board: str, precision: Literal["f32", "i16"]) -> object:
        parsed = parse_spot(
            {
                "board": board,
                "ranges": {"oop": "AA,76s", "ip": "KK,AKs"},
                "pot": 100,
                "effective_stack": 150,
                "sizes": sizes,
            }
        )
        return solve(parsed, max_iterations=2, precision=precision).node(())

    yield "hand ranks", lambda: hand_rank.rank_board((48, 44, 40, 36, 0), np.arange(1326))
    yield "equities", lambda: range_equity(parse_range("AA"), parse_range("KK"), (0, 5, 10))
    for name, board in (("river", "Kc8d4h3s2c"), ("turn", "Kc8d4h3s"), ("flop", "Kc8d4h")):
        yield f"{name} solves (f32)", lambda board=board: small(board, "f32")
        yield f"{name} solves (i16)", lambda board=board: small(board, "i16")


def _compile() -> None:
    steps = list(_steps())
    for number, (name, call) in enumerate(steps, start=1):
        print(f"{number}/{len(steps)} {name}", flush=True)  # noqa: T201 read by warm()
        call()


if __name__ == "__main__":
    configure()
    _compile()
