"""The handlers of "New solve" as a browser calls them: a real worker and the real solver behind them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.accounts import sessions
from services.accounts.sessions import Role
from services.infra.clock import new_id, now
from services.solutions.jobs import SolveEstimate, SolveJob, SolveProgress, SolveStatus
from services.solutions.worker import Worker
from state.guard import Policy, policy_of
from state.own_solves import OwnSolvesState
from state.solution_views import curve_path, estimate_text, outcome_text, solving_view, step_text, thinned
from state.solutions import SolveState
from state.spot_form import EXAMPLE
from tests.state.conftest import PROBE, ROOT, Server, Tab, add_state

STATE = f"{ROOT}.state___solutions____solve_state"

add_state(SolveState)
add_state(OwnSolvesState)

RIVER = EXAMPLE | {
    "board": "Ks8d3c5h2s",
    "ranges.oop": "KQs,KTs,88,T9s,76s,A5s:0.5",
    "ranges.ip": "AK,QQ,QJs,65s,33",
    "pot": "10",
    "effective_stack": "30",
}
SLOW = EXAMPLE | {
    "board": "Ks8d3c5h",
    "ranges.oop": "22+,A2s+,K2s+,Q2s+,J2s+,A2o+,K2o+",
    "ranges.ip": "22+,A2s+,K2s+,Q2s+,J2s+,A2o+,K2o+",
    "target_pct": "0.01",
}


@pytest.fixture
async def tab(server: Server, committed: AsyncEngine) -> AsyncIterator[Tab]:
    """A guest's tab, and a worker beside the server."""
    worker = asyncio.create_task(Worker(1).run())
    yield server.tab(await sessions.start(new_id(), Role.GUEST, ""))
    for _ in range(3):  # one wish to stop may meet a solve that is just being handed over
        worker.cancel()
        if (await asyncio.wait({worker}, timeout=5))[0]:
            break


async def call(tab: Tab, handler: str, **payload: Any) -> dict[str, Any]:
    return await tab.send(f"{STATE}.{handler}", payload)


async def shown(tab: Tab, phase: str, seconds: float = 60) -> list[dict[str, Any]]:
    """All frames of the tab, once one of them has brought this phase."""
    async with asyncio.timeout(seconds):
        while True:
            frames = [
                {
                    key.removesuffix("_rx_state_"): value
                    for values in update.delta.values()
                    for key, value in values.items()
                }
                for update in tab.server.frames.sent.get(tab.token, [])
            ]
            if any(frame.get("phase") == phase for frame in frames):
                return frames
            await asyncio.sleep(0.05)


async def test_the_page_opens_with_an_example_that_may_be_solved(tab: Tab) -> None:
    frame = await call(tab, "load")
    assert frame["allowed"] is True
    assert frame["estimate"].startswith("Needs about")
    assert not any(frame["errors"].values())


async def test_an_edit_is_answered_with_the_error_at_its_field(tab: Tab) -> None:
    frame = await call(tab, "edit", field="board", value="Qh 8h Xc")
    assert "(character 7)" in frame["errors"]["board"]
    assert frame["estimate"] == ""
    frame = await call(tab, "edit", field="board", value="Qh 8h 3c")
    assert (frame["errors"]["board"], frame["street"]) == ("", 0)


async def test_a_field_that_is_none_changes_nothing(tab: Tab) -> None:
    await call(tab, "load")
    assert "values" not in await call(tab, "edit", field="_job_id", value="x")


async def test_no_book_is_kept_in_a_field(tab: Tab) -> None:
    """The form lies with the tab, and comes back whole with every edit."""
    for field in ("rake", "sizes.river.ip.bet", "ranges.oop"):
        frame = await call(tab, "edit", field=field, value="A" * 60_000)
        assert frame["errors"][field]
    assert sum(map(len, frame["values"].values())) < 42_000


async def test_a_solve_that_is_too_large_is_refused_with_what_it_needs(tab: Tab) -> None:
    everything = "22+,A2+,K2+,Q2+,J2+,T2+,92+,82+,72+,62+,52+,42+,32"
    large = {"board": "Qh8h3c", "ranges.oop": everything, "ranges.ip": everything, "effective_stack": "900"}
    large |= {f"sizes.{s}.{p}.bet": "33%,75%" for s in ("flop", "turn", "river") for p in ("oop", "ip")}
    frame = await call(tab, "solve", form=EXAMPLE | large)
    assert "MiB" in frame["errors"]["form"]
    assert frame["phase"] == "form"


async def test_a_spot_that_is_wrong_is_refused_at_all_its_fields(tab: Tab) -> None:
    frame = await call(tab, "solve", form=RIVER | {"pot": "x", "ranges.ip": "ZZ"})
    assert {field for field, text in frame["errors"].items() if text} == {"pot", "ranges.ip"}


async def test_a_solve_ends_with_the_strategy_of_the_root(tab: Tab) -> None:
    await call(tab, "solve", form=RIVER)
    frames = await shown(tab, "done")
    last = {key: value for frame in frames for key, value in frame.items()}
    assert last["node"].title == "OOP to act"
    assert sum(row.share for row in last["node"].rows) == pytest.approx(100, abs=0.1)
    assert last["node"].grid
    assert {len(combo.evs) for combo in last["node"].combos} == {len(last["node"].rows)}
    assert last["outcome"].startswith("Solved to")


