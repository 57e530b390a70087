"""Bet sizes as text: ``60%``, ``2.5x``, ``e``, ``a``, ``120c``, separated by commas.

============  ==========================================================================================
``60%``       of the pot after calling; as a raise it is added to the amount raised
``2.5x``      times the bet before it; raises only
``120c``      chips; as a raise it is added to the amount raised
``e``         the fraction of the pot that, bet on every remaining street, gets the stacks in on the river
``a``         all-in
============  ==========================================================================================

What an amount becomes inside a tree (rounding, thresholds, merging) is ``tree``'s business.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import StrEnum

from solver.errors import Problem, SpotError, quoted

MAX_PERCENT = 100_000.0
MAX_MULTIPLE = 1_000.0
MAX_CHIPS = 100_000_000

_NUMBER = re.compile(r"(?:\d+(?:\.\d*)?|\.\d+)", re.ASCII)


class SizeKind(StrEnum):
    """How ``BetSize.value`` is meant."""

    POT = "%"
    PREVIOUS = "x"
    CHIPS = "c"
    GEOMETRIC = "e"
    ALLIN = "a"


@dataclass(frozen=True, slots=True)
class BetSize:
    """One size.

    Attributes:
        value: A fraction of the pot, a multiple of the previous bet or chips; 0 for geometric and all-in.
    """

    kind: SizeKind
    value: float = 0.0

    def __str__(self) -> str:
        if self.kind in (SizeKind.GEOMETRIC, SizeKind.ALLIN):
            return self.kind.value
        shown = self.value * 100 if self.kind is SizeKind.POT else self.value
        return f"{shown:.10g}{self.kind.value}"


def parse_bet_sizes(text: str, path: str = "") -> tuple[BetSize, ...]:
    """Sizes in the order written; an empty text holds none.

    Args:
        path: Where the text stands; when it ends with ``bet`` or ``donk``, multiples of a previous bet are refused.

    Raises:
        SpotError: Every token that is no size or out of its domain, with its 0-based position.
    """
    sizes: list[BetSize] = []
    problems: list[Problem] = []
    if not text.strip():
        return ()
    position = 0
    for token in text.split(","):
        stripped = token.strip()
        start = position + len(token) - len(token.lstrip())
        position += len(token) + 1
        size, message = _parse_size(stripped, opening=path.rsplit(".", 1)[-1] in ("bet", "donk"))
        if size is None:
            problems.append(Problem(path, message, start))
        else:
            sizes.append(size)
    if problems:
        raise SpotError(problems)
    return tuple(sizes)


def _parse_size(text: str, *, opening: bool) -> tuple[BetSize | None, str]:
    shown = quoted(text)
    if text == "a":
        return BetSize(SizeKind.ALLIN), ""
    if text == "e":
        return BetSize(SizeKind.GEOMETRIC), ""
    if not text[:-1] or not _NUMBER.fullmatch(text[:-1]) or text[-1] not in "%xc":
        return None, f"{shown} is no bet size; sizes are 60%, 2.5x, 120c, e (geometric) and a (all-in)"
    value = float(text[:-1])
    if text[-1] == "%":
        if not 0 < value <= MAX_PERCENT:
            return None, f"{shown} is out of the domain: more than 0% and at most {MAX_PERCENT:.0f}%"
        return BetSize(SizeKind.POT, value / 100), ""
    if text[-1] == "x":
        if opening:
            return None, f"{shown} multiplies a previous bet; only raises have one"
        if not 1 < value <= MAX_MULTIPLE:
            return None, f"{shown} is out of the domain: more than 1x and at most {MAX_MULTIPLE:.0f}x"
        return BetSize(SizeKind.PREVIOUS, value), ""
    if not math.isfinite(value) or value != int(value) or not 1 <= value <= MAX_CHIPS:
        return None, f"{shown} is out of the domain: whole chips from 1c to {MAX_CHIPS}c"
    return BetSize(SizeKind.CHIPS, value), ""
