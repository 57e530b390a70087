"""From a mistake to its card, and from a review to the card's next day."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.accounts.events import GuestMerged
from services.infra import clock, events
from services.infra.errors import Conflict, Forbidden, Invalid, NotFound
from services.infra.events import StoredEvent
from services.reviews import projections, repository, service
from services.reviews.events import CardSuspended
from services.reviews.projections import MOST_MISSED
from services.reviews.schedule import Kind, fold
from services.reviews.service import ReviewService
from services.training.families import family_of, parse_family
from tests.services.reviews.conftest import Hero
from tests.services.training.conftest import add_player

TABLES = ("reviews.zone", "reviews.hand", "reviews.entry", "reviews.card")


async def rows(db: AsyncSession) -> list[list[tuple[object, ...]]]:
    """Everything that the projections wrote."""
    return [sorted(map(tuple, await db.execute(text(f"SELECT * FROM {name}"))), key=str) for name in TABLES]


async def test_a_mistake_makes_a_card_that_is_due_on_the_next_day(hero: Hero, reviews: ReviewService, db: AsyncSession):
    table, answer = await hero.miss()
    assert await reviews.count(db, hero.user_id) == 0
    with clock.travel(timedelta(days=1)):
        assert await reviews.count(db, hero.user_id) == 1
        cards, following = await reviews.cards(db, hero.user_id, 10, due=True)
    assert following is None
    assert cards[0].family == family_of(answer.line, answer.board, table.hero_cards).slug
    assert cards[0].decision_id == answer.decision_id
    assert (cards[0].hand_id, cards[0].word) == (table.hand_id, answer.grade.word)


async def test_good_play_makes_no_cards(hero: Hero, reviews: ReviewService, db: AsyncSession):
    table = await hero.training.start(db, hero.user_id)
    while table.decisions_done < 8:
        if table.status != "decision":
            table = await hero.training.next_hand(db, hero.user_id, table.session_id)
        await hero.answer(table, well=True)
        table = await hero.training.advance(db, hero.user_id, table.hand_id)
    assert (await reviews.due(db, hero.user_id)).cards == 0


async def test_a_review_asks_the_missed_spot_and_two_siblings_and_a_new_spot(
    hero: Hero, reviews: ReviewService, db: AsyncSession
):
    missed, answer = await hero.miss()
    family = family_of(answer.line, answer.board, missed.hero_cards)
    with clock.travel(timedelta(days=1)):
        table = await reviews.start(db, hero.user_id)
        asked = []
        while table.status != "set_done":
            if table.status == "decision":
                asked.append((table.solution.id, (await hero.training._hand(db, table.hand_id)).line, table))
                await hero.answer(table, well=True)
                table = await hero.training.advance(db, hero.user_id, table.hand_id)
            else:
                table = await hero.training.next_hand(db, hero.user_id, table.session_id)
    assert asked[0][1] == answer.line
    assert asked[0][2].hero_cards == missed.hero_cards
    assert len(asked) == 4
    for solution_id, line, sibling in asked[1:3]:
        found = family_of(line, sibling.board, sibling.hero_cards)
        assert (found.street, found.situation) == (family.street, family.situation)
        assert (solution_id, line, sibling.hero_cards) != (missed.solution.id, answer.line, missed.hero_cards)


async def test_a_passed_review_moves_the_card_on_and_a_failed_one_brings_it_back_tomorrow(
    hero: Hero, reviews: ReviewService, db: AsyncSession
):
    await hero.miss()
    with clock.travel(timedelta(days=1)):
        await hero.answer_all(await reviews.start(db, hero.user_id), well=True)
        (card,), _ = await reviews.cards(db, hero.user_id, 1)
        first = card.interval
        assert await reviews.count(db, hero.user_id) == 0
        assert card.reviews == 1
    with clock.travel(timedelta(days=1 + first)):
        await hero.answer_all(await reviews.start(db, hero.user_id), well=True)
        (card,), _ = await reviews.cards(db, hero.user_id, 1)
        assert card.interval > first
    before = card.interval
    with clock.travel(timedelta(days=1 + first + before)):
        table = await reviews.start(db, hero.user_id)
        for _ in range(3):
            if table.status != "decision":
                table = await hero.training.next_hand(db, hero.user_id, table.session_id)
            await hero.answer(table, well=False)
            table = await hero.training.advance(db, hero.user_id, table.hand_id)
        _, history = await reviews.card(db, hero.user_id, card.family)
        (card,), _ = await reviews.cards(db, hero.user_id, 1)
        if history[0].kind == "failed":
            assert card.lapses == 1
            assert card.interval < before
        assert [entry.kind for entry in history[-3:]] == ["passed", "passed", "missed"]


async def test_an_open_review_is_resumed_and_not_doubled(hero: Hero, reviews: ReviewService, db: AsyncSession):
    await hero.miss()
    with clock.travel(timedelta(days=1)):
        first = await reviews.start(db, hero.user_id)
        again = await reviews.start(db, hero.user_id)
        assert (again.session_id, again.decision_id) == (first.session_id, first.decision_id)
        assert (await reviews.due(db, hero.user_id)).session_id == first.session_id
    with clock.travel(timedelta(days=2)):
        assert (await reviews.start(db, hero.user_id)).session_id == first.session_id


async def test_without_anything_due_there_is_no_review(reviews: ReviewService, player: UUID, db: AsyncSession):
    with pytest.raises(Conflict, match="nothing is due"):
        await reviews.start(db, player)


async def test_a_suspended_card_is_not_asked_until_it_is_resumed(hero: Hero, reviews: ReviewService, db: AsyncSession):
    await hero.miss()
    (card,), _ = await reviews.cards(db, hero.user_id, 1)
    await reviews.suspend(db, hero.user_id, card.family, suspended=True)
    with clock.travel(timedelta(days=1)):
        assert await reviews.count(db, hero.user_id) == 0
        assert sum((await reviews.due(db, hero.user_id)).forecast) == 0
        assert (await reviews.suspend(db, hero.user_id, card.family, suspended=False)).suspended is False
        assert await reviews.count(db, hero.user_id) == 1


async def test_a_card_is_not_suspended_and_resumed_without_end(
    hero: Hero, reviews: ReviewService, db: AsyncSession, monkeypatch: pytest.MonkeyPatch
):
    """Each time the card is made anew from all that happened to it."""
    monkeypatch.setattr(service, "MOST_CHANGES", 4)
    await hero.miss()
    (card,), _ = await reviews.cards(db, hero.user_id, 1)
    for number in range(4):
        await reviews.suspend(db, hero.user_id, card.family, suspended=number % 2 == 0)
    with pytest.raises(Forbidden) as refused:
        await reviews.suspend(db, hero.user_id, card.family, suspended=True)
    assert refused.value.code == "too-many-changes"
    _, history = await reviews.card(db, hero.user_id, card.family)
    assert [one.kind for one in history] == ["resumed", "suspended"] * 2 + ["missed"]


async def test_cards_of_others_are_not_there(hero: Hero, reviews: ReviewService, db: AsyncSession):
    await hero.miss()
    (card,), _ = await reviews.cards(db, hero.user_id, 1)
    other = await add_player(db)
    with pytest.raises(NotFound):
        await reviews.suspend(db, other, card.family, suspended=True)
    with pytest.raises(NotFound):
        await reviews.card(db, other, card.family)


async def test_a_rebuild_gives_the_same_cards_bit_by_bit(hero: Hero, reviews: ReviewService, db: AsyncSession):
    await hero.training.start(db, hero.user_id)
    assert await reviews.set_zone(db, hero.user_id, "America/New_York", chosen=False)
    await hero.miss()
    with clock.travel(timedelta(days=1)):
        await hero.answer_all(await reviews.start(db, hero.user_id), well=True)
        await reviews.set_zone(db, hero.user_id, "Asia/Tokyo", chosen=False)
        (card,), _ = await reviews.cards(db, hero.user_id, 1)
        await reviews.suspend(db, hero.user_id, card.family, suspended=True)
    before = await rows(db)
    await events.rebuild(db, events.projectors("reviews."))
    assert await rows(db) == before


async def test_a_guests_cards_come_along_into_the_account(hero: Hero, reviews: ReviewService, db: AsyncSession):
    await hero.miss()
    member = await add_player(db, "free")
    await events.append(db, member, "user", 0, [GuestMerged(guest_id=hero.user_id, user_id=member)], member)
    assert (await reviews.due(db, hero.user_id)).cards == 0
    assert (await reviews.due(db, member)).cards == 1
    before = await rows(db)
    await events.rebuild(db, events.projectors("training.") + events.projectors("reviews."))
    assert await rows(db) == before


async def test_a_choice_of_time_zone_outlasts_what_the_browser_says(
    hero: Hero, reviews: ReviewService, player: UUID, db: AsyncSession
):
    assert not await reviews.set_zone(db, player, "Europe/Berlin", chosen=False)  # nobody who plays yet
    await hero.training.start(db, player)
    assert await reviews.set_zone(db, player, "Europe/Berlin", chosen=False)
    assert await reviews.set_zone(db, player, "Asia/Tokyo", chosen=True)
    assert not await reviews.set_zone(db, player, "Europe/Berlin", chosen=False)
    assert (await reviews.due(db, player)).zone == "Asia/Tokyo"
    with pytest.raises(Invalid):
        await reviews.set_zone(db, player, "Mars/Olympus", chosen=True)


async def test_every_family_that_is_named_can_be_read_back(hero: Hero, reviews: ReviewService, db: AsyncSession):
    await hero.miss()
    (card,), _ = await reviews.cards(db, hero.user_id, 1)
    family = parse_family(card.family)
    assert family is not None
    assert family.slug == card.family


async def test_a_card_is_the_fold_of_its_entries_also_when_one_comes_late(hero: Hero, db: AsyncSession):
    _, answer = await hero.miss()
    query = text("SELECT position, recorded_at FROM infra.event WHERE type = 'DecisionGraded' ORDER BY position DESC")
    position, moment = (await db.execute(query)).first() or (0, clock.now())
    kinds: list[Kind] = ["missed", "failed", "suspended", "passed", "unsure", "resumed", "missed"]
    for number in (1, 2, 6, 3, 4, 7, 5):
        event, at = CardSuspended(family="any"), moment + timedelta(days=number)
        stored = StoredEvent(position + number, 0, UUID(int=number), UUID(int=1), "card", 1, event, hero.user_id, at)
        await projections._add(db, stored, "any", kinds[number - 1], (), answer.decision_id)
        folded = fold(await repository.entries(db, hero.user_id, "any"))
        assert await projections._state(db, hero.user_id, "any") == folded


async def test_a_day_of_many_mistakes_writes_down_so_many(hero: Hero, db: AsyncSession):
    _, answer = await hero.miss()
    for number in range(MOST_MISSED + 5):
        event, moment = CardSuspended(family="any"), clock.now()
        stored = StoredEvent(10**9 + number, 0, UUID(int=number), UUID(int=1), "card", 1, event, hero.user_id, moment)
        await projections._add(db, stored, "any", "missed", (), answer.decision_id)
    assert len(await repository.entries(db, hero.user_id, "any")) == MOST_MISSED