async def test_the_tree_is_walked_by_its_actions_and_back(tab: Tab) -> None:
    await call(tab, "solve", form=RIVER)
    await shown(tab, "done")
    after_check = (await call(tab, "take", index=0))["node"]
    assert (after_check.title, after_check.crumbs) == ("IP to act", ("Check",))
    the_end = (await call(tab, "take", index=0))["node"]
    assert (the_end.ended, the_end.rows) == ("Showdown.", ())
    assert (await call(tab, "back_to", steps=0))["node"].crumbs == ()


async def test_a_turn_can_be_solved_again_alone(tab: Tab) -> None:
    flop = RIVER | {"board": "Ks8d3c", "target_pct": "5"}
    await call(tab, "solve", form=flop)
    await shown(tab, "done")
    assert (await call(tab, "take", index=0))["node"].subgame == ""
    await call(tab, "take", index=0)
    dealt = (await call(tab, "deal", card="5h"))["node"]
    assert dealt.subgame == "Solve this turn alone to 0.1%"
    await call(tab, "solve_turn")
    frames = await shown(tab, "done")
    last = {key: value for frame in frames for key, value in frame.items()}
    assert last["node"].crumbs == ()
    assert float(last["outcome"].split()[2].rstrip("%")) <= 0.1


async def test_a_cancelled_solve_gives_the_form_back(tab: Tab) -> None:
    await tab.send(f"{STATE}.solve", {"form": SLOW}, follow=False)
    await shown(tab, "solving")
    frame = await call(tab, "cancel")
    assert (frame["phase"], frame["notice"]) == ("form", "Cancelled.")


async def test_a_reload_takes_up_the_solve_that_is_under_way(tab: Tab) -> None:
    await tab.send(f"{STATE}.solve", {"form": SLOW}, follow=False)
    await shown(tab, "solving")
    reloaded = replace(tab, token=str(new_id()))
    await reloaded.send(f"{STATE}.load", follow=False)
    await shown(reloaded, "solving")
    await call(reloaded, "cancel")
    await shown(tab, "form")


async def test_another_players_page_shows_nothing_of_it(tab: Tab) -> None:
    await call(tab, "solve", form=RIVER)
    await shown(tab, "done")
    other = tab.server.tab(await sessions.start(new_id(), Role.GUEST, ""))
    frame = await call(other, "load")
    assert frame["phase"] == "form"
    assert "node" not in await call(other, "take", index=0)


def test_every_handler_is_for_players() -> None:
    handlers = ["load", "edit", "choose_sizes", "show_example", "solve", "follow", "cancel", "take", "deal", "back_to"]
    with PROBE:
        assert [policy_of(f"{STATE}.{name}") for name in handlers] == [Policy.PLAYER] * len(handlers)


def job(pct: float | None, status: SolveStatus = SolveStatus.RUNNING) -> SolveJob:
    return SolveJob(
        new_id(),
        new_id(),
        status,
        "Solve",
        {},
        0.5,
        20.0,
        1 << 20,
        SolveProgress(40, 1.25, pct),
        None,
        None,
        now(),
        None,
        "k",
    )


def test_progress_is_the_way_to_the_target_on_a_logarithmic_scale() -> None:
    assert solving_view(job(50.0), [(0.1, 50.0)]).percent == 0
    assert solving_view(job(5.0), [(0.1, 50.0), (1.0, 5.0)]).percent == 50
    assert solving_view(job(0.4), [(0.1, 50.0), (1.0, 0.4)]).percent == 100
    view = solving_view(job(5.0), [(0.1, 50.0), (1.0, 5.0)])
    assert (view.text, view.detail) == ("Exploitability 5% of pot", "40 iterations, 1.3 s, goal 0.5%")


def test_before_the_first_measurement_progress_is_words_alone() -> None:
    assert solving_view(job(None), []).curve == ""


def test_the_curve_falls_from_left_to_right() -> None:
    points = [tuple(map(float, p.split(","))) for p in curve_path([(0.5, 50), (1, 5), (2, 0.5)], 0.5)[1:].split()]
    assert points == [(25.0, 2.0), (50.0, 16.0), (100.0, 30.0)]


def test_a_long_trace_is_thinned_and_keeps_its_ends() -> None:
    trace: tuple[tuple[float, float], ...] = ()
    for n in range(1000):
        trace = thinned((*trace, (float(n), 1.0)))
    assert len(trace) <= 120
    assert (trace[0][0], trace[-1][0]) == (0.0, 999.0)


def test_an_outcome_says_when_the_time_was_over() -> None:
    assert outcome_text(job(0.4)) == "Solved to 0.4% of pot: 40 iterations, 1.3 s."
    assert "when its time was over" in outcome_text(job(0.8))


def test_an_estimate_says_what_is_allowed() -> None:
    mib = 1 << 20
    assert estimate_text(SolveEstimate(4 * mib, 0.2, {}, 256 * mib, allowed=True)) == "Needs about 4 MiB and under 1 s."
    refused = estimate_text(SolveEstimate(2000 * mib, float("inf"), {}, 256 * mib, allowed=False))
    assert refused.startswith("Needs about 2,000 MiB, 256 MiB are allowed")


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("check", "Check"),
        ("bet 66", "Bet 6.6 bb"),
        ("raise 200", "Raise to 20 bb"),
        ("allin 975", "All-in 97.5 bb"),
        ("deal 2c", "2c"),
    ],
)
def test_steps_are_written_in_bb(step: str, words: str) -> None:
    assert step_text(step, 10) == words
