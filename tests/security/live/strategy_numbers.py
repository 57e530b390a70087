"""The numbers of a decision's answer, however they may be written, and whether a text holds them.

A number tells something when it has digits enough to be no accident: one of four digits and more, or three of three.
Numbers that the player knows anyway (chips on the table, answers given before) are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

NUMBER = re.compile(r"(?<![\w.])-?\d+\.\d+(?![\w.])|(?<![\w.])-?\d+(?![\w.])")
ONE_IS_ENOUGH = 4
LEAST = 3
MANY = 3


def numbers_in(text: str) -> set[str]:
    """Every number of a text, without its sign and the noughts at its end."""
    return {_plain(found) for found in NUMBER.findall(text)}


def telling(answer: dict[str, Any]) -> set[str]:
    """Frequencies, EVs and losses of a graded decision as REST gives it, in the forms that they could be written in."""
    found: set[str] = set()
    for row in answer["rows"]:
        found |= _forms(row["frequency"]) | _forms(100 * row["frequency"])
        for name in ("ev", "ev_bb", "loss_bb", "loss_pct"):
            if row[name] is not None:
                found |= _forms(row[name])
    return {one for one in found if _digits(one) >= LEAST}


def known_anyway(table: dict[str, Any], earlier: Iterable[dict[str, Any]]) -> set[str]:
    """What the player may see before the answer: the chips as such, in big blinds and in % of the pot; old answers."""
    chips = [table["pot"], table["to_call"], table["pot_at_decision"] or 0, *table["stacks"], *table["street_bets"]]
    for action in [*table["actions"], *(step["action"] for step in table["line"])]:
        chips += [float(one) for one in re.findall(r"\d+(?:\.\d+)?", action)]
    chips += [sign * a + b for a in chips for b in chips[:3] for sign in (-2, -1, 1)]  # the pots of earlier streets too
    found: set[str] = set()
    for amount in chips:
        found |= _forms(amount) | _forms(amount / table["big_blind"])
        for pot in (table["pot"], table["pot_at_decision"] or table["pot"]):
            found |= _forms(100 * amount / pot) | _forms(amount / pot)
    for answer in earlier:
        found |= telling(answer) | numbers_in(str(answer))
    return found


def told(text: str, secret: set[str]) -> set[str]:
    """Which of the numbers a text holds, if they are enough to be no accident."""
    found = numbers_in(text) & secret
    enough = any(_digits(one) >= ONE_IS_ENOUGH for one in found) or len(found) >= MANY
    return found if enough else set()


def _forms(value: float) -> set[str]:
    return {_plain(repr(float(value))), *(_plain(f"{value:.{places}f}") for places in range(1, 7))}


def _plain(text: str) -> str:
    text = text.lstrip("-")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _digits(text: str) -> int:
    """Significant ones; a whole number tells nothing."""
    return len(text.replace(".", "").lstrip("0")) if "." in text else 0
