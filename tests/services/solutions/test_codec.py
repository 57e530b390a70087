"""The file format of solved spots."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from services.solutions.codec import (
    Artefact,
    ArtefactError,
    StoredNode,
    decode_block,
    encode_block,
    purify,
    quantise_strategy,
    served_strategy,
    write_artefact,
)


@st.composite
def stored_nodes(draw: st.DrawFn) -> StoredNode:
    """Any node: few or many hands, pure and mixed, small and ruinous losses."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    actions, hands = draw(st.integers(1, 8)), draw(st.integers(1, 60))
    strategy = rng.dirichlet(np.full(actions, draw(st.sampled_from([0.05, 0.3, 3.0]))), hands).T
    pot = draw(st.integers(1, 5000))
    q = rng.normal(0, pot * draw(st.sampled_from([1e-4, 0.01, 0.5, 20.0])), (actions, hands))
    line = draw(st.lists(st.sampled_from(["check", "call", "bet 18", "raise 54", "allin 975"]), max_size=6))
    return StoredNode(tuple(line), draw(st.integers(0, 1)), pot, draw(st.floats(0, 10, width=32)), strategy, q)


@given(stored_nodes())
def test_a_node_survives_storage_within_the_promised_precision(node: StoredNode) -> None:
    read = decode_block(encode_block([node]))[node.line]
    assert (read.line, read.player, read.pot) == (node.line, node.player, node.pot)
    assert read.exploitability_pct == pytest.approx(node.exploitability_pct)
    assert_allclose(read.strategy.sum(axis=0), 1, atol=1e-6)
    assert np.abs(read.strategy - node.strategy).max() <= 1 / 255 + 1e-6
    loss = 100 * (node.q.max(axis=0) - node.q) / node.pot
    read_loss = 100 * (read.q.max(axis=0) - read.q) / node.pot
    small = loss <= 2
    assert np.abs(read_loss - loss)[small].max(initial=0) <= 0.01 + 1e-6
    assert np.abs(read_loss / np.maximum(loss, 1e-9) - 1)[~small].max(initial=0) <= 0.03
    span = np.ptp(node.q.max(axis=0))
    assert_allclose(read.q.max(axis=0), node.q.max(axis=0), atol=span / 65535 + 1e-5 * np.abs(node.q).max())


@given(stored_nodes())
def test_storing_what_was_read_changes_nothing(node: StoredNode) -> None:
    once = decode_block(encode_block([node]))[node.line]
    twice = decode_block(encode_block([once]))[node.line]
    np.testing.assert_array_equal(twice.strategy, once.strategy)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8).filter(lambda weights: sum(weights) > 0.01))
def test_counts_sum_to_255_and_are_the_nearest(weights: list[float]) -> None:
    strategy = np.array(weights)[:, None] / sum(weights)
    counts = quantise_strategy(strategy)
    assert counts.sum() == 255
    assert np.abs(counts / 255 - strategy).max() < 1 / 255


def test_frequencies_under_one_percent_are_purified_away() -> None:
    strategy = np.array([[0.009], [0.011], [0.98]])
    assert purify(strategy)[0, 0] == 0
    assert served_strategy(strategy)[0, 0] == 0
    assert served_strategy(strategy)[1, 0] > 0


def test_q_is_unknown_where_the_opponent_never_gets() -> None:
    node = StoredNode((), 0, 100, float("nan"), np.full((2, 3), 0.5, np.float32), np.full((2, 3), np.nan))
    assert np.isnan(decode_block(encode_block([node]))[()].q).all()


def _artefact() -> bytes:
    rng = np.random.default_rng(1)
    node = StoredNode(
        ("check",), 1, 55, 0.2, rng.dirichlet(np.ones(3), 20).T.astype(np.float32), rng.normal(0, 9, (3, 20))
    )
    return write_artefact({"name": "a spot"}, {"": encode_block([node]), "check/check/deal 2c": encode_block([node])})


def test_blocks_are_found_by_the_line_at_which_their_street_began() -> None:
    artefact = Artefact(_artefact())
    assert artefact.header["name"] == "a spot"
    assert artefact.keys == ["", "check/check/deal 2c"]
    assert list(artefact.block("check/check/deal 2c")) == [("check",)]
    assert "check/check/deal 3c" not in artefact


def test_the_same_solution_gives_the_same_bytes() -> None:
    assert _artefact() == _artefact()


def test_damage_to_any_byte_is_detected() -> None:
    data = _artefact()
    for place in range(len(data)):
        damaged = bytearray(data)
        damaged[place] ^= 1 << (place % 8)
        with pytest.raises(ArtefactError):
            Artefact(bytes(damaged))


@settings(max_examples=50)
@given(st.data())
def test_a_truncated_file_is_detected(data: st.DataObject) -> None:
    whole = _artefact()
    with pytest.raises(ArtefactError):
        Artefact(whole[: data.draw(st.integers(0, len(whole) - 1))])


def test_a_file_of_another_format_says_that_it_has_to_be_built_again() -> None:
    with pytest.raises(ArtefactError, match="build it again"):
        Artefact(b"MIXLINE9" + _artefact()[8:])
