"""The line for dear work: turns, places of one caller, places in all."""

from __future__ import annotations

import asyncio

import pytest

from services.infra.errors import TooMany, Unavailable
from services.infra.waiting import VISITORS, Line, Share, acting_for, caller


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


async def test_the_product_itself_finds_a_place_however_many_others_hold() -> None:
    line, done, seen = Line(1, of_one=2, in_all=9), asyncio.Event(), list[str]()
    tasks = [asyncio.create_task(hold(line, who, done, seen)) for who in ("a", "a", "b", "b", "", "", "")]
    await asyncio.sleep(0)

    done.set()
    await asyncio.gather(*tasks)

    assert seen == ["a", "a", "b", "", "b", "", ""]


async def test_callers_take_turns_however_many_places_one_holds() -> None:
    line, done, seen = Line(1, of_one=9, in_all=30), asyncio.Event(), list[str]()
    tasks = [asyncio.create_task(hold(line, "greedy", done, seen)) for _ in range(6)]
    await asyncio.sleep(0)
    tasks += [asyncio.create_task(hold(line, who, done, seen)) for who in ("a", "b", "a")]
    await asyncio.sleep(0)

    done.set()
    await asyncio.gather(*tasks)

    assert seen == ["greedy", "greedy", "a", "b", "greedy", "a", "greedy", "greedy", "greedy"]


async def test_a_turn_that_comes_to_somebody_who_is_leaving_goes_on_to_the_next() -> None:
    line, done, seen = Line(1, of_one=9, in_all=9), asyncio.Event(), list[str]()
    first, leaving, last = [asyncio.create_task(hold(line, who, done, seen)) for who in "abc"]
    await asyncio.sleep(0)

    done.set()
    await first  # the turn is passed on to b in the same step
    leaving.cancel()
    await asyncio.gather(leaving, last, return_exceptions=True)
    await hold(line, "d", done, seen)

    assert [one for one in seen if one != "b"] == ["a", "c", "d"]


async def test_who_asks_is_known_to_what_the_task_starts_and_to_no_other() -> None:
    async def asks(who: str) -> str:
        acting_for(who)
        await asyncio.sleep(0)
        return await asyncio.create_task(asked())

    async def asked() -> str:
        return caller()

    assert await asyncio.gather(asks("a"), asks("b"), asked()) == ["a", "b", ""]


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


async def test_who_holds_a_share_waits_without_it_and_others_do_not() -> None:
    share, done = Share(of_one=2, wait_s=0.05), asyncio.Event()

    async def held(who: str) -> None:
        async with share.part(who), share.part(who):  # a second part inside of the first one is free
            await done.wait()

    tasks = [asyncio.create_task(held(who)) for who in "aa"]
    await asyncio.sleep(0)
    with pytest.raises(TooMany):
        await held("a")
    others = [asyncio.create_task(held(who)) for who in ("b", "", "", "")]
    await asyncio.sleep(0)
    done.set()
    await asyncio.gather(*tasks, *others)
    await held("a")


async def visit(line: Line, who: str, address: str, done: asyncio.Event, seen: list[str]) -> None:
    """`hold` by somebody who is not signed in."""
    acting_for(who, VISITORS, visitor_at=address)
    await hold(line, who, done, seen)


async def test_visitors_of_one_address_take_turns_like_one_member() -> None:
    line, done, seen = Line(1, of_one=9, in_all=80), asyncio.Event(), list[str]()
    tasks = [asyncio.create_task(visit(line, f"guest {number}", "192.0.2.1", done, seen)) for number in range(9)]
    await asyncio.sleep(0)
    tasks.append(asyncio.create_task(hold(line, "member", done, seen)))
    tasks.append(asyncio.create_task(visit(line, "elsewhere", "192.0.2.2", done, seen)))
    await asyncio.sleep(0)
    done.set()
    await asyncio.gather(*tasks)
    assert seen.index("member") <= 2
    assert seen.index("elsewhere") <= 3


async def test_visitors_leave_places_to_members_and_those_of_one_address_to_others() -> None:
    line, done, seen = Line(1, of_one=9, in_all=8), asyncio.Event(), list[str]()
    tasks = [asyncio.create_task(visit(line, f"guest {number}", "192.0.2.1", done, seen)) for number in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(TooMany):
        await asyncio.create_task(visit(line, "guest 2", "192.0.2.1", done, seen))
    tasks += [asyncio.create_task(visit(line, f"b {number}", "192.0.2.2", done, seen)) for number in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await asyncio.create_task(visit(line, "c", "192.0.2.3", done, seen))
    tasks.append(asyncio.create_task(hold(line, "member", done, seen)))
    await asyncio.sleep(0)
    done.set()
    await asyncio.gather(*tasks)
    assert "member" in seen
    await hold(line, "member", done, seen)  # every place is free again
