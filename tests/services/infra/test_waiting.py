"""The line for dear work: turns, places of one caller, places in all."""

from __future__ import annotations

import asyncio

import pytest

from services.infra.errors import TooMany, Unavailable
from services.infra.waiting import Line


async def hold(line: Line, who: str, done: asyncio.Event, seen: list[str]) -> None:
    async with line.turn(who):
        seen.append(who)
        await done.wait()


async def test_turns_come_in_the_order_of_asking_and_so_many_at_a_time() -> None:
    line, done, seen = Line(1, of_one=9, in_all=9), asyncio.Event(), list[str]()
    tasks = [asyncio.create_task(hold(line, who, done, seen)) for who in "abc"]
    await asyncio.sleep(0)
    assert seen == ["a"]

    done.set()
    await asyncio.gather(*tasks)

    assert seen == ["a", "b", "c"]


async def test_one_caller_holds_so_many_places_and_the_others_still_find_one() -> None:
    line, done, seen = Line(1, of_one=2, in_all=9), asyncio.Event(), list[str]()
    tasks = [asyncio.create_task(hold(line, "greedy", done, seen)) for _ in range(2)]
    await asyncio.sleep(0)

    with pytest.raises(TooMany):
        await hold(line, "greedy", done, seen)

    tasks.append(asyncio.create_task(hold(line, "other", done, seen)))
    done.set()
    await asyncio.gather(*tasks)
    await hold(line, "greedy", done, seen)
    assert seen == ["greedy", "greedy", "other", "greedy"]


async def test_a_full_line_says_so_and_whoever_leaves_it_frees_the_place() -> None:
    line, done, seen = Line(1, of_one=9, in_all=2), asyncio.Event(), list[str]()
    tasks = [asyncio.create_task(hold(line, who, done, seen)) for who in "ab"]
    await asyncio.sleep(0)

    with pytest.raises(Unavailable):
        await hold(line, "c", done, seen)

    tasks[1].cancel()
    await asyncio.gather(tasks[1], return_exceptions=True)
    done.set()
    await hold(line, "c", done, seen)
    await tasks[0]
    assert seen == ["a", "c"]
