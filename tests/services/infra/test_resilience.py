"""Breakers and retries, with a clock that the test moves."""

from __future__ import annotations

import asyncio

import pytest

from services.infra.resilience import FAILURES, OPEN_LIMIT_S, OPEN_S, SLOW_S, Breaker, BreakerOpen, retry


class Clock:
    """Monotonic time in the test's hands."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Clock:
    return Clock()


@pytest.fixture
def guarded(time: Clock) -> Breaker:
    return Breaker("test", time)


async def call(guarded: Breaker, *, fail: bool = False, takes: float = 0.0, time: Clock | None = None) -> None:
    try:
        async with guarded():
            if time is not None:
                time.now += takes
            if fail:
                raise OSError("down")
    except OSError:
        pass


async def test_a_breaker_opens_when_half_of_the_calls_fail(guarded: Breaker):
    for number in range(18):
        await call(guarded, fail=number % 2 == 0)
    assert not guarded.is_open
    await call(guarded, fail=True)
    assert guarded.is_open
    with pytest.raises(BreakerOpen):
        await call(guarded)


async def test_one_failure_in_many_calls_leaves_it_closed(guarded: Breaker):
    for number in range(40):
        await call(guarded, fail=number % 10 == 9)
    assert not guarded.is_open


async def test_slow_calls_count_as_failures(guarded: Breaker, time: Clock):
    for _ in range(FAILURES):
        await call(guarded, takes=SLOW_S + 0.1, time=time)
    assert guarded.is_open


async def test_a_caller_that_goes_says_nothing_and_one_that_waited_too_long_does(guarded: Breaker, time: Clock):
    for seconds in [0.1] * 30 + [SLOW_S + 0.1] * FAILURES:
        assert not guarded.is_open
        with pytest.raises(asyncio.CancelledError):
            async with guarded():
                time.now += seconds
                raise asyncio.CancelledError
    assert guarded.is_open


async def test_three_good_probes_close_it_again(guarded: Breaker, time: Clock):
    for _ in range(FAILURES):
        await call(guarded, fail=True)
    time.now += OPEN_S
    for _ in range(3):
        await call(guarded)
    for _ in range(3):
        await call(guarded)
    assert not guarded.is_open


async def test_a_failed_probe_doubles_the_pause_up_to_a_minute(guarded: Breaker, time: Clock):
    for _ in range(FAILURES):
        await call(guarded, fail=True)
    pause = OPEN_S
    for _ in range(6):
        time.now += pause
        await call(guarded, fail=True)
        pause = min(pause * 2, OPEN_LIMIT_S)
        time.now += pause - 0.1
        assert guarded.is_open
        time.now -= pause - 0.1
    assert pause == OPEN_LIMIT_S


async def test_a_call_is_tried_three_times_at_most():
    calls = 0

    async def fail() -> None:
        nonlocal calls
        calls += 1
        raise OSError("down")

    with pytest.raises(OSError, match="down"):
        await retry(fail, OSError)
    assert calls == 3


async def test_other_errors_are_not_retried():
    calls = 0

    async def fail() -> None:
        nonlocal calls
        calls += 1
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        await retry(fail, OSError)
    assert calls == 1
