"""Prometheus metrics of the process; features add their own to :data:`REGISTRY`."""

from __future__ import annotations

import asyncio
import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0)

http_seconds = Histogram(
    "mixline_http_seconds",
    "Time to answer a request.",
    ("method", "route", "status"),
    buckets=BUCKETS,
    registry=REGISTRY,
)
cache_requests = Counter("mixline_cache_requests", "Where cached values came from.", ("source",), registry=REGISTRY)
event_appends = Counter("mixline_events_appended", "Events appended.", ("type",), registry=REGISTRY)
loop_lag_seconds = Gauge("mixline_loop_lag_seconds", "How late the event loop woke up.", registry=REGISTRY)


async def watch_loop(interval_s: float = 1.0) -> None:
    """Measure the event loop's lag until cancelled."""
    while True:
        before = time.perf_counter()
        await asyncio.sleep(interval_s)
        loop_lag_seconds.set(max(0.0, time.perf_counter() - before - interval_s))


def render() -> bytes:
    """The exposition text of all metrics."""
    return generate_latest(REGISTRY)
