"""The table's handlers as a browser calls them: real events, sessions and database, a library without a solver."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.accounts import sessions
from services.accounts.sessions import Role
from services.infra.clock import new_id
from services.infra.errors import Unavailable
from services.training.service import TrainingService
from state import training
from state.training import TrainingState
from tests.services.training.doubles import HashedStrategies, library
from tests.state.conftest import ROOT, Server, Tab, add_state

STATE = f"{ROOT}.state___training____training_state"

add_state(TrainingState)


@pytest.fixture
def strategies() -> HashedStrategies:
    return library()


@pytest.fixture
async def tab(
    server: Server, committed: AsyncEngine, strategies: HashedStrategies, monkeypatch: pytest.MonkeyPatch
) -> Tab:
    """A guest's tab at a server with a small library."""
    service = TrainingService(strategies, look_ahead=False)
    monkeypatch.setattr(training, "get_training", lambda: service)
    return server.tab(await sessions.start(new_id(), Role.GUEST, ""))


async def call(tab: Tab, handler: str, **payload: Any) -> dict[str, Any]:
    return await tab.send(f"{STATE}.{handler}", payload)


def frames(tab: Tab) -> list[dict[str, Any]]:
    """Every frame that reached the tab, by the vars' short names."""
    merged = []
    for update in tab.server.frames.sent.get(tab.token, []):
        values = {key: value for delta in update.delta.values() for key, value in delta.items()}
        merged.append({key.removesuffix("_rx_state_"): value for key, value in values.items()})
    return merged


async def graded(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        query = text("SELECT count(*) FROM infra.event WHERE type = 'DecisionGraded'")
        return int((await connection.execute(query)).scalar_one())


async def test_play_shows_a_decision(tab: Tab) -> None:
    shown = await call(tab, "play")

    assert shown["phase"] == "decision"
    assert shown["table"].decision_id
    assert len(shown["table"].actions) >= 2


async def test_no_frame_before_the_answer_holds_a_mix_or_villains_cards(tab: Tab) -> None:
    await call(tab, "play")

    for frame in frames(tab):
        assert not frame.get("answer") or frame["answer"].word == ""
        if "table" in frame:
            assert frame["table"].villain_cards == ("", "")


async def test_the_grade_is_sent_before_the_hand_goes_on(tab: Tab) -> None:
    table = (await call(tab, "play"))["table"]
    before = len(frames(tab))

    await call(tab, "act", decision_id=table.decision_id, action=table.actions[0].action)

    first = frames(tab)[before]
    assert first["answer"].word
    assert "table" not in first


async def test_the_same_answer_twice_counts_once(tab: Tab, committed: AsyncEngine) -> None:
    table = (await call(tab, "play"))["table"]
    answer = {"decision_id": table.decision_id, "action": table.actions[0].action}

    await call(tab, "act", **answer)
    await call(tab, "act", **answer)

    assert await graded(committed) == 1


async def test_another_answer_to_the_same_decision_is_not_taken(tab: Tab, committed: AsyncEngine) -> None:
    table = (await call(tab, "play"))["table"]

    for action in table.actions[:2]:
        await call(tab, "act", decision_id=table.decision_id, action=action.action)

    assert await graded(committed) == 1


async def test_a_foreign_decision_only_brings_the_table_back(tab: Tab, committed: AsyncEngine) -> None:
    table = (await call(tab, "play"))["table"]

    shown = await call(tab, "act", decision_id=str(uuid4()), action="check")

    assert await graded(committed) == 0
    assert shown["table"] == table


async def test_an_action_the_decision_does_not_offer_is_refused_in_words(tab: Tab, committed: AsyncEngine) -> None:
    table = (await call(tab, "play"))["table"]

    shown = await call(tab, "act", decision_id=table.decision_id, action="bet 123456")

    assert shown["error"]
    assert await graded(committed) == 0


async def test_a_new_tab_of_the_same_guest_resumes_the_hand(tab: Tab) -> None:
    table = (await call(tab, "play"))["table"]
    other = Tab(tab.server, cookie=tab.cookie)

    assert (await call(other, "resume"))["table"] == table


async def test_an_answer_given_in_another_tab_is_told_and_the_table_shown(tab: Tab) -> None:
    table = (await call(tab, "play"))["table"]
    other = Tab(tab.server, cookie=tab.cookie)
    await call(other, "resume")
    await call(other, "act", decision_id=table.decision_id, action=table.actions[0].action)

    shown = await call(tab, "act", decision_id=table.decision_id, action=table.actions[1].action)

    assert "Already answered" in shown["error"]
    assert shown["table"].decision_id != table.decision_id


async def test_a_database_that_is_gone_is_told_and_the_start_offered_again(
    tab: Tab, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone() -> None:
        raise Unavailable("the database does not answer")

    monkeypatch.setattr(training, "transaction", gone)

    shown = await call(tab, "play")

    assert shown["error"] == "the database does not answer"
    assert shown["phase"] == "idle"


async def test_a_stranger_without_a_session_is_dealt_nothing(tab: Tab) -> None:
    stranger = tab.server.tab()

    assert "table" not in await call(stranger, "play")


async def test_amounts_are_shown_in_another_unit_at_once_and_a_wrong_one_changes_nothing(tab: Tab) -> None:
    table = (await call(tab, "play"))["table"]
    assert table.pot.endswith(" bb")

    shown = await call(tab, "choose_unit", unit="chips")

    assert shown["table"].pot.endswith(" chips")
    assert shown["table"].decision_id == table.decision_id
    assert "table" not in await call(tab, "choose_unit", unit="furlongs")


async def test_the_grade_follows_the_unit_and_stays_the_same_grade(tab: Tab) -> None:
    table = (await call(tab, "play"))["table"]
    await call(tab, "act", decision_id=table.decision_id, action=table.actions[0].action)
    before = next(frame["answer"] for frame in reversed(frames(tab)) if "answer" in frame)

    after = (await call(tab, "choose_unit", unit="pct"))["answer"]

    assert (after.word, after.decision_id) == (before.word, before.decision_id)
    assert after.loss.endswith("% of pot")
    assert (after.loss, after.loss_aside) == (before.loss_aside, before.loss)


async def test_the_last_hand_is_seen_to_its_end_and_single_decisions_follow_each_other(tab: Tab) -> None:
    shown = await call(tab, "play")
    ended = []

    async def on(shown: dict[str, Any]) -> dict[str, Any]:
        if shown["phase"] in {"paused", "ended"}:
            return shown | await call(tab, "advance" if shown["phase"] == "paused" else "next_hand")
        asked = shown["table"]
        return shown | await call(tab, "act", decision_id=asked.decision_id, action=asked.actions[-1].action)

    while shown["phase"] != "summary":
        shown = await on(shown)
        if shown["phase"] == "ended":
            ended.append(shown["table"])
    assert [table.onwards for table in ended] == [*["Next hand"] * (len(ended) - 1), "See the summary"]
    assert all(table.result for table in ended)

    worst = len(shown["summary"].worst)
    assert worst
    shown |= await call(tab, "drill")
    asked = {shown["table"].decision_id}
    while shown["phase"] != "summary":
        assert shown["phase"] in {"decision", "paused"}
        shown = await on(shown)
        asked.add(shown["table"].decision_id)
    assert len(asked - {""}) == worst
