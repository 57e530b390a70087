"""A drill on two tables in one tab: both are shown together, and each is answered on its own."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.accounts import sessions
from services.accounts.sessions import Role, ensure_user
from services.infra.clock import new_id
from services.infra.db import transaction
from services.training.plan import Plan
from services.training.service import TrainingService
from services.training.views import DrillSpec
from state import training
from state.drill_views import facts, form_of, plan_of_form
from state.training import SecondTableState, TrainingState
from tests.services.training.doubles import library
from tests.state.conftest import ROOT, Server, Tab, add_state

FIRST = f"{ROOT}.state___training____training_state"
SECOND = f"{ROOT}.state___training____second_table_state"
TWO = Plan(mode="spot", tables=2, count=5)

for one in (TrainingState, SecondTableState):
    add_state(one)


class Player:
    """A guest with a tab, and drills started elsewhere."""

    def __init__(self, tab: Tab, service: TrainingService, user_id: UUID, issued: Any) -> None:
        self.tab, self.service, self.user_id, self._issued = tab, service, user_id, issued

    async def start(self, plan: Plan) -> UUID:
        async with transaction() as db:
            await ensure_user(db, self._issued.principal)
            return (await self.service.start(db, self.user_id, drill=DrillSpec(plan=plan))).session_id

    async def resume(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What the first and the second table are sent."""
        before = len(self.tab.server.frames.sent.get(self.tab.token, []))
        await self.tab.send(f"{FIRST}.resume", {})
        return self.seen(FIRST, before), self.seen(SECOND, before)

    async def call(self, state: str, handler: str, **payload: Any) -> dict[str, Any]:
        before = len(self.tab.server.frames.sent.get(self.tab.token, []))
        await self.tab.send(f"{state}.{handler}", payload)
        return self.seen(state, before)

    def seen(self, state: str, before: int) -> dict[str, Any]:
        shown: dict[str, Any] = {}
        for update in self.tab.server.frames.sent.get(self.tab.token, [])[before:]:
            shown |= {key.removesuffix("_rx_state_"): value for key, value in update.delta.get(state, {}).items()}
        return shown


@pytest.fixture
async def player(server: Server, committed: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> Player:
    del committed
    service, user_id = TrainingService(library(), look_ahead=False), new_id()
    monkeypatch.setattr(training, "get_training", lambda: service)
    issued = await sessions.start(user_id, Role.GUEST, "")
    return Player(server.tab(issued), service, user_id, issued)


async def test_both_tables_of_a_drill_are_shown_at_once(player: Player) -> None:
    await player.start(TWO)
    first, second = await player.resume()
    assert first["phase"] == second["phase"] == "decision"
    assert first["pair"] == second["pair"] != ""
    assert first["table"].decision_id != second["table"].decision_id
    assert first["table"].progress == "Decision 1 of 3"
    assert second["table"].progress == "Decision 1 of 2"


async def test_an_answer_at_one_table_leaves_the_other_as_it_is(player: Player) -> None:
    await player.start(TWO)
    first, second = await player.resume()
    asked = second["table"]
    shown = await player.call(SECOND, "act", decision_id=asked.decision_id, action=asked.actions[0].action)
    assert shown["answer"].decision_id == asked.decision_id
    again, _ = await player.resume()
    assert again["table"].decision_id == first["table"].decision_id
    assert again["table"].progress == "Decision 1 of 3"


async def test_a_table_does_not_take_the_answer_to_the_others_decision(player: Player) -> None:
    await player.start(TWO)
    first, second = await player.resume()
    asked = first["table"]
    shown = await player.call(SECOND, "act", decision_id=asked.decision_id, action=asked.actions[0].action)
    assert shown.get("answer") is None or shown["answer"].word == ""
    assert shown["table"].decision_id == second["table"].decision_id


async def test_one_table_ends_with_its_summary_while_the_other_goes_on(player: Player) -> None:
    await player.start(TWO)
    _, shown = await player.resume()
    for _ in range(30):
        if shown["phase"] == "summary":
            break
        if shown["phase"] == "decision":
            asked = shown["table"]
            payload = {"decision_id": asked.decision_id, "action": asked.actions[0].action}
            shown |= await player.call(SECOND, "act", **payload)
        else:
            shown |= await player.call(SECOND, "advance" if shown["phase"] == "paused" else "next_hand")
    assert shown["phase"] == "summary"
    assert shown["summary"].decisions.startswith("2 decisions")
    first, second = await player.resume()
    assert first["phase"] == "decision"
    assert second["phase"] == "summary"


async def test_a_drill_on_one_table_has_no_second_one_though_an_older_pair_is_open(player: Player) -> None:
    await player.start(TWO)
    await player.start(TWO.model_copy(update={"tables": 1}))
    first, second = await player.resume()
    assert first["pair"] == ""
    assert second.get("phase", "idle") == "idle"
    assert second.get("pair", "") == ""


async def test_of_two_pairs_each_table_finds_its_own(player: Player) -> None:
    await player.start(TWO)
    await player.resume()
    older = (await player.resume())[1]["table"].decision_id
    newest = await player.start(TWO)
    first, second = await player.resume()
    assert first["pair"] == str(newest) == second["pair"]
    assert second["table"].decision_id != older


async def test_the_second_table_says_nothing_to_a_tab_that_has_none(player: Player) -> None:
    shown = await player.call(SECOND, "act", decision_id=str(new_id()), action="check")
    assert shown.get("error", "") == ""


def test_the_form_keeps_two_tables() -> None:
    single, lists, hands = form_of(TWO)
    assert plan_of_form(single, lists, hands) == TWO
    assert "two tables" in facts(TWO)
