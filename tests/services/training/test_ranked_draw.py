"""What a set is made of: boards that practice can spare, strata, no spot twice, and all of it from the seed."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from datetime import timedelta
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.infra import clock
from services.infra.errors import Conflict, Unavailable
from services.ratings.periods import KINDS, Kind, period_of
from services.solutions import reservations
from services.training.deals import Draw, draw_combos
from services.training.grading import TRIVIAL_PCT, difficulty
from services.training.ranked import RankedSets
from services.training.ranked_draw import BANDS, cells, difficulties, draw_spots, hand_seed, kept_entries
from services.training.service import TrainingService
from solver.cards import COMBO_CLASS, COMBO_INDEX, parse_cards
from tests.services.training.doubles import HashedStrategies, spot_of

SEED = bytes(range(32))
BOARDS = {
    ("SRP", 0): ("Td9d6h", "As7s3s", "Kc8d2h", "9c9h2s"),
    ("SRP", 1): ("QsJh2c4d", "Ac9h4h6s", "KdJd4dJs", "8c7c3d2h"),
    ("3BP", 0): ("Kh8h3c", "Jc5h5d"),
    ("3BP", 1): ("AhTd5h8s", "QcJc7c4d"),
    ("3BP", 2): ("AcKd7h5s2s", "TcTh8sJd4c", "9d4c2cKcAh"),
}


@pytest.fixture
def wide() -> HashedStrategies:
    """Several entries of most kinds."""
    strategies = HashedStrategies()
    for (pot_type, _), boards in BOARDS.items():
        for board in boards:
            strategies.add(spot_of(board), pot_type)
    return strategies


async def test_a_week_keeps_a_share_of_every_kind_of_entry_and_never_all_of_one(wide: HashedStrategies) -> None:
    pool = await wide.list()
    for seed in (SEED, SEED[::-1], bytes(32)):
        kept = kept_entries(seed, "weekly", pool)
        assert Counter((one.pot_type, one.street) for one in kept) == dict.fromkeys(BOARDS, 1)
        left = [info for info in pool if info not in kept]
        day = kept_entries(seed, "daily", left)
        assert not {one.id for one in day} & {one.id for one in kept}
        remaining = Counter((one.pot_type, one.street) for one in left if one not in day)
        assert remaining.keys() == BOARDS.keys(), "practice keeps boards of every kind"


async def test_over_the_seeds_every_entry_gets_its_turn(wide: HashedStrategies) -> None:
    pool = await wide.list()
    seen = {one.id for number in range(60) for one in kept_entries(bytes([number] * 32), "weekly", pool)}
    assert seen == {info.id for info in pool}


async def test_a_library_of_one_entry_can_not_spare_it(wide: HashedStrategies) -> None:
    with pytest.raises(Unavailable):
        kept_entries(SEED, "weekly", (await wide.list())[:1])


async def test_the_weeks_decisions_fill_streets_pot_types_and_difficulties_evenly(wide: HashedStrategies) -> None:
    kept = kept_entries(SEED, "weekly", await wide.list())
    kinds = cells(kept)
    assert len(kinds) == 2 * 3 * len(BANDS)
    spots = await draw_spots(wide, SEED, "weekly", kept, 3 * len(kinds))
    assert [spot.number for spot in spots] == list(range(1, 3 * len(kinds) + 1))
    assert Counter((spot.street, spot.pot_type) for spot in spots) == {
        (street, pot_type): 3 * len(BANDS) for pot_type in ("SRP", "3BP") for street in range(3)
    }
    banded = sum(
        BANDS[band][0] <= spot.difficulty_pct < BANDS[band][1]
        for spot, (_, _, band) in zip(spots, kinds * 3, strict=True)
    )
    assert banded >= 0.9 * len(spots)
    assert all(spot.difficulty_pct >= TRIVIAL_PCT for spot in spots)
    assert {spot.solution_id for spot in spots} <= {info.id for info in kept}
    assert {spot.hero for spot in spots} == {0, 1}


async def test_no_node_and_hand_class_comes_twice(wide: HashedStrategies) -> None:
    kept = kept_entries(SEED, "weekly", await wide.list())
    spots = await draw_spots(wide, SEED, "weekly", kept, 60)
    keys = [(spot.solution_id, spot.line, int(COMBO_CLASS[spot.hero_combo])) for spot in spots]
    assert len(set(keys)) == len(keys)


async def test_a_spot_is_a_decision_of_heros_with_a_hand_that_gets_there(wide: HashedStrategies) -> None:
    kept = kept_entries(SEED, "weekly", await wide.list())
    for spot in await draw_spots(wide, SEED, "weekly", kept, 18):
        node = await wide.node(spot.solution_id, spot.line)
        place = node.position
        assert (place.kind, place.player, place.street) == ("decision", spot.hero, spot.street)
        row = node.row(spot.hero_combo)
        assert node.reach[spot.hero, spot.hero_combo] > 0
        assert 100 * difficulty(node.q[:, row], place.pot) / place.pot == pytest.approx(spot.difficulty_pct)


async def test_difficulties_of_a_node_are_those_of_its_hands_one_by_one(wide: HashedStrategies) -> None:
    node = await wide.node((await wide.list())[0].id, ())
    pot = node.position.pot
    one_by_one = [100 * difficulty(node.q[:, row], pot) / pot for row in range(node.q.shape[1])]
    np.testing.assert_allclose(difficulties(node), one_by_one)


async def test_the_same_seed_draws_the_same_spots_and_another_one_others(wide: HashedStrategies) -> None:
    kept = kept_entries(SEED, "weekly", await wide.list())
    for kind in KINDS:
        spots = await draw_spots(wide, SEED, kind, kept, 8)
        assert await draw_spots(wide, SEED, kind, kept, 8) == spots
        assert await draw_spots(wide, SEED[::-1], kind, kept, 8) != spots


async def test_the_days_hands_go_round_the_kept_boards_with_both_hands_from_the_seed(wide: HashedStrategies) -> None:
    kept = kept_entries(SEED, "daily", await wide.list())
    spots = await draw_spots(wide, SEED, "daily", kept, 10)
    counts = Counter(spot.solution_id for spot in spots)
    assert max(counts.values()) - min(counts.values()) <= 1
    for spot in spots:
        own = hand_seed(SEED, spot.number)
        ranges, info = await wide.ranges(spot.solution_id), await wide.info(spot.solution_id)
        hero = Draw(own, "seat").below(2)
        again = draw_combos(Draw(own, "deal"), ranges[hero], ranges[1 - hero], info.board)
        assert (spot.hero, spot.hero_combo, spot.villain_combo) == (hero, *again)


@pytest.mark.parametrize("kind", KINDS)
async def test_what_was_published_beforehand_is_what_was_dealt(
    sets: RankedSets, training: TrainingService, db: AsyncSession, kind: Kind
) -> None:
    """Checked with nothing of ours: the fingerprint as the documentation describes it, the hands as they were dealt."""
    set_id = period_of(kind, clock.now()).name
    before = await sets.proof(db, set_id)
    assert (before.seed, before.pool, before.spots, before.closed) == (None, (), (), False)
    with pytest.raises(Conflict):
        await sets.verify(set_id)
    with clock.travel(timedelta(days=8)):
        after = await sets.proof(db, set_id)
        assert after.seed is not None
        document = {"set": set_id, "seed": after.seed, "pool": list(after.pool), "spots": list(after.spots)}
        canonical = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
        assert hashlib.sha256(canonical).hexdigest() == before.commitment
        found = await sets.verify(set_id)
    assert (found.fingerprint, found.drawn, found.differences) == (True, True, ())
    rows = await db.execute(
        text("SELECT number, hero_combo FROM training.ranked_item WHERE set_id = :id ORDER BY number"), {"id": set_id}
    )
    shown = [(one["number"], int(COMBO_INDEX[parse_cards(one["hero_cards"])])) for one in after.spots]
    assert [tuple(row) for row in rows] == shown


async def altered(db: AsyncSession, set_id: str, change: str) -> None:
    await db.execute(text(f"UPDATE {change}"), {"id": set_id})


@pytest.mark.parametrize(
    "change",
    [
        "training.ranked_item SET hero_combo = hero_combo + 1 WHERE set_id = :id AND number = 1",
        "training.ranked_item SET die = die % 100 + 1 WHERE set_id = :id AND number = 2",
        "training.ranked_set SET seed = decode(repeat('00', 32), 'hex') WHERE id = :id",
        "training.ranked_set SET commitment = repeat('0', 64) WHERE id = :id",
    ],
)
async def test_a_set_that_was_bent_does_not_verify(
    sets: RankedSets, training: TrainingService, db: AsyncSession, change: str
) -> None:
    set_id = period_of("weekly", clock.now()).name
    await altered(db, set_id, change)
    with clock.travel(timedelta(days=8)):
        found = await sets.verify(set_id)
    assert not found.fingerprint
    assert found.differences


async def test_a_library_that_changed_since_is_said_and_the_fingerprint_still_holds(
    sets: RankedSets, strategies: HashedStrategies, db: AsyncSession
) -> None:
    set_id = period_of("weekly", clock.now()).name
    strategies.infos.pop(UUID(next(iter(await pool_ids(db, set_id)))))
    with clock.travel(timedelta(days=8)):
        found = await sets.verify(set_id)
    assert (found.fingerprint, found.drawn) == (True, None)


async def pool_ids(db: AsyncSession, set_id: str) -> list[str]:
    pool = await db.scalar(text("SELECT pool FROM training.ranked_set WHERE id = :id"), {"id": set_id})
    return [one["id"] for one in pool]


async def test_the_day_keeps_other_boards_than_the_week(sets: RankedSets, db: AsyncSession) -> None:
    week, day = [await reservations.boards_of(db, period_of(kind, clock.now()).name) for kind in KINDS]
    assert week
    assert day
    assert not any(reservations.overlap(one, other) for one in week for other in day)
