"""The form "New solve" as texts, and the spot that they describe. No Reflex in here.

Amounts are typed in bb with at most one decimal, because a chip is a tenth of a big blind. The rest is checked where
a spot is read; its problems come back under the path of the field they belong to.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from solver.cards import parse_cards
from solver.errors import Problem, SpotError
from solver.ranges import MAX_TEXT
from solver.spot import MAX_SIZE_TEXT, PLAYERS, STREETS, Spot, parse_spot

BIG_BLIND: Final = 10
MAX_BB: Final = 100_000
TARGETS: Final = (0.01, 10.0)

KINDS: Final = ("bet", "raise")
SIZE_FIELDS: Final = tuple(f"sizes.{s}.{p}.{k}" for s in STREETS for p in PLAYERS for k in KINDS)
FIELDS: Final = ("board", "ranges.oop", "ranges.ip", "pot", "effective_stack", "rake", "target_pct", *SIZE_FIELDS)

RAKES: Final[dict[str, tuple[str, dict[str, float]]]] = {
    "none": ("No rake", {}),
    "high": ("5%, at most 0.6 bb", {"rate": 0.05, "cap": 0.6 * BIG_BLIND}),
    "low": ("5%, at most 4 bb", {"rate": 0.05, "cap": 4.0 * BIG_BLIND}),
}

SIZES: Final[dict[str, tuple[str, tuple[tuple[str, str], ...]]]] = {
    "simple": ("One size", (("50%", "3x"), ("75%", "3x"), ("75%,a", "a"))),
    "standard": ("Small and large", (("33%,75%", "3x"), ("75%,130%", "2.7x"), ("33%,75%,150%,a", "2.5x,a"))),
    "geometric": ("Geometric", (("e", "e"), ("e,a", "e,a"), ("e,a", "a"))),
    "check": ("Check and call only", (("", ""), ("", ""), ("", ""))),
}
"""Name on the page and (bets, raises) of flop, turn and river, for both players."""

OWN_SIZES: Final = "own"
"""What the choice of sizes shows when they are nobody's preset."""

_AMOUNT = re.compile(r"[0-9]{1,6}(?:\.[0-9])?")


def with_sizes(values: Mapping[str, str], preset: str) -> dict[str, str]:
    """The form with all sizes set to a preset."""
    filled = dict(values)
    for street, texts in zip(STREETS, SIZES[preset][1], strict=True):
        for player in PLAYERS:
            for kind, text in zip(KINDS, texts, strict=True):
                filled[f"sizes.{street}.{player}.{kind}"] = text
    return filled


EXAMPLE_SIZES: Final = "simple"

EXAMPLE: Final = with_sizes(
    {
        "board": "Qh 8h 3c Td",
        "ranges.oop": "88+,ATs+,KTs+,QTs+,JTs,T9s,A5s-A2s,AJo+,KQo",
        "ranges.ip": "JJ-55,AQs-A8s,KQs-K9s,QTs+,J9s+,T9s,98s,87s,76s,AQo,KQo,QJo",
        "pot": "22.5",
        "effective_stack": "89",
        "rake": "none",
        "target_pct": "0.5",
    },
    EXAMPLE_SIZES,
)
"""A spot that says something and is solved in a second: a turn in a 3-bet pot where half of the range bets."""


def cut(field: str, text: str) -> str:
    """A field's text as far as it is kept with the tab: one character more than may be, so that it is refused."""
    return text[: 1 + (MAX_TEXT if field.startswith("ranges.") else MAX_SIZE_TEXT)]


def street_of(board: str) -> int:
    """Where the game starts by the board typed so far; the flop while it is none."""
    try:
        return min(max(len(parse_cards(board)) - 3, 0), 2)
    except SpotError:
        return 0


def read_form(values: Mapping[str, str]) -> tuple[Spot, float]:
    """The spot and the target (% of the pot) that the form describes.

    Raises:
        SpotError: Every problem found, each with the name of its field as path.
    """
    problems: list[Problem] = []
    street = street_of(values["board"])
    sizes = {
        name: {player: {kind: values[f"sizes.{name}.{player}.{kind}"] for kind in KINDS} for player in PLAYERS}
        for name in STREETS[street:]
    }
    data: dict[str, Any] = {
        "board": values["board"],
        "ranges": {player: values[f"ranges.{player}"] for player in PLAYERS},
        "pot": _chips(values, "pot", problems),
        "effective_stack": _chips(values, "effective_stack", problems),
        "sizes": sizes,
        "big_blind": BIG_BLIND,
    }
    if values["rake"] not in RAKES:
        problems.append(Problem("rake", f"is none of {', '.join(RAKES)}"))
    elif rake := RAKES[values["rake"]][1]:
        data["rake"] = rake
    target = _target(values["target_pct"], problems)
    try:
        spot = parse_spot(data)
    except SpotError as error:
        raise SpotError([*problems, *error.problems]) from error
    if problems:
        raise SpotError(problems)
    return spot, target


def field_texts(problems: list[Problem]) -> dict[str, str]:
    """Messages by field, every field present, "" without a problem; what belongs to none is under "form"."""
    texts = dict.fromkeys((*FIELDS, "form"), "")
    for problem in problems:
        field = problem.path if problem.path in texts else "form"
        place = f" (character {problem.position + 1})" if problem.position is not None else ""
        message = f"{problem.message[:1].upper()}{problem.message[1:]}{place}."
        texts[field] = f"{texts[field]} {message}".strip()
    return texts


def _chips(values: Mapping[str, str], field: str, problems: list[Problem]) -> int:
    """Chips of an amount in bb; 1 when it is none, so that the rest is still read."""
    text = values[field].strip().removesuffix("bb").rstrip()
    if not _AMOUNT.fullmatch(text) or not 0 < float(text) <= MAX_BB:
        message = f"'{values[field][:20]}' is no amount: bb with at most one decimal, from 0.1 to {MAX_BB:,}"
        problems.append(Problem(field, message))
        return 1
    return round(float(text) * BIG_BLIND)


def _target(text: str, problems: list[Problem]) -> float:
    low, high = TARGETS
    try:
        target = float(text.strip().removesuffix("%"))
    except ValueError:
        target = float("nan")
    if not low <= target <= high:
        problems.append(Problem("target_pct", f"'{text[:20]}' is out of bounds: {low} to {high:g} % of the pot"))
        return high
    return target
