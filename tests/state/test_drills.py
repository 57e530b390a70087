"""The drills page and the page of whole ranges as a browser calls them: real events, sessions and database."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.accounts import sessions
from services.accounts.sessions import Role
from services.infra.clock import new_id
from services.training.plan import Plan
from services.training.ranges import RangeTraining
from services.training.service import TrainingService
from solver.cards import HAND_CLASSES
from state import drills, ranges, training
from state.drill_views import form_of, plan_of_form
from state.drills import DrillsState
from state.ranges import RangeState
from state.training import TrainingState
from state.views import action_label, action_tones, action_views
from tests.services.training.doubles import library
from tests.state.conftest import ROOT, Server, Tab, add_state

DRILLS = f"{ROOT}.state___drills____drills_state"
RANGES = f"{ROOT}.state___ranges____range_state"
TRAINING = f"{ROOT}.state___training____training_state"

for one in (TrainingState, DrillsState, RangeState):
    add_state(one)


@pytest.fixture
async def tab(server: Server, committed: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> Tab:
    """A guest's tab at a server with a small library."""
    del committed
    known = library()
    service, painting = TrainingService(known, look_ahead=False), RangeTraining(known)
    for module in (training, drills):
        monkeypatch.setattr(module, "get_training", lambda: service)
    for module in (ranges, drills):
        monkeypatch.setattr(module, "get_range_training", lambda: painting)
    monkeypatch.setattr(drills, "get_strategies", lambda: known)
    return server.tab(await sessions.start(new_id(), Role.GUEST, ""))


async def call(tab: Tab, handler: str, **payload: Any) -> dict[str, Any]:
    return await tab.send(f"{DRILLS}.{handler}", payload)


async def test_the_page_offers_presets_and_what_the_library_has(tab: Tab) -> None:
    shown = await call(tab, "load")
    assert len(shown["presets"]) >= 8
    assert [one.value for one in shown["options"]["families"]] == ["BTN vs BB 3BP", "BTN vs BB SRP"]
    assert shown["fits"] == "3 spots on 3 flops fit."


async def test_what_fits_is_said_at_once_and_an_empty_choice_explained(tab: Tab) -> None:
    await call(tab, "load")
    assert (await call(tab, "toggle", field="high", value="A"))["fits"] == "1 spot on 1 flop fits."
    shown = await call(tab, "toggle", field="suits", value="monotone")
    assert "monotone" in shown["problem"]
    await call(tab, "start")
    assert (await tab.send(f"{TRAINING}.resume")).get("phase", "idle") == "idle"


async def test_a_deviating_villain_takes_the_drill_to_the_river(tab: Tab) -> None:
    shown = await call(tab, "choose", field="villain", value="calls")
    assert shown["single"]["street"] == "2"
    assert "river" in (await call(tab, "choose", field="street", value="0"))["problem"]


async def test_the_forms_drill_is_played_at_the_table(tab: Tab) -> None:
    for field, value in (("street", "2"), ("sizes", "action"), ("pause", "every")):
        await call(tab, "choose", field=field, value=value)
    await call(tab, "start")
    shown = await tab.send(f"{TRAINING}.resume")
    table = shown["table"]
    assert shown["phase"] == "decision"
    after = await tab.send(f"{TRAINING}.act", {"decision_id": table.decision_id, "action": table.actions[-1].action})
    assert after["phase"] == "paused"


async def test_values_that_are_not_offered_change_nothing(tab: Tab) -> None:
    await call(tab, "load")
    before = form_of(Plan(mode="spot"))[1]
    for payload in ({"field": "suits", "value": "striped"}, {"field": "nothing", "value": "x"}):
        assert (await call(tab, "toggle", **payload)).get("lists", before) == before
    shown = await call(tab, "paint", hands="1" * 168)
    assert "hands" not in shown
    assert "single" not in await call(tab, "choose", field="mode", value="poker")


async def test_a_drill_is_saved_edited_and_deleted(tab: Tab) -> None:
    await call(tab, "load")
    assert "name" in (await call(tab, "save"))["error"]
    await call(tab, "write", field="name", text="Rivers")
    await call(tab, "choose", field="street", value="2")
    (kept,) = (await call(tab, "save"))["kept"]
    await call(tab, "edit", drill_id=kept.id)
    await call(tab, "write", field="name", text="River spots")
    assert [one.name for one in (await call(tab, "save"))["kept"]] == ["River spots"]
    assert (await call(tab, "delete", drill_id=kept.id))["kept"] == []


async def test_a_whole_range_is_painted_graded_and_shown_again(tab: Tab) -> None:
    await call(tab, "choose", field="mode", value="range")
    await call(tab, "start")
    shown = await tab.send(f"{RANGES}.resume")
    view = shown["view"]
    assert shown["phase"] == "open"
    assert view.words == ""
    marks = "".join("0" if weight != "0" else "." for weight in view.weights.split(","))
    wrong = await tab.send(f"{RANGES}.submit", {"item_id": view.id, "painted": "z" * 169})
    assert "view" not in wrong
    unfinished = await tab.send(f"{RANGES}.submit", {"item_id": view.id, "painted": "." * 169})
    assert "no action yet" in unfinished["error"]
    done = await tab.send(f"{RANGES}.submit", {"item_id": view.id, "painted": marks})
    assert done["phase"] == "graded"
    assert done["view"].loss.endswith("bb")
    assert done["view"].chosen == marks
    assert (await tab.send(f"{RANGES}.next_range"))["phase"] == "open"


def test_a_form_reads_back_the_plan_it_was_filled_with() -> None:
    plan = Plan(mode="street", street=1, suits=("monotone",), hands=("AA", "72o"), count=7, die=False, name="x")
    assert plan_of_form(*form_of(plan)) == plan
    single, lists, _ = form_of(Plan())
    assert plan_of_form(single, lists, "1" * len(HAND_CLASSES)) == Plan()


def test_groups_of_sizes_have_names_colours_and_keys() -> None:
    actions = ("check", "bet small", "bet overbet", "allin 900")
    assert action_label("bet small", 60, 0, 10) == "Bet small"
    assert action_label("raise", 60, 0, 10) == "Raise"
    assert action_tones(actions, 60) == ("pass", "bet-1", "bet-4", "bet-5")
    assert [one.key for one in action_views(actions, 60, 0, 10)] == ["C", "1", "2", "3"]
    assert action_tones(("fold", "call", "raise"), 60)[2].startswith("bet-")
