"""The score of a board: closed forms and properties."""

from __future__ import annotations

import random
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ratings.leaderboard import FIRST_SHRINKAGE, Answers, Standing, measured_shrinkage, standings

Row = tuple[int, int, float]


def answers_of(rows: list[Row]) -> Answers:
    return Answers([UUID(int=p) for p, _, _ in rows], [UUID(int=i) for _, i, _ in rows], [loss for _, _, loss in rows])


def by_player(board: list[Standing]) -> dict[int, Standing]:
    return {standing.player.int: standing for standing in board}


def skilled_field(mistakes: list[float], items: int, seed: int = 7) -> list[Row]:
    """Players whose chance of a mistake is given; the cost of a mistake is heavy-tailed and belongs to the item."""
    rng = np.random.default_rng(seed)
    cost = rng.lognormal(0.5, 1.0, items)
    return [(p, i, float(cost[i] * (rng.random() < chance))) for p, chance in enumerate(mistakes) for i in range(items)]


boards = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 8), st.floats(0, 50, width=16)),
    min_size=1,
    max_size=40,
    unique_by=lambda row: row[:2],
)


def test_score_is_the_sum_of_peer_means_minus_own_losses_over_n_plus_k() -> None:
    rows = [(1, 1, 0.0), (2, 1, 4.0), (3, 1, 2.0), (1, 2, 1.0), (2, 2, 0.0)]
    board = by_player(standings(answers_of(rows), minimum=1, shrinkage=8))
    assert board[1].score == pytest.approx(((4 + 2) / 2 - 0 + 0 - 1) / (2 + 8))
    assert board[2].score == pytest.approx(((0 + 2) / 2 - 4 + 1 - 0) / (2 + 8))
    assert board[3].score == pytest.approx(((0 + 4) / 2 - 2) / (1 + 8))


def test_an_item_that_nobody_else_answered_counts_but_moves_nothing() -> None:
    board = by_player(standings(answers_of([(1, 1, 30.0)]), minimum=1))
    assert (board[1].score, board[1].decisions) == (0.0, 1)


def test_an_empty_week_has_no_standings() -> None:
    assert standings(answers_of([]), minimum=1) == []


@given(rows=boards, seed=st.integers(0, 100))
def test_the_order_of_the_answers_changes_nothing(rows: list[Row], seed: int) -> None:
    shuffled = rows.copy()
    random.Random(seed).shuffle(shuffled)
    assert standings(answers_of(shuffled), minimum=2) == standings(answers_of(rows), minimum=2)


@given(rows=boards)
def test_every_interval_holds_its_score(rows: list[Row]) -> None:
    for standing in standings(answers_of(rows), minimum=1):
        assert standing.low <= standing.score <= standing.high


@given(rows=boards)
def test_ranked_players_come_first_by_score_and_ranks_never_improve_downwards(rows: list[Row]) -> None:
    board = standings(answers_of(rows), minimum=3)
    ranked = [standing for standing in board if standing.rank is not None]
    assert board[: len(ranked)] == ranked
    assert [s.score for s in ranked] == sorted((s.score for s in ranked), reverse=True)
    assert [s.rank for s in ranked] == sorted(s.rank or 0 for s in ranked)
    assert all(standing.decisions < 3 for standing in board[len(ranked) :])


@given(rows=boards, loss=st.floats(0.5, 20, width=16))
def test_a_larger_loss_never_helps_its_player(rows: list[Row], loss: float) -> None:
    player = rows[0][0]
    worse = [(player, rows[0][1], rows[0][2] + loss), *rows[1:]]
    before, after = (by_player(standings(answers_of(r), minimum=1))[player].score for r in (rows, worse))
    assert after <= before


def test_overlapping_intervals_share_a_rank_and_the_next_rank_is_counted_on() -> None:
    board = standings(answers_of(skilled_field([0.1, 0.1, 0.1, 0.9, 0.9], items=200)), minimum=100)
    assert [standing.rank for standing in board] == [1, 1, 1, 4, 4]
    assert board[2].high >= board[0].low
    assert board[3].high < board[0].low


def test_players_under_the_minimum_have_no_rank_but_are_peers() -> None:
    rows = [(1, i, 0.0) for i in range(3)] + [(2, 0, 9.0)]
    board = by_player(standings(answers_of(rows), minimum=2, shrinkage=0.0))
    assert board[2].rank is None
    assert board[1].score == pytest.approx(9 / 3)


def test_few_good_answers_do_not_beat_many_good_ones() -> None:
    rows = [(1, i, 0.0) for i in range(200)] + [(2, i, 0.0) for i in range(20)] + [(3, i, 2.0) for i in range(200)]
    board = by_player(standings(answers_of(rows), minimum=1))
    assert board[1].score > board[2].score > board[3].score


def test_intervals_cover_the_true_advantage_of_heavy_tailed_players() -> None:
    rng = np.random.default_rng(3)
    covered: list[bool] = []
    for repeat in range(4):
        chances = np.clip(0.35 * rng.lognormal(0, 0.4, 150), 0, 0.95)
        truth = (chances.mean() - chances) * np.exp(1.0) * 100 / (100 + FIRST_SHRINKAGE)
        board = by_player(standings(answers_of(skilled_field(list(chances), 100, seed=repeat)), minimum=100))
        covered += [board[p].low <= truth[p] <= board[p].high for p in range(len(chances))]
    assert np.mean(covered) >= 0.9


def test_shrinkage_waits_for_twenty_players_and_then_follows_the_spread_of_skill() -> None:
    few = answers_of(skilled_field([0.1, 0.9] * 5, items=120))
    alike = answers_of(skilled_field([0.3] * 30, items=120))
    spread = answers_of(skilled_field(list(np.linspace(0.05, 0.95, 30)), items=120))
    assert measured_shrinkage(few) == FIRST_SHRINKAGE
    assert measured_shrinkage(alike) > FIRST_SHRINKAGE
    assert measured_shrinkage(spread) < FIRST_SHRINKAGE / 2


@pytest.mark.parametrize("wasters", [1, 2, 5])
def test_accounts_that_throw_chips_away_move_nobody(wasters: int) -> None:
    rng = np.random.default_rng(1)
    hard = rng.gamma(1.2, 1, 200)
    honest: list[Row] = []
    for p in range(12):  # the four best have answered fewer
        for i in range(120 if p < 4 else 200):
            loss = (0.3 + 0.25 * p) * hard[i] * (rng.random() < 0.35) * rng.exponential(2.5)
            honest.append((p, i, float(loss)))
    thrown = [(100 + w, i, float(rng.uniform(5, 110))) for w in range(wasters) for i in range(200)]
    before = by_player(standings(answers_of(honest), minimum=100))
    after = by_player(standings(answers_of(honest + thrown), minimum=100))
    for p in range(12):
        assert after[p].score == pytest.approx(before[p].score, abs=1e-9)
        assert (after[p].low, after[p].high) == pytest.approx((before[p].low, before[p].high), abs=1e-9)
        assert after[p].rank == before[p].rank
    assert all((after[100 + w].rank or 0) > 4 for w in range(wasters))


def test_a_weak_player_is_a_peer_all_the_same() -> None:
    rows = [(1, 1, 0.5), (2, 1, 1.0), (3, 1, 4.5)]
    board = by_player(standings(answers_of(rows), minimum=1, shrinkage=0.0))
    assert board[1].score == pytest.approx((1.0 + 4.5) / 2 - 0.5)
