"""Runs the queue of solves: in the server, or as a process of its own.

A solve takes a thread of a small pool (Numba releases the interpreter's lock), so the event loop stays free; the
settings leave one core to the server. Who runs what is in the database: a worker claims a solve, keeps its heartbeat
fresh and stores the result; a solve whose worker fell silent is queued again by any other.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from services.accounts.session_records import LIFETIMES
from services.accounts.sessions import Role
from services.infra.clock import new_id, now
from services.infra.db import transaction
from services.infra.errors import Unavailable
from services.infra.log import get_logger
from services.infra.redis import subscribe
from services.infra.settings import get_settings
from services.infra.tasks import end
from services.solutions import repository
from services.solutions.events import CONTROL, SolveChanged, publish_progress
from services.solutions.export import Description, solve_config, write_solution
from services.solutions.jobs import MIB, SolveStatus, limits_of, machine_limit
from services.solutions.models import SolutionRow, SolveJobRow
from services.solutions.service import get_strategies
from services.solutions.store import TREMBLE
from solver.errors import Cancelled, SolverError
from solver.solve import Control, Progress, solve
from solver.spot import parse_spot

HEARTBEAT_S = 2.0
LOST_AFTER_S = 15.0
MOST_ATTEMPTS = 3
MOST_CONCURRENT = 4
MAX_ITERATIONS = 20_000
GUESTS_KEPT = LIFETIMES[Role.GUEST].absolute + timedelta(days=1)
"""How long a guest's solves are kept: no session of a guest lives longer. What came to nothing is kept as long."""
PUBLISH_EVERY_S = 0.1
_POLL_S = 1.0
_TIDY_EVERY_S = 600.0
_MEMORY_SLACK = 1.15


@dataclass(slots=True)
class Run:
    """One solve under way in this process; the thread writes ``progress``, the loop reads it."""

    request_key: str
    row: SolveJobRow
    control: Control = field(default_factory=Control)
    progress: Progress | None = None
    task: asyncio.Task[None] | None = None


