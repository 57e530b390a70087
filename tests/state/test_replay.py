"""A replayed hand is worded in the player's unit, each amount against the pot that lay there."""

from __future__ import annotations

import random
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from services.training.replay import frames
from services.training.service import TrainingService
from services.training.views import Table
from state.amounts import bb, number
from state.history import ReplayState
from state.history_views import frame_view, replay_steps
from tests.services.training.conftest import add_player
from tests.services.training.doubles import library
from tests.services.training.players import play_hand


@pytest.fixture
async def player(db: AsyncSession) -> UUID:
    return await add_player(db)


@pytest.fixture
async def table(db: AsyncSession, player: UUID) -> Table:
    """A hand at its end in which somebody bet."""
    training, choose = TrainingService(library(), look_ahead=False), random.Random(5)
    table = await training.start(db, player)
    for _ in range(20):
        table = await play_hand(training, db, player, table, choose)
        if any(step.action.startswith("bet") for step in table.line):
            return table
        table = await training.next_hand(db, player, table.session_id)
    raise AssertionError("nobody ever bets")


async def test_every_frame_has_chips_where_chips_were_asked_for(table: Table) -> None:
    found = frames(table)
    for index, frame in enumerate(found):
        view = frame_view(table, found, index, "chips")
        assert view.pot == f"{frame.pot} chips"
        assert view.hero_stack == f"{frame.stacks[table.hero]} chips"
        assert view.villain_stack == f"{frame.stacks[1 - table.hero]} chips"
        in_bb = frame_view(table, found, index)
        assert in_bb.pot == bb(frame.pot, table.big_blind)


async def test_a_share_is_of_the_pot_before_the_bet_in_the_ribbon_and_the_steps_alike(table: Table) -> None:
    found = frames(table)
    steps = replay_steps(table, found, "pct")
    ribbon = [view.text for view in frame_view(table, found, len(found) - 1, "pct").line]
    assert [step.text.split(" ")[0] for step in steps] == [text.split(" ")[0] for text in ribbon]
    for index, step in enumerate(table.line, start=1):
        if step.card is None:
            assert steps[index].text == ribbon[index]
        if step.action.startswith("bet "):
            share = 100 * int(step.action.split(" ")[1]) / found[index - 1].pot
            assert steps[index].text.endswith(f"{number(share, 0)}% pot")
    last = frame_view(table, found, len(found) - 1, "pct")
    assert last.pot.endswith(" bb")
    assert last.hero_stack.endswith("% pot")


async def test_another_unit_words_the_hand_anew_and_stays_at_its_step(table: Table) -> None:
    replay = ReplayState(_reflex_internal_init=True)  # type: ignore[call-arg]
    replay._lay(table)
    replay._go(2)
    await ReplayState.choose_unit.fn(replay, "chips")
    assert replay.index == 2
    assert replay.table.pot.endswith(" chips")
    decided = next(index for index, frame in enumerate(frames(table)) if frame.answer is not None)
    replay._go(decided)
    assert replay.answer.unit == "chips"
    await ReplayState.choose_unit.fn(replay, "euros")
    assert replay.unit == "chips"
