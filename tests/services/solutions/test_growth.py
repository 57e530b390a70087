"""The library grows in a process of its own, halts for players, and what is finished is served at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.infra import activity
from services.infra.cache import Cache
from services.infra.redis import redis
from services.infra.settings import get_settings
from services.solutions.builder import Builder, Options
from services.solutions.catalog import library_id
from services.solutions.growth import Solving, build_apart, every_flop, grown_folder, growth, missing, plan, solving_of
from services.solutions.manifest import FOLDER, Library, verify
from services.solutions.rivers import Rivers
from services.solutions.service import StrategyService
from services.solutions.starter import ENTRIES, FAMILIES, FOUR_BET, GAMES, STANDARD
from solver.cards import parse_cards

ROUGH = ("--target", "40")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, redis_server: str) -> Iterator[Path]:
    """An empty data folder, and players who are gone after a second."""
    monkeypatch.setenv("MIXLINE_DATA", str(tmp_path))
    monkeypatch.setenv("MIXLINE_LIBRARY_GROWTH_QUIET_S", "1")
    monkeypatch.setenv("MIXLINE_LIBRARY_FLOPS", "95")
    get_settings.cache_clear()
    grown_folder().mkdir(parents=True)
    yield grown_folder()
    get_settings.cache_clear()


def test_the_plan_is_wide_before_it_is_deep_and_repeats_nothing_that_ships() -> None:
    planned = plan(49)
    assert len({entry.id for entry in planned}) == len(planned)
    usual = {key for key, family in FAMILIES.items() if family.depth == STANDARD}
    assert {entry.family.key for entry in planned[:4]} == usual
    depths = [entry.family.depth for entry in planned]
    assert depths == sorted(depths, key=list(GAMES).index)  # the usual stacks before all others
    shipped = [entry for entry in ENTRIES if entry.street == 0]
    assert 49 * len(FAMILIES) - len(shipped) <= len(planned) <= 49 * len(FAMILIES)


def test_every_flop_of_a_family_is_there_once_with_what_ships() -> None:
    shipped = [entry for entry in ENTRIES if entry.street == 0 and entry.family == FOUR_BET]
    assert len(every_flop(FOUR_BET)) == 1755 - len(shipped)


def test_what_the_builder_reports_is_read_as_figures(tmp_path: Path) -> None:
    said: list[str] = []
    river = next(entry for entry in ENTRIES if entry.street == 2 and entry.line is None)
    Builder(Options(target_pct=5.0, folder=tmp_path), said.append).build([river])
    found = [solving_of(river, line) for line in said if "iterations" in line]
    assert len(found) > 1
    for one in found:
        assert one is not None
        assert one.pct_pot is not None
        assert one.target_pct is not None
        assert one.iterations > 0
    shares = [one.share for one in found if one is not None]
    assert 0 < shares[0] < shares[-1] == 1
    assert solving_of(river, river.name) == Solving(river)
    assert solving_of(None, "120 iterations, 3 s, 1.0% of pot, target 0.5%") is None


async def test_every_family_has_its_share_of_the_plan_and_what_ships_counts(here: Path) -> None:
    told = await growth()
    shipped = [entry for entry in ENTRIES if entry.street == 0]
    assert told.solved == len(shipped)
    assert told.planned == len(shipped) + len(plan(95))
    assert [one.family.key for one in told.families] == list(FAMILIES)
    for one in told.families:
        assert one.solved == sum(entry.family == one.family for entry in shipped)


async def test_a_flop_that_grew_is_in_the_library_at_once(here: Path) -> None:
    library = Library(FOLDER, here)
    strategies = StrategyService(library, Rivers(Cache()))
    before = await growth()
    entry = next(one for one in missing(plan(95), here) if one.family == FOUR_BET)
    assert await build_apart(entry, here, *ROUGH) == 0
    assert verify(here) == []
    after = await growth()
    assert after.solved == before.solved + 1
    assert {one.family.key: one.solved for one in after.families} == {
        one.family.key: one.solved + (one.family == FOUR_BET) for one in before.families
    }
    info = next(one for one in await strategies.list() if one.id == library_id(entry.id))
    assert info.board == tuple(parse_cards(entry.board))
    node = await strategies.node(info.id, ())
    assert node.strategy.shape[0] == 3
    assert entry not in missing(plan(95), here)


async def test_it_halts_while_somebody_plays_and_ends_with_its_server(here: Path) -> None:
    entry = next(one for one in missing(plan(95), here) if one.family == FOUR_BET)
    await redis().set(activity.KEY, time.time() + 3600)
    building = asyncio.create_task(build_apart(entry, here, *ROUGH))
    for _ in range(100):
        await asyncio.sleep(0.1)
        if (await growth()).paused:
            break
    told = await growth()
    assert told.paused
    assert told.now
    assert told.solving is not None
    assert told.solving.entry == entry
    assert told.quiet_in_s == 1.0
    await asyncio.sleep(3)
    assert not building.done()
    building.cancel()
    with pytest.raises(asyncio.CancelledError):
        await building
    assert (await growth()).now == ""
    await redis().delete(activity.KEY)


async def test_a_flop_that_needs_too_much_memory_is_refused(here: Path) -> None:
    entry = next(one for one in missing(plan(95), here) if one.family == FOUR_BET)
    assert await build_apart(entry, here, "--memory", "1") != 0
    assert entry in missing(plan(95), here)
