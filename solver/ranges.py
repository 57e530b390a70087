"""Ranges as text and as 1,326 weights.

The grammar, tokens separated by commas (of overlapping tokens the later wins)::

    AA  AK  AKs  AKo      a pair; suited and offsuit; one of the two
    AsAh                  one combo
    TT+  ATs+  K9o+       up to the best of that kind (the kicker climbs to one below the high card)
    QQ-88  A9s-A6s        from the top down to the bottom, pairs or one high card
    T9s-65s               the same gap between the cards, both cards falling together
    ATs+:0.5              a weight in [0, 1] for the whole token

``format_range`` writes the same grammar back, merging what a plus or a dash can merge.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from solver.cards import (
    COMBO_CARDS,
    COMBO_CLASS,
    HAND_CLASS_INDEX,
    N_CLASSES,
    N_COMBOS,
    RANKS,
    combo_to_text,
    parse_combo,
)
from solver.errors import Problem, SpotError, quoted

Range = NDArray[np.float32]
"""[1326] weights in [0, 1], indexed by combo."""

MAX_TEXT = 40_000
"""Characters: all 1,326 combos with their weights fit."""

MAX_TOKENS = 2_000
"""Likewise: reading one takes microseconds, and the text comes from anybody."""

MAX_PROBLEMS = 20
"""Problems reported for one text; the rest would bury them."""

CLASS_COMBOS: tuple[NDArray[np.intp], ...] = tuple(np.flatnonzero(index == COMBO_CLASS) for index in range(N_CLASSES))
"""[hand class] -> its combos, ascending."""

_SPACE = " \t\r\n"
_WEIGHT = re.compile(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE]-?[0-9]{1,3})?")
_CLASS = re.compile(rf"([{RANKS}])([{RANKS}])([so]?)")
_COMBO_LIKE = re.compile(r"[^+:-]{4}")


def parse_range(text: str, path: str = "") -> Range:
    """Weights of a range text; an empty text is a range of nothing.

    Args:
        text: The range.
        path: Where the text stands in a larger input, for the problems.

    Raises:
        SpotError: Every wrong token (the first 20), with its 0-based position.
    """
    if len(text) > MAX_TEXT:
        raise SpotError([Problem(path, f"has {len(text)} characters; at most {MAX_TEXT} are allowed", MAX_TEXT)])
    weights = np.zeros(N_COMBOS, dtype=np.float32)
    if not text.strip(_SPACE):
        return weights
    if (count := text.count(",") + 1) > MAX_TOKENS:
        raise SpotError([Problem(path, f"has {count} hands; at most {MAX_TOKENS} are allowed", MAX_TOKENS)])
    problems: list[Problem] = []
    for start, token in _tokens(text):
        try:
            combos, weight = _parse_token(token, start, path)
            weights[combos] = weight
        except SpotError as error:
            problems.extend(error.problems)
            if len(problems) >= MAX_PROBLEMS:
                break
    if problems:
        raise SpotError(problems)
    return weights


def format_range(weights: Range, dead_cards: tuple[int, ...] = ()) -> str:
    """Canonical text; parsing it gives the same weights, to 6 significant digits.

    Pairs come first, then suited and offsuit classes by high card, then single combos of classes whose combos differ.

    Args:
        weights: The range.
        dead_cards: Combos that touch these are left open: the text says of them whatever makes it shortest.
    """
    touching: NDArray[np.bool_] = np.isin(COMBO_CARDS, dead_cards)
    dead = touching[:, 0] | touching[:, 1]
    weight: list[float] = weights.tolist()
    class_weights: list[float] = []
    singles: list[str] = []
    for class_combos in CLASS_COMBOS:
        combos = [int(combo) for combo in class_combos if not dead[combo]]
        values = {weight[combo] for combo in combos}
        class_weights.append(max(values) if len(values) == 1 else 0.0)
        if len(values) > 1:
            singles.extend(
                combo_to_text(combo) + _weight_text(weight[combo]) for combo in combos[::-1] if weight[combo] > 0
            )
    return ",".join([*_pair_texts(class_weights), *_unpaired_texts(class_weights), *singles])


def _tokens(text: str) -> Iterator[tuple[int, str]]:
    """(position of the first character, token without surrounding space)."""
    start = 0
    for part in text.split(","):
        stripped = part.lstrip(_SPACE)
        yield start + len(part) - len(stripped), stripped.rstrip(_SPACE)
        start += len(part) + 1


def _refuse(path: str, message: str, position: int) -> SpotError:
    return SpotError([Problem(path, message, position)])


def _parse_token(token: str, start: int, path: str) -> tuple[NDArray[np.intp], float]:
    if not token:
        raise _refuse(path, "a hand is missing here, e.g. 'AKs'", start)
    hands, colon, weight_text = token.partition(":")
    weight = _parse_weight(weight_text, start + len(hands) + 1, path) if colon else 1.0
    hands = hands.rstrip(_SPACE)
    try:
        return _hands(hands), weight
    except SpotError:  # said again with its place, which the cache does not know
        return _parse_hands(hands, start, path), weight


@lru_cache(maxsize=4096)
def _hands(text: str) -> NDArray[np.intp]:
    combos = _parse_hands(text, 0, "")
    combos.setflags(write=False)
    return combos


def _parse_weight(text: str, start: int, path: str) -> float:
    stripped = text.lstrip(_SPACE)
    position = start + len(text) - len(stripped)
    if not _WEIGHT.fullmatch(stripped):
        raise _refuse(path, f"{quoted(stripped)} is no weight; a weight is a number from 0 to 1, e.g. ':0.5'", position)
    weight = float(stripped)
    if not 0.0 <= weight <= 1.0:
        raise _refuse(path, f"weight {quoted(stripped)} is outside 0 to 1", position)
    return weight


def _parse_hands(text: str, start: int, path: str) -> NDArray[np.intp]:
    match = _CLASS.match(text)
    if not match:
        if text and _COMBO_LIKE.fullmatch(text):
            return np.array([_parse_single(text, start, path)])
        raise _refuse(path, f"{quoted(text)} is no hand; write e.g. 'AA', 'AKs', 'ATo+', 'QQ-88' or 'AsAh'", start)
    high, low = _ranks(match, start, path)
    kind, rest = match[3], text[match.end() :]
    if not rest:
        pairs = [(high, low)]
    elif rest == "+":
        pairs = (
            [(rank, rank) for rank in range(high, 13)] if high == low else [(high, kick) for kick in range(low, high)]
        )
    elif rest.startswith("-"):
        pairs = _dash(text, match, (high, low), start, path)
    else:
        raise _refuse(path, f"{quoted(rest)} does not belong after {match[0]!r}", start + match.end())
    return np.concatenate([CLASS_COMBOS[index] for pair in pairs for index in _class_indices(*pair, kind)])


def _parse_single(text: str, start: int, path: str) -> int:
    try:
        return parse_combo(text, path)
    except SpotError as error:
        raise SpotError([Problem(path, p.message, start + (p.position or 0)) for p in error.problems]) from None


def _ranks(match: re.Match[str], start: int, path: str) -> tuple[int, int]:
    high, low = RANKS.index(match[1]), RANKS.index(match[2])
    if high < low:
        raise _refuse(path, f"{match[0]!r} has its higher card second; write {match[2] + match[1] + match[3]!r}", start)
    if high == low and match[3]:
        raise _refuse(path, f"{match[0]!r}: a pair is neither suited nor offsuit", start + 2)
    return high, low


def _dash(text: str, first: re.Match[str], top: tuple[int, int], start: int, path: str) -> list[tuple[int, int]]:
    """Rank pairs from ``top`` down to the class after the dash."""
    at = start + first.end() + 1
    second = _CLASS.fullmatch(text, first.end() + 1)
    if not second:
        rest = text[first.end() + 1 :]
        raise _refuse(path, f"{quoted(rest)} is no hand to end a range at; write e.g. 'QQ-88' or 'A9s-A6s'", at)
    bottom = _ranks(second, at, path)
    (high, low), (bottom_high, bottom_low) = top, bottom
    if first[3] != second[3] or (high == low) != (bottom_high == bottom_low):
        raise _refuse(path, f"{text!r} goes from one kind of hand to another", at)
    if bottom > top:
        raise _refuse(path, f"{text!r} is written from the bottom; write {second[0] + '-' + first[0]!r}", at)
    (high, low), (bottom_high, bottom_low) = top, bottom
    if high - low == bottom_high - bottom_low:
        return [(high - step, low - step) for step in range(high - bottom_high + 1)]
    if high == bottom_high and low < high and bottom_low < bottom_high:
        return [(high, kick) for kick in range(bottom_low, low + 1)]
    raise _refuse(path, f"{text!r} shares neither the high card nor the gap", at)


def _class_indices(high: int, low: int, kind: str) -> Iterator[int]:
    name = RANKS[high] + RANKS[low]
    for suffix in ("",) if high == low else (kind,) if kind else ("s", "o"):
        yield HAND_CLASS_INDEX[name + suffix]


def _weight_text(weight: float) -> str:
    return "" if weight == 1 else f":{weight:.6g}"


def _runs(weights: dict[int, float]) -> Iterator[tuple[int, int, float]]:
    """(top, bottom, weight) of maximal runs of equal positive weight, ranks descending."""
    top: int | None = None
    for rank in sorted(weights, reverse=True):
        if top is None:
            top = rank
        if weights.get(rank - 1) != weights[rank]:
            if weights[rank] > 0:
                yield top, rank, weights[rank]
            top = None


def _pair_texts(class_weights: list[float]) -> Iterator[str]:
    pairs = {rank: class_weights[HAND_CLASS_INDEX[RANKS[rank] * 2]] for rank in range(13)}
    for top, bottom, weight in _runs(pairs):
        name = RANKS[bottom] * 2
        text = name if top == bottom else name + "+" if top == 12 else f"{RANKS[top] * 2}-{name}"
        yield text + _weight_text(weight)


def _unpaired_texts(class_weights: list[float]) -> Iterator[str]:
    for high in range(12, 0, -1):
        kinds: defaultdict[tuple[int, int, float], str] = defaultdict(str)
        for kind in "so":
            kickers = {low: class_weights[HAND_CLASS_INDEX[RANKS[high] + RANKS[low] + kind]] for low in range(high)}
            for run in _runs(kickers):
                kinds[run] += kind
        for (top, bottom, weight), kind in kinds.items():
            suffix = "" if kind == "so" else kind
            name = RANKS[high] + RANKS[bottom] + suffix
            if top == bottom:
                text = name
            elif top == high - 1:
                text = name + "+"
            else:
                text = f"{RANKS[high]}{RANKS[top]}{suffix}-{name}"
            yield text + _weight_text(weight)
