"""Solves that players ask for: limits, sharing, progress, cancel, recovery."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

import services.solutions.erasure  # noqa: F401 registers itself
from services.accounts import service
from services.accounts.events import GuestMerged
from services.accounts.sessions import Principal, Role
from services.infra import clock, events
from services.infra.cache import Cache
from services.infra.db import transaction
from services.infra.errors import Conflict, Invalid, NotFound, TooMany
from services.infra.tasks import end
from services.solutions import jobs as solve_jobs
from services.solutions import repository
from services.solutions.jobs import MIB, SolveJob, SolveJobs, SolveStatus, SolveTooLarge, limits_of, machine_limit
from services.solutions.manifest import Library
from services.solutions.models import SolutionRow, SolveJobRow
from services.solutions.rivers import Rivers
from services.solutions.service import StrategyService
from services.solutions.worker import GUESTS_KEPT, LOST_AFTER_S, MOST_ATTEMPTS, Worker
from solver.errors import SpotError
from solver.spot import Spot, parse_spot
from tests.services.solutions.conftest import RIVER, TURN

JOBS = SolveJobs()
WIDE = "22+,A2s+,K2s+,Q2s+,J2s+,T2s+,A2o+,K2o+,Q2o+,J2o+,T2o+,95s+,84s+,74s+,63s+,53s+,43s"


def _spot(data: dict[str, object], **changes: object) -> Spot:
    return parse_spot({**data, **changes})


def slow_spot(pot: int = 100) -> Spot:
    """A turn whose tremble keeps it from ever reaching 0.01%: it runs until its time is over."""
    sizes = {
        street: {p: {"bet": "33%,75%,150%", "raise": "2.5x"} for p in ("oop", "ip")} for street in ("turn", "river")
    }
    return _spot(TURN, sizes=sizes, pot=pot, effective_stack=900)


def _player(role: Role = Role.GUEST) -> Principal:
    return Principal(clock.new_id(), role, "Ann", "session")


@pytest.fixture
async def player(committed: AsyncEngine, redis_server: str) -> Principal:
    """A guest, and real servers to work with."""
    del committed, redis_server
    return _player()


@asynccontextmanager
async def working(threads: int = 1) -> AsyncIterator[Worker]:
    """A worker that runs inside the block."""
    worker = Worker(threads)
    task = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        await end(task)


async def submit(player: Principal, spot: Spot, target: float = 0.5, seconds: float | None = None) -> SolveJob:
    """Ask in a transaction of its own."""
    request = await JOBS.prepare(player, spot, target, seconds)
    async with transaction() as db:
        return await JOBS.submit(db, player, request)


async def finished(player: Principal, job: SolveJob, limit: float = 60) -> SolveJob:
    """The request once nothing will change any more."""
    async with asyncio.timeout(limit):
        return [seen async for seen in JOBS.watch(player, job.id)][-1]


async def until(condition: Callable[[], Awaitable[bool]], limit: float = 30) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(limit):
        while not await condition():
            await asyncio.sleep(0.02)


async def status_of(player: Principal, job: SolveJob) -> SolveStatus:
    """The state in the database."""
    async with transaction() as db:
        return (await JOBS.get(db, player, job.id)).status


async def running(player: Principal, job: SolveJob) -> None:
    """Wait until the solve has begun."""

    async def begun() -> bool:
        return await status_of(player, job) is SolveStatus.RUNNING

    await until(begun)


async def count_solutions() -> int:
    """Stored solves."""
    async with transaction() as db:
        return await db.scalar(select(func.count()).select_from(SolutionRow)) or 0


async def test_a_finished_solve_is_stored_and_can_be_played(player: Principal) -> None:
    async with working():
        job = await finished(player, await submit(player, _spot(TURN), 0.3))
    assert job.status is SolveStatus.DONE
    assert job.solution_id is not None
    assert job.progress.pct_pot is not None
    assert job.progress.pct_pot <= 0.3
    strategies = StrategyService(Library(), Rivers(Cache()))
    info = await strategies.info(job.solution_id)
    assert (info.source, info.street, info.pot) == ("solve", 1, 100)
    for line in ((), ("check", "check", "deal 2c")):
        node = await strategies.node(job.solution_id, line)
        assert node.strategy.shape == (len(node.position.actions), len(node.combos))


async def test_progress_is_told_while_the_solve_runs(player: Principal) -> None:
    async with working(), asyncio.timeout(60):
        job = await submit(player, slow_spot(), 0.01, 3)
        seen = [one async for one in JOBS.watch(player, job.id)]
    told = [one.progress for one in seen if one.status is SolveStatus.RUNNING and one.progress.pct_pot is not None]
    assert len(told) >= 2
    assert told[0].iteration < told[-1].iteration
    assert (told[-1].pct_pot or 0) < (told[0].pct_pot or 0)


async def test_a_solve_that_runs_out_of_time_keeps_what_it_has(player: Principal) -> None:
    async with working():
        job = await finished(player, await submit(player, slow_spot(), 0.01, 2))
    assert job.status is SolveStatus.DONE
    assert job.progress.pct_pot is not None
    assert job.progress.pct_pot > 0.01
    assert job.max_seconds == 2


async def test_a_cancelled_solve_stops_at_once(player: Principal) -> None:
    async with working() as worker:

        async def idle() -> bool:
            return not worker.busy

        for number in range(3):
            job = await submit(player, slow_spot(100 + number), 0.01)
            await running(player, job)
            await asyncio.sleep(0.3)
            assert worker.busy
            async with transaction() as db:
                cancelled = await JOBS.cancel(db, player, job.id)
            await until(idle)
            assert cancelled.status is SolveStatus.CANCELLED
            assert await status_of(player, job) is SolveStatus.CANCELLED
    assert await count_solutions() == 0


async def test_a_queued_solve_can_be_cancelled_and_never_runs(player: Principal) -> None:
    job = await submit(player, _spot(TURN))
    async with transaction() as db:
        await JOBS.cancel(db, player, job.id)
    async with working():
        await asyncio.sleep(0.3)
    assert await status_of(player, job) is SolveStatus.CANCELLED


async def test_identical_requests_share_one_solve(player: Principal) -> None:
    players = [_player() for _ in range(100)]
    jobs = await asyncio.gather(*(submit(one, _spot(TURN), 0.3) for one in players))
    async with working():
        ended = await asyncio.gather(*(finished(one, job) for one, job in zip(players, jobs, strict=True)))
    assert {job.status for job in ended} == {SolveStatus.DONE}
    assert len({job.id for job in ended}) == 100
    assert len({job.solution_id for job in ended}) == 1
    assert await count_solutions() == 1


async def test_the_same_request_again_is_the_request_under_way(player: Principal) -> None:
    first = await submit(player, _spot(TURN))
    assert (await submit(player, _spot(TURN))).id == first.id
    assert (await submit(player, _spot(TURN), 0.4)).id != first.id


async def test_a_request_that_was_solved_before_is_done_at_once(player: Principal) -> None:
    async with working():
        first = await finished(player, await submit(player, _spot(TURN)))
    again = await submit(_player(), _spot(TURN))
    assert again.status is SolveStatus.DONE
    assert again.solution_id == first.solution_id


async def count_jobs() -> int:
    async with transaction() as db:
        return await db.scalar(select(func.count()).select_from(SolveJobRow)) or 0


async def test_ones_own_solved_spot_is_the_same_request_and_no_second_one(player: Principal) -> None:
    async with working():
        first = await finished(player, await submit(player, _spot(TURN), 0.4))
        again = await submit(player, _spot(TURN), 0.4)
        easier = await submit(player, _spot(TURN), 0.5, 7)
        assert (again, easier) == (first, first)
        assert (await count_jobs(), await count_solutions()) == (1, 1)
        better = await finished(player, await submit(player, _spot(TURN), first.progress.pct_pot / 2))  # type: ignore[operator]
    assert better.solution_id != first.solution_id
    assert (await submit(player, _spot(TURN), 0.4)).id in (first.id, better.id)
    assert (await count_jobs(), await count_solutions()) == (2, 2)


async def test_anothers_solved_spot_is_a_request_of_ones_own_for_the_one_solution(player: Principal) -> None:
    other = _player()
    async with working():
        first = await finished(player, await submit(player, _spot(TURN), 0.4))
    shared = await submit(other, _spot(TURN), 0.5, 7)
    assert (shared.status, shared.solution_id, shared.owner_id) == (SolveStatus.DONE, first.solution_id, other.user_id)
    assert shared.id != first.id
    assert (await submit(other, _spot(TURN), 0.5)).id == shared.id
    assert (await count_jobs(), await count_solutions()) == (2, 1)


async def test_fifty_at_once_for_a_solved_spot_make_nothing_new(player: Principal) -> None:
    async with working():
        first = await finished(player, await submit(player, _spot(TURN)))
    answers = await asyncio.gather(*(_unless_busy(player) for _ in range(50)))
    assert {job.id for job in answers if job is not None} <= {first.id}
    assert any(answers)
    assert (await count_jobs(), await count_solutions()) == (1, 1)


async def _unless_busy(player: Principal) -> SolveJob | None:
    try:
        return await submit(player, _spot(TURN))
    except TooMany:  # so many estimates of one player at a time
        return None


async def test_a_shared_solve_goes_on_while_somebody_wants_it(player: Principal) -> None:
    other = _player()
    async with working():
        mine = await submit(player, slow_spot(), 0.01, 3)
        await running(player, mine)
        theirs = await submit(other, slow_spot(), 0.01, 3)
        assert theirs.status is SolveStatus.RUNNING
        async with transaction() as db:
            await JOBS.cancel(db, player, mine.id)
        assert (await finished(other, theirs)).status is SolveStatus.DONE
    assert await status_of(player, mine) is SolveStatus.CANCELLED


async def test_a_guest_has_one_solve_running_and_two_queued(player: Principal) -> None:
    limits = limits_of(Role.GUEST)
    assert (limits.running, limits.queued) == (1, 2)
    jobs = [await submit(player, slow_spot(100 + number), 0.01) for number in range(3)]
    with pytest.raises(TooMany) as refused:
        await submit(player, slow_spot(200), 0.01)
    assert refused.value.code == "too-many-solves"
    async with working(threads=4):
        await running(player, jobs[0])
        await asyncio.sleep(0.5)
        assert [await status_of(player, job) for job in jobs] == [
            SolveStatus.RUNNING,
            SolveStatus.QUEUED,
            SolveStatus.QUEUED,
        ]


async def test_a_free_place_is_used_by_the_next_in_the_queue(player: Principal) -> None:
    first, second = await submit(player, slow_spot(), 0.01), await submit(player, _spot(TURN))
    async with working():
        await running(player, first)
        async with transaction() as db:
            await JOBS.cancel(db, player, first.id)
        assert (await finished(player, second)).status is SolveStatus.DONE


def wide_flop(bet: str, raise_: str) -> Spot:
    """A flop with more hands and sizes than anybody should ask for."""
    sizes = {street: {p: {"bet": bet, "raise": raise_} for p in ("oop", "ip")} for street in ("flop", "turn", "river")}
    return _spot(TURN, board="Ks8d3c", ranges={"oop": WIDE, "ip": WIDE}, sizes=sizes, effective_stack=2000)


async def test_one_player_waits_for_so_many_estimates_and_others_get_theirs(player: Principal) -> None:
    jobs, spot = SolveJobs(), _spot(TURN)

    outcomes = await asyncio.gather(*(jobs.estimate(spot, player) for _ in range(9)), return_exceptions=True)
    other = await jobs.estimate(spot, _player())

    assert sum(isinstance(outcome, TooMany) for outcome in outcomes) == 5
    assert other.allowed


async def test_a_solve_that_needs_too_much_is_refused_with_the_estimate(player: Principal) -> None:
    started = time.process_time()
    with pytest.raises(SolveTooLarge) as refused:
        await submit(player, wide_flop("33%,75%", "3x"))
    assert time.process_time() - started < 1
    assert refused.value.status == 422
    assert refused.value.estimate.memory_bytes > refused.value.estimate.limit_bytes == 256 << 20
    assert "MiB" in refused.value.errors[0].message


async def test_an_exploding_tree_is_refused_before_it_is_built(player: Principal) -> None:
    spot = wide_flop("25%,50%,75%,100%,125%", "2x,2.5x,3x,a")
    started = time.process_time()
    with pytest.raises(SpotError, match="more than 12000 nodes"):
        await submit(player, spot)
    assert time.process_time() - started < 1


async def test_roles_have_the_limits_of_the_settings() -> None:
    assert limits_of(Role.FREE) == limits_of(Role.GUEST)
    premium, admin = limits_of(Role.PREMIUM), limits_of(Role.ADMIN)
    assert (premium.memory_bytes, premium.seconds, premium.running, premium.queued) == (2 << 30, 120, 2, 5)
    assert (admin.memory_bytes, admin.seconds, admin.running, admin.queued) == (8 << 30, 600, 4, 20)
    assert machine_limit() > 0


async def test_time_is_cut_to_what_the_role_may_use(player: Principal) -> None:
    assert (await submit(player, _spot(TURN), 0.5, 3600)).max_seconds == 20


@pytest.mark.parametrize("target", [0.0, 0.001, 50.0, float("nan")])
async def test_a_target_out_of_bounds_is_refused(player: Principal, target: float) -> None:
    with pytest.raises(Invalid) as refused:
        await submit(player, _spot(TURN), target)
    assert refused.value.errors[0].path == "target_pct"


async def test_somebody_elses_solve_is_not_found(player: Principal) -> None:
    job = await submit(player, _spot(TURN))
    stranger = _player(Role.ADMIN)
    for method in (JOBS.get, JOBS.cancel):
        with pytest.raises(NotFound):
            async with transaction() as db:
                await method(db, stranger, job.id)
    with pytest.raises(NotFound):
        await anext(JOBS.watch(stranger, job.id))
    async with transaction() as db:
        assert await JOBS.list(db, stranger) == []


async def test_somebody_elses_solution_is_not_visible(player: Principal) -> None:
    async with working():
        job = await finished(player, await submit(player, _spot(TURN)))
    assert job.solution_id is not None
    strategies = StrategyService(Library(), Rivers(Cache()))
    async with transaction() as db:
        assert (await strategies.visible(db, job.solution_id, player.user_id)).id == job.solution_id
        for stranger in (_player().user_id, None):
            with pytest.raises(NotFound):
                await strategies.visible(db, job.solution_id, stranger)
        with pytest.raises(NotFound):
            await strategies.forget(db, _player().user_id, job.solution_id)


async def test_a_forgotten_solution_is_gone_when_nobody_else_asked_for_it(player: Principal) -> None:
    other = _player()
    async with working():
        job = await finished(player, await submit(player, _spot(TURN)))
    assert job.solution_id is not None
    await submit(other, _spot(TURN))
    strategies = StrategyService(Library(), Rivers(Cache()))
    for owner, left in ((player, 1), (other, 0)):
        async with transaction() as db:
            await strategies.forget(db, owner.user_id, job.solution_id)
        assert await count_solutions() == left


async def _lose(job: SolveJob, attempts: int) -> None:
    """As if the process that ran it had died."""
    async with transaction() as db:
        await repository.claim(db, job.request_key, clock.new_id(), clock.now() - timedelta(seconds=LOST_AFTER_S + 1))
        row = await repository.job(db, job.id)
        assert row is not None
        row.attempts = attempts


async def test_a_solve_left_by_a_dead_process_is_run_again(player: Principal) -> None:
    job = await submit(player, _spot(TURN))
    await _lose(job, 1)
    async with working():
        assert (await finished(player, job)).status is SolveStatus.DONE


async def test_a_solve_that_killed_its_process_each_time_fails(player: Principal) -> None:
    job = await submit(player, _spot(TURN))
    await _lose(job, MOST_ATTEMPTS)
    async with working():
        ended = await finished(player, job)
    assert ended.status is SolveStatus.FAILED
    assert ended.error is not None


async def test_a_worker_that_leaves_gives_its_solve_back(player: Principal) -> None:
    job = await submit(player, slow_spot(), 0.01)
    async with working():
        await running(player, job)
    assert await status_of(player, job) is SolveStatus.QUEUED


async def test_two_workers_never_run_the_same_solve(player: Principal) -> None:
    jobs = [
        (one, await submit(one, _spot(RIVER, pot=100 + number)))
        for number, one in enumerate(_player() for _ in range(6))
    ]
    async with working(2), working(2):
        ended = [await finished(one, job) for one, job in jobs]
    assert {job.status for job in ended} == {SolveStatus.DONE}
    assert await count_solutions() == len(jobs)


async def test_who_keeps_as_much_as_allowed_deletes_before_solving_more(
    player: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with working():
        job = await finished(player, await submit(player, _spot(TURN)))
    assert job.solution_id is not None
    async with transaction() as db:
        held = await repository.stored_bytes(db, player.user_id)
        row = await repository.solution(db, job.solution_id)
        assert row is not None
        assert held == len(row.artefact)
        assert await repository.stored_bytes(db, _player().user_id) == 0
    limits = replace(limits_of(Role.GUEST), stored_bytes=held)
    monkeypatch.setattr(solve_jobs, "limits_of", lambda _role: limits)
    with pytest.raises(Conflict) as refused:
        await submit(player, _spot(RIVER))
    assert refused.value.code == "solutions-full"
    assert (await submit(player, _spot(TURN))).solution_id == job.solution_id  # takes nothing more
    async with transaction() as db:
        await StrategyService(Library(), Rivers(Cache())).forget(db, player.user_id, job.solution_id)
    assert (await submit(player, _spot(RIVER))).status is SolveStatus.QUEUED


async def test_a_guests_solves_go_to_the_account(player: Principal) -> None:
    account = _player()
    async with working():
        job = await finished(player, await submit(player, _spot(RIVER)))
    await submit(account, _spot(TURN))
    async with transaction() as db:
        merged = GuestMerged(guest_id=player.user_id, user_id=account.user_id)
        await events.append(db, clock.new_id(), "user", 0, [merged], account.user_id)
    async with transaction() as db:
        assert [one.id for one in await JOBS.list(db, account)][-1] == job.id
        assert await JOBS.list(db, player) == []
        info = await StrategyService(Library(), Rivers(Cache())).owned(db, account.user_id)
        assert [one.id for one in info] == [job.solution_id]


async def test_solves_of_guests_are_forgotten_once_no_session_can_reach_them(player: Principal) -> None:
    async with transaction() as db:
        wanted = service.Registration("ann@example.org", "Ann", "$argon2id$of-nobody")
        account = Principal((await service.register(db, None, wanted)).id, Role.FREE, "Ann", "session")
    async with working():
        await finished(player, await submit(player, _spot(RIVER)))
        kept = await finished(account, await submit(account, _spot(TURN)))
    async with transaction() as db:
        assert await repository.drop_jobs_of_guests(db, clock.now() - GUESTS_KEPT, MIB) == 0
        assert await repository.drop_jobs_of_guests(db, clock.now() + timedelta(seconds=1), MIB) == 1
    async with transaction() as db:
        assert await JOBS.list(db, player) == []
        assert [one.id for one in await JOBS.list(db, account)] == [kept.id]
    assert await count_solutions() == 1


async def test_requests_that_came_to_nothing_are_forgotten_after_a_while(player: Principal) -> None:
    job = await submit(player, slow_spot(), 0.01)
    async with transaction() as db:
        await JOBS.cancel(db, player, job.id)
    async with transaction() as db:
        assert await repository.drop_fruitless_jobs(db, clock.now() - GUESTS_KEPT) == 0
        assert await repository.drop_fruitless_jobs(db, clock.now() + timedelta(seconds=1)) == 1
        assert await JOBS.list(db, player) == []


async def test_of_all_guests_solves_together_the_oldest_go_first(player: Principal) -> None:
    other = _player()
    async with working():
        await finished(player, await submit(player, _spot(RIVER)))
        newer = await finished(other, await submit(other, _spot(TURN)))
    async with transaction() as db:
        both = sum([await repository.stored_bytes(db, one.user_id) for one in (player, other)])
        assert await repository.drop_jobs_of_guests(db, clock.now() - GUESTS_KEPT, both) == 0
        assert await repository.drop_jobs_of_guests(db, clock.now() - GUESTS_KEPT, both - 1) == 1
    async with transaction() as db:
        assert await JOBS.list(db, player) == []
        assert [one.id for one in await JOBS.list(db, other)] == [newer.id]
