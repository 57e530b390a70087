"""Rate limits in a real Redis, and without one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from services.infra import rate_limits
from services.infra import redis as infra_redis
from services.infra.errors import TooMany
from services.infra.rate_limits import Limit, Verdict, address_of, give_back, take
from services.infra.settings import get_settings


@pytest.fixture(autouse=True)
def no_tries_yet() -> None:
    """The process counts tries along with Redis."""
    rate_limits.forget()


@pytest.fixture
async def no_redis(redis_server: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """From here on nothing answers where Redis should be."""
    await infra_redis.close()
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:9/0")
    get_settings.cache_clear()
    yield
    await infra_redis.close()
    monkeypatch.undo()
    get_settings.cache_clear()


async def passed(limit: Limit, who: str, tries: int) -> list[Verdict]:
    return await asyncio.gather(*(take(limit, who) for _ in range(tries)))


async def test_exactly_the_limit_passes_however_many_come_at_once(redis_server: str) -> None:
    verdicts = await passed(Limit("t", 20, 900), "anna", 60)

    assert sum(verdict.passed for verdict in verdicts) == 20


async def test_a_refused_try_says_when_the_next_one_passes(redis_server: str) -> None:
    await passed(Limit("t", 2, 900), "anna", 2)

    verdict = await take(Limit("t", 2, 900), "anna")

    with pytest.raises(TooMany) as refused:
        verdict.enforce()
    assert 890 <= refused.value.retry_after_s <= 900


async def test_a_try_passes_again_when_the_window_has_slid_on(redis_server: str) -> None:
    limit = Limit("t", 1, 1)
    await take(limit, "anna")
    assert not (await take(limit, "anna")).passed

    await asyncio.sleep(1.05)

    assert (await take(limit, "anna")).passed


async def test_who_and_what_is_limited_are_kept_apart(redis_server: str) -> None:
    await take(Limit("t", 1, 900), "anna")

    assert (await take(Limit("t", 1, 900), "bo")).passed
    assert (await take(Limit("u", 1, 900), "anna")).passed


async def test_a_try_that_was_given_back_does_not_count(redis_server: str) -> None:
    limit = Limit("t", 1, 900)
    await give_back(await take(limit, "anna"), "anna")

    assert (await take(limit, "anna")).passed


async def test_redis_never_sees_the_address(redis_server: str) -> None:
    await take(Limit("t", 1, 900), "anna@example.org")

    assert not [key for key in await infra_redis.redis().keys("*") if b"anna" in key]


async def test_without_redis_the_process_counts_by_itself(no_redis: None) -> None:
    verdicts = [await take(Limit("t", 5, 900), "anna") for _ in range(8)]

    assert [verdict.passed for verdict in verdicts] == [True] * 5 + [False] * 3
    assert verdicts[-1].retry_after_s > 890


async def test_a_limit_that_redis_saw_used_up_is_not_a_fresh_one_without_redis(
    redis_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = Limit("t", 5, 900)
    for _ in range(4):
        await take(limit, "anna")
    await infra_redis.close()
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:9/0")
    get_settings.cache_clear()
    try:
        verdicts = [await take(limit, "anna") for _ in range(3)]
    finally:
        await infra_redis.close()
        monkeypatch.undo()
        get_settings.cache_clear()

    assert [verdict.passed for verdict in verdicts] == [True, False, False]


async def test_a_refusal_carries_the_fields_of_the_limit(redis_server: str) -> None:
    limit = Limit("codes", 2, 60)
    first = await take(limit, "anna")
    await take(limit, "anna")
    refused = await take(limit, "anna")

    assert first.fields == {"RateLimit-Policy": '"codes";q=2;w=60', "RateLimit": '"codes";r=1;t=60'}
    assert refused.fields["RateLimit"].startswith('"codes";r=0;t=')
    assert 1 <= int(refused.fields["Retry-After"]) <= 60


async def test_a_window_that_is_used_up_in_the_process_alone_keeps_its_memory_bounded(
    no_redis: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limits, "LOCAL_KEYS", 10)

    for number in range(50):
        await take(Limit("t", 5, 900), f"visitor {number}")

    assert len(rate_limits._local.marks) <= 10


def test_a_try_costs_the_same_however_many_callers_there_are() -> None:
    """Anybody may send made-up names; each is a window of its own."""
    limit = Limit("t", 5, 900)

    def seconds(tries: int) -> float:
        began = time.process_time()
        for _ in range(tries):
            rate_limits._local.take(limit, "anna")
        return time.process_time() - began

    few = min(seconds(2000) for _ in range(5))
    for number in range(15_000):
        rate_limits._local.take(limit, f"visitor {number}")
    many = min(seconds(2000) for _ in range(5))

    assert many < 3 * few


async def test_counting_in_the_process_leaves_nothing_running(no_redis: None) -> None:
    before = asyncio.all_tasks()

    for number in range(50):
        await take(Limit("t", 5, 900), f"visitor {number}")

    assert asyncio.all_tasks() == before


@pytest.mark.parametrize(
    ("host", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::ffff", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
    ],
)
def test_a_holder_of_ipv6_counts_once_for_his_whole_network(host: str, counted: str) -> None:
    assert address_of({"client": (host, 4000)}) == counted
