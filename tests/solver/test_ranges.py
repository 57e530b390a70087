"""Range text: the grammar against a brute-force reader, the round trip, and what is refused where."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.cards import COMBO_CARDS, N_COMBOS, RANKS, combo_to_text
from solver.errors import Problem, SpotError
from solver.ranges import MAX_TEXT, MAX_TOKENS, format_range, parse_range

LOW_TO_HIGH = RANKS


def combos_of(predicate) -> set[int]:
    """Combos for which ``predicate(high rank, low rank, suited)`` holds, asked of every single combo."""
    held = set()
    for combo, (first, second) in enumerate(COMBO_CARDS.tolist()):
        high, low = max(first >> 2, second >> 2), min(first >> 2, second >> 2)
        if predicate(high, low, first & 3 == second & 3):
            held.add(combo)
    return held


def kind_holds(kind: str, suited: bool) -> bool:
    return kind == "" or (kind == "s") == suited


@st.composite
def tokens(draw) -> tuple[str, set[int]]:
    """A token and the combos it means, the latter by asking every combo."""
    high, low = sorted(draw(st.lists(st.integers(0, 12), min_size=2, max_size=2)), reverse=True)
    kind = draw(st.sampled_from(["", "s", "o"])) if high != low else ""
    name = LOW_TO_HIGH[high] + LOW_TO_HIGH[low] + kind
    form = draw(st.sampled_from(["plain", "plus", "dash", "combo"]))
    if form == "combo":
        combo = draw(st.integers(0, N_COMBOS - 1))
        text = combo_to_text(combo)
        return draw(st.sampled_from([text, text[2:] + text[:2]])), {combo}
    if form == "plain":
        return name, combos_of(lambda h, l, s: (h, l) == (high, low) and kind_holds(kind, s))
    if high == low:
        if form == "plus":
            return name + "+", combos_of(lambda h, l, _: h == l >= low)
        bottom = draw(st.integers(0, low))
        return f"{name}-{LOW_TO_HIGH[bottom] * 2}", combos_of(lambda h, l, _: h == l and bottom <= h <= high)
    if form == "plus":
        return name + "+", combos_of(lambda h, l, s: h == high > l >= low and kind_holds(kind, s))
    if draw(st.booleans()):
        bottom = draw(st.integers(0, low))
        text = f"{name}-{LOW_TO_HIGH[high]}{LOW_TO_HIGH[bottom]}{kind}"
        return text, combos_of(lambda h, l, s: h == high and bottom <= l <= low and kind_holds(kind, s))
    steps = draw(st.integers(0, low))
    text = f"{name}-{LOW_TO_HIGH[high - steps]}{LOW_TO_HIGH[low - steps]}{kind}"
    gap = high - low
    return text, combos_of(lambda h, l, s: h - l == gap and low - steps <= l <= low and kind_holds(kind, s))


weights = st.integers(0, 10**6).map(lambda n: n / 10**6)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(tokens(), weights, st.booleans()), min_size=1, max_size=12))
def test_a_range_means_what_asking_every_combo_says_and_the_later_token_wins(parts):
    text, expected = [], np.zeros(N_COMBOS, dtype=np.float32)
    for (token, combos), weight, plain in parts:
        text.append(token if plain else f"{token}:{weight:.6f}")
        expected[list(combos)] = 1 if plain else weight
    assert np.array_equal(parse_range(", ".join(text)), expected)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(tokens(), weights), max_size=15),
    st.dictionaries(st.integers(0, N_COMBOS - 1), weights, max_size=8),
)
def test_writing_a_range_and_reading_it_gives_the_same_weights(parts, singles):
    wanted = np.zeros(N_COMBOS, dtype=np.float32)
    for (_, combos), weight in parts:
        wanted[list(combos)] = np.float32(f"{weight:.6g}")
    for combo, weight in singles.items():
        wanted[combo] = np.float32(f"{weight:.6g}")
    assert np.array_equal(parse_range(format_range(wanted)), wanted)


@settings(max_examples=100, deadline=None)
@given(st.lists(tokens(), min_size=1, max_size=6), st.sets(st.integers(0, 51), min_size=3, max_size=5))
def test_dead_cards_shorten_the_text_and_change_no_living_combo(parts, dead):
    wanted = np.zeros(N_COMBOS, dtype=np.float32)
    for _, combos in parts:
        wanted[list(combos)] = 1
    blocked = np.isin(COMBO_CARDS, list(dead)).any(axis=1)
    wanted[blocked] = 0
    text = format_range(wanted, tuple(dead))
    assert len(text) <= len(format_range(wanted))
    assert np.array_equal(parse_range(text)[~blocked], wanted[~blocked])


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("AA,KK,QQ", "QQ+"),
        ("TT-22,JJ", "JJ-22"),
        ("AKs,AKo,AQs", "AQs+,AKo"),
        ("KQs,KJs,KTs,KQo,KJo,KTo", "KT+"),
        ("A9s-A6s:0.25", "A9s-A6s:0.25"),
        ("AA:0.5,AA", "AA"),
        ("AA,AA:0", ""),
        ("KsAs", "AsKs"),
        ("22+:1e-3", "22+:0.001"),
        ("", ""),
        ("  \n", ""),
    ],
)
def test_the_canonical_text_is_short(text, canonical):
    assert format_range(parse_range(text)) == canonical


def test_the_whole_deck_takes_one_short_line():
    assert len(format_range(np.ones(N_COMBOS, dtype=np.float32))) < 70


BAD_TOKENS = [
    ("", 0), ("A", 0), ("AX", 0), ("XA", 0), ("ak", 0), ("AKx", 2), ("AKS", 2), ("AKss", 3), ("KA", 0), ("2As", 0),
    ("AAs", 2), ("AAo", 2), ("77s+", 2), ("AK++", 2), ("AK+s", 2), ("AKs-", 4), ("AKs-AQ", 4), ("AKs-AQo", 4),
    ("22-QQ", 3), ("A2s-A9s", 4), ("QQ-AK", 3), ("AK-QQ", 3), ("AKs-QTs", 4), ("AKs-AQs-AJs", 4), ("AsAs", 2),
    ("AsKx", 3), ("AsXs", 2), ("As Ks", 0), ("AsKs+", 0), ("AsKsQs", 0), ("Ask", 0), ("1010", 0), ("random", 0),
    ("*", 0), ("AA:", 3), ("AA:x", 3), ("AA:1.5", 3), ("AA:-0.5", 3), ("AA:nan", 3), ("AA:inf", 3), ("AA:1e5", 3),
    ("AA:0.5:0.5", 3), ("AA:0,5", 5), ("AA:٣", 3), (":0.5", 0), ("A\u0000", 0), ("\ud800", 0), ("AA;KK", 2),
    ("AA KK", 2), ("T9s-T9o", 4), ("QQ--88", 3), ("ＡＡ", 0),
]  # fmt: skip
PREFIXES = ["", "AA,", "22+, ", "AKs:0.5,", " AsKd ,", "A2s+,KTo+:.25,"]


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize(("token", "position"), BAD_TOKENS, ids=[ascii(token) for token, _ in BAD_TOKENS])
def test_a_bad_token_is_refused_at_its_position(token, position, prefix):
    # Between good tokens, so that even the empty token is one.
    text = f"{prefix}{token},99" if token or prefix else ",99"
    with pytest.raises(SpotError) as refusal:
        parse_range(text, "ranges.oop")
    [problem] = refusal.value.problems
    assert (problem.path, problem.position) == ("ranges.oop", len(prefix) + position)
    assert problem.message.isascii()


def test_every_bad_token_of_a_text_is_reported():
    with pytest.raises(SpotError) as refusal:
        parse_range("AA,X,KK,99-AA,QQ:7")
    assert [problem.position for problem in refusal.value.problems] == [3, 11, 17]


def test_a_text_too_long_is_refused_before_it_is_read():
    with pytest.raises(SpotError) as refusal:
        parse_range("AA," * MAX_TEXT)
    assert refusal.value.problems[0].position == MAX_TEXT


def problems_of(text: str) -> list[Problem]:
    try:
        parse_range(text)
    except SpotError as error:
        return error.problems
    return []


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_inside_itself(text):
    assert all(0 <= problem.position <= len(text) for problem in problems_of(text))


def test_a_wrong_hand_is_told_at_every_place_where_it_stands():
    for text in ("AKz,AK", "AK,AKz", "AKz,AKz"):
        with pytest.raises(SpotError) as refused:
            parse_range(text)
        assert [problem.position for problem in refused.value.problems] == [
            at + 2 for at in range(0, len(text), 1) if text.startswith("AKz", at)
        ]


def test_more_hands_than_there_are_are_refused_unread():
    assert parse_range("AA," * (MAX_TOKENS - 1) + "KK")[parse_range("KK") > 0].all()
    with pytest.raises(SpotError, match="at most 2000"):
        parse_range("AA," * MAX_TOKENS + "KK")


def test_what_is_known_of_a_hand_is_never_changed_by_its_user():
    first = parse_range("AKs:0.5")
    first[:] = 0
    assert parse_range("AKs").sum() == 4