class Worker:
    """A queue runner; ``run`` until cancelled."""

    def __init__(self, threads: int | None = None) -> None:
        threads = get_settings().threads if threads is None else threads
        self.id = new_id()
        self._slots = min(threads, MOST_CONCURRENT)
        self._threads_each = max(1, threads // self._slots)
        self._pool = ThreadPoolExecutor(self._slots, thread_name_prefix="solve")
        self._runs: dict[str, Run] = {}
        self._wake = asyncio.Event()

    @property
    def busy(self) -> bool:
        """Whether a solve is under way here."""
        return bool(self._runs)

    async def run(self) -> None:
        """Claim and run solves until cancelled; then stop what runs and leave it to others."""
        helpers = [
            asyncio.create_task(self._listen()),
            asyncio.create_task(self._repeat(self._requeue_lost, LOST_AFTER_S / 3)),
            asyncio.create_task(self._repeat(self._tidy, _TIDY_EVERY_S)),
        ]
        try:
            while True:
                await self._survive(self._claim)
                # Not ``wait_for``: before Python 3.12 it loses a cancellation that comes with the event.
                with suppress(TimeoutError):
                    async with asyncio.timeout(_POLL_S):
                        await self._wake.wait()
                self._wake.clear()
        finally:
            tasks = [run.task for run in self._runs.values() if run.task is not None]
            for run in self._runs.values():
                run.control.cancel()
            await end(*helpers, *tasks)
            self._pool.shutdown(wait=True)
            with suppress(Exception):  # whoever finds the silent heartbeat does the same, a little later
                async with transaction() as db:
                    await repository.release(db, self.id)

    async def _survive(self, step: Callable[[], Awaitable[None]]) -> None:
        try:
            await step()
        except Unavailable:
            await asyncio.sleep(_POLL_S)
        except Exception as error:  # noqa: BLE001 one bad request must not stop the queue
            get_logger().error("solve_worker_error", error=repr(error))
            await asyncio.sleep(_POLL_S)

    async def _listen(self) -> None:
        while True:
            try:
                async with subscribe(CONTROL) as messages:
                    async for message in messages:
                        self._wake.set()
                        run = self._runs.get(message.get("request_key", ""))
                        if run is not None and message.get("action") == "cancelled":
                            run.control.cancel()
            except Exception as error:  # noqa: BLE001 without Redis the queue is polled
                get_logger().warning("solve_worker_deaf", error=repr(error))
                await asyncio.sleep(_POLL_S)

    async def _repeat(self, step: Callable[[], Awaitable[None]], every_s: float) -> None:
        while True:
            await self._survive(step)
            await asyncio.sleep(every_s)

    async def _requeue_lost(self) -> None:
        async with transaction() as db:
            older = now() - timedelta(seconds=LOST_AFTER_S)
            if await repository.requeue_lost(db, older, now(), MOST_ATTEMPTS):
                self._wake.set()

    async def _tidy(self) -> None:
        async with transaction() as db:
            most = get_settings().guest_solve_storage_mib * MIB
            await repository.drop_jobs_of_guests(db, now() - GUESTS_KEPT, most)
            await repository.drop_fruitless_jobs(db, now() - GUESTS_KEPT)

    async def _claim(self) -> None:
        while len(self._runs) < self._slots:
            async with transaction() as db:
                # One that was cancelled here and asked for again waits until the old run has ended.
                waiting = [row for row in await repository.queued(db) if row.request_key not in self._runs]
                row = _next_to_run(waiting, await repository.running(db))
                if row is None:
                    return
                await repository.claim(db, row.request_key, self.id, now())
            run = Run(row.request_key, row)
            self._runs[row.request_key] = run
            run.task = asyncio.create_task(self._supervise(run), name=f"solve {row.id}")
            await publish_progress(row.request_key, SolveChanged(status="changed"))

    async def _supervise(self, run: Run) -> None:
        """Run one solve in the pool, tell how far it is, and store how it ended."""
        loop = asyncio.get_running_loop()
        solving = loop.run_in_executor(self._pool, _solve, run, self._threads_each)
        solving.add_done_callback(lambda done: done.cancelled() or done.exception())  # seen, also when nobody waits
        try:
            await self._report_until_done(run, solving)
            await self._store(run, await solving)
        except Cancelled:
            get_logger().info("solve_cancelled", request_key=run.request_key)
        except (SolverError, MemoryError) as error:
            await self._finish(run, status=SolveStatus.FAILED, error=str(error) or "out of memory")
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 the request must not hang
            get_logger().error("solve_failed", request_key=run.request_key, error=repr(error))
            await self._finish(run, status=SolveStatus.FAILED, error="The solver failed; the log has the reason.")
        finally:
            self._runs.pop(run.request_key, None)
            self._wake.set()

    async def _report_until_done(self, run: Run, solving: asyncio.Future[SolutionRow]) -> None:
        published: Progress | None = None
        beat = time.monotonic()
        while not (await asyncio.wait({solving}, timeout=PUBLISH_EVERY_S))[0]:
            progress = run.progress
            if progress is not None and progress is not published:
                published = progress
                await publish_progress(run.request_key, SolveChanged(status="running", **_values(progress)))
            if time.monotonic() - beat >= HEARTBEAT_S:
                beat = time.monotonic()
                await self._survive(lambda: self._beat(run))

    async def _beat(self, run: Run) -> None:
        async with transaction() as db:
            values = _values(run.progress) if run.progress is not None else {}
            wanted = await repository.heartbeat(db, run.request_key, now(), values)
        if not wanted:
            run.control.cancel()

    async def _store(self, run: Run, row: SolutionRow) -> None:
        values = _values(run.progress) if run.progress is not None else {}
        async with transaction() as db:
            await repository.lock(db, f"solve {run.request_key}")
            if await repository.count_active_for(db, run.request_key):
                await repository.add_solution(db, row)
                await repository.finish(
                    db, run.request_key, now(), status=SolveStatus.DONE, solution_id=row.id, **values
                )
        await publish_progress(run.request_key, SolveChanged(status="changed"))

    async def _finish(self, run: Run, *, status: SolveStatus, error: str) -> None:
        async with transaction() as db:
            await repository.lock(db, f"solve {run.request_key}")
            await repository.finish(db, run.request_key, now(), status=status, error=error)
        await publish_progress(run.request_key, SolveChanged(status="changed"))


def _values(progress: Progress) -> dict[str, Any]:
    return {"iteration": progress.iteration, "seconds": progress.seconds, "pct_pot": progress.pct_pot}


def _next_to_run(waiting: Sequence[SolveJobRow], active: Sequence[SolveJobRow]) -> SolveJobRow | None:
    """The oldest request whose owner may run one more and that fits into the machine's memory beside the others."""
    memory = {row.request_key: row.memory_bytes for row in active}
    keys_of: dict[UUID, set[str]] = {}
    for row in active:
        keys_of.setdefault(row.owner_id, set()).add(row.request_key)
    for row in waiting:
        if len(keys_of.get(row.owner_id, ())) >= limits_of(Role(row.role)).running:
            continue
        if sum(memory.values()) + row.memory_bytes <= machine_limit():
            return row
    return None


def _solve(run: Run, threads: int) -> SolutionRow:
    """In a thread of the pool: solve and write the artefact."""
    row = run.row
    spot = parse_spot(row.spot)

    def on_progress(progress: Progress) -> None:
        run.progress = progress

    solution = solve(
        spot,
        target_pct=row.target_pct,
        max_iterations=MAX_ITERATIONS,
        time_limit=row.max_seconds,
        threads=threads,
        memory_limit=int(row.memory_bytes * _MEMORY_SLACK),
        tremble=TREMBLE,
        on_progress=on_progress,
        control=run.control,
    )
    config = solve_config(spot, row.target_pct, TREMBLE)
    data, header = write_solution(solution, Description(row.name, "Custom", "custom", ("OOP", "IP")), config)
    return SolutionRow(
        spot_hash=row.spot_hash,
        name=row.name,
        exploitability_pct=header["exploitability"]["served_pct"],
        artefact=data,
    )


async def run_worker() -> None:
    """The lifespan task of the server."""
    await get_strategies().warm()
    await Worker().run()
