"""The list of one's own solves as a browser calls it: real solves, opened and deleted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.accounts import sessions
from services.accounts.principals import Principal
from services.accounts.sessions import Role
from services.infra.clock import new_id
from services.infra.db import transaction
from services.infra.tasks import end
from services.solutions.jobs import SolveJob, get_solve_jobs
from services.solutions.worker import Worker
from solver.spot import parse_spot
from state.own_solves import PAGE, OwnSolvesState
from tests.services.solutions.conftest import RIVER
from tests.state.conftest import ROOT, Server, Tab, add_state

STATE = f"{ROOT}.state___own_solves____own_solves_state"

add_state(OwnSolvesState)


@pytest.fixture
async def member(server: Server, committed: AsyncEngine) -> AsyncIterator[tuple[Tab, Principal]]:
    """A guest's tab, and a worker beside the server."""
    del committed
    worker = asyncio.create_task(Worker(1).run())
    issued = await sessions.start(new_id(), Role.GUEST, "")
    yield server.tab(issued), issued.principal
    await end(worker)


async def call(tab: Tab, handler: str, **payload: Any) -> dict[str, Any]:
    return await tab.send(f"{STATE}.{handler}", payload)


async def solved(principal: Principal, pot: int) -> SolveJob:
    """A finished solve of a small river."""
    jobs = get_solve_jobs()
    request = await jobs.prepare(principal, parse_spot({**RIVER, "pot": pot}))
    async with transaction() as db:
        job = await jobs.submit(db, principal, request)
    async with asyncio.timeout(60):
        return [seen async for seen in get_solve_jobs().watch(principal, job.id)][-1]


async def test_a_finished_solve_is_listed_and_can_be_opened(member: tuple[Tab, Principal]) -> None:
    tab, principal = member
    assert (await call(tab, "load"))["rows"] == ()
    job = await solved(principal, 100)
    (row,) = (await call(tab, "load"))["rows"]
    assert row.href == f"/solutions/{job.solution_id}"
    assert row.name == "Ks 8d 3c 5h 2s"
    assert row.stakes == "10 / 30"
    assert row.solved.endswith("%")


async def test_a_solution_goes_after_the_second_press_only(member: tuple[Tab, Principal]) -> None:
    tab, principal = member
    first, second = await solved(principal, 100), await solved(principal, 120)
    rows = (await call(tab, "load"))["rows"]
    assert [row.key for row in rows] == [str(second.solution_id), str(first.solution_id)]
    await call(tab, "delete")  # nothing was asked about
    await call(tab, "ask", key=str(first.solution_id))
    await call(tab, "ask", key="")
    await call(tab, "delete")  # the question was taken back
    await call(tab, "ask", key=str(new_id()))  # none of the list
    await call(tab, "delete")
    assert len((await call(tab, "load"))["rows"]) == 2
    await call(tab, "ask", key=str(first.solution_id))
    frame = await call(tab, "delete")
    assert [row.key for row in frame["rows"]] == [str(second.solution_id)]
    assert frame["said"] == "Ks 8d 3c 5h 2s is deleted."


async def test_further_ones_are_shown_on_demand(member: tuple[Tab, Principal]) -> None:
    tab, principal = member
    for number in range(PAGE + 1):
        await solved(principal, 100 + number)
    frame = await call(tab, "load")
    assert (len(frame["rows"]), frame["more"]) == (PAGE, True)
    frame = await call(tab, "show_more")
    assert (len(frame["rows"]), frame["more"]) == (PAGE + 1, False)
