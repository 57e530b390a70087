"""Circuit breakers and retries.

A breaker opens when ten of the last 20 calls failed or took over 2 s, stays open 5 s (doubling to 60 s while it keeps
failing) and closes after 3 probes in a row succeeded. It is our own because the packages' breakers (purgatory,
aiobreaker, pybreaker) count failures in a row and know no slow calls: a server that answers every second call late, the
case that hurts, would never open them, and their pauses do not grow.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import stamina

from services.infra.errors import Unavailable

WINDOW = 20
FAILURES = 10
SLOW_S = 2.0
OPEN_S = 5.0
OPEN_LIMIT_S = 60.0
PROBES = 3

T = TypeVar("T")


class BreakerOpen(Unavailable):
    """The dependency failed too often lately; it is not asked now."""


class Breaker:
    """The state of one dependency; use it through :func:`breaker`."""

    def __init__(self, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.name = name
        self._clock = clock
        self._results: deque[bool] = deque(maxlen=WINDOW)
        self._open_until: float | None = None
        self._open_s = OPEN_S
        self._probes_left = 0
        self._successes = 0

    @property
    def is_open(self) -> bool:
        """True while calls are refused without asking."""
        return self._open_until is not None and self._clock() < self._open_until

    @asynccontextmanager
    async def __call__(self) -> AsyncGenerator[None]:
        """Count one call; an exception or a slow end is a failure.

        Raises:
            BreakerOpen: The call was not made.
        """
        probing = self._admit()
        started = self._clock()
        try:
            yield
        except Exception:
            self._record(ok=False, probing=probing)
            raise
        except BaseException:
            # Cancelled: by a caller's own time limit, which says something, or because the caller went, which does not.
            if self._clock() - started > SLOW_S:
                self._record(ok=False, probing=probing)
            elif probing:
                self._probes_left += 1
            raise
        self._record(ok=self._clock() - started <= SLOW_S, probing=probing)

    def _admit(self) -> bool:
        if self._open_until is None:
            return False
        if self.is_open:
            raise BreakerOpen(f"{self.name} is not asked for {self._open_until - self._clock():.0f} s")
        if self._probes_left <= 0:
            raise BreakerOpen(f"{self.name} is being probed")
        self._probes_left -= 1
        return True

    def _record(self, *, ok: bool, probing: bool) -> None:
        if probing:
            self._record_probe(ok=ok)
            return
        self._results.append(ok)
        if self._results.count(False) >= FAILURES:
            self._trip(OPEN_S)

    def _record_probe(self, *, ok: bool) -> None:
        if not ok:
            self._trip(min(self._open_s * 2, OPEN_LIMIT_S))
            return
        self._successes += 1
        if self._successes >= PROBES:
            self._open_until = None
            self._results.clear()
        else:
            self._probes_left = max(self._probes_left, 1)

    def _trip(self, seconds: float) -> None:
        self._results.clear()
        self._open_s = seconds
        self._open_until = self._clock() + seconds
        self._probes_left = PROBES
        self._successes = 0


_breakers: dict[str, Breaker] = {}


def breaker(name: str) -> Breaker:
    """The one breaker of the dependency called ``name``; call it for an async context around each request."""
    return _breakers.setdefault(name, Breaker(name))


async def retry(
    call: Callable[[], Awaitable[T]], on: type[Exception] | tuple[type[Exception], ...], timeout_s: float = 3.0
) -> T:
    """The answer of ``call``, tried at most 3 times with full jitter. Only for calls that may happen twice."""
    async for attempt in stamina.retry_context(
        on=on, attempts=3, timeout=timeout_s, wait_initial=0.05, wait_max=0.5, wait_jitter=0.5
    ):
        with attempt:
            return await call()
    raise AssertionError("unreachable")
