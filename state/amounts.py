"""Numbers as text: chips in the unit that the player chose, rounded half up, with a real minus sign."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Final, Literal, TypeGuard, get_args

Unit = Literal["bb", "pct", "chips"]
"""``pct``: of the pot that lies in front of the player, the bet faced included. The pot itself then stays in bb."""

UNITS: Final[tuple[Unit, ...]] = get_args(Unit)
UNIT_WORDS: Final[dict[Unit, str]] = {"bb": "bb", "pct": "% pot", "chips": "chips"}


def is_unit(text: str) -> TypeGuard[Unit]:
    """Whether a text names a unit."""
    return text in UNITS


def number(value: float, places: int = 1) -> str:
    """Rounded half up, without trailing zeros, with a real minus sign: 2.5, 9, −0.31."""
    rounded = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    text = format(rounded, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", "0"} else text.replace("-", "−")


def fixed(value: float, places: int = 2) -> str:
    """With all its decimals, for columns: 2.50, −0.31."""
    rounded = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return format(abs(rounded) if rounded == 0 else rounded, "f").replace("-", "−")


def bb(chips: float, big_blind: int) -> str:
    """Chips as big blinds with their unit: 25 of 10 -> ``2.5 bb``."""
    return f"{number(chips / big_blind)} bb"


def money(chips: float, pot: float, big_blind: int, unit: Unit = "bb") -> str:
    """Chips in a unit: ``2.5 bb``, ``45% pot``, ``25 chips``."""
    match unit:
        case "pct":
            return f"{number(100 * chips / max(pot, 1), 0)}% pot"
        case "chips":
            return f"{number(chips, 0)} chips"
        case _:
            return bb(chips, big_blind)


def pot_text(chips: float, big_blind: int, unit: Unit = "bb") -> str:
    """The pot; as a share of itself it would say nothing."""
    return money(chips, chips, big_blind, "bb" if unit == "pct" else unit)


def signed(chips: float, pot: float, big_blind: int, unit: Unit = "bb") -> str:
    """With a plus sign where it is one: ``+4.2 bb``."""
    text = money(chips, pot, big_blind, unit)
    return f"+{text}" if chips > 0 and not text.startswith("0 ") else text


def column(chips: float, pot: float, big_blind: int, unit: Unit = "bb") -> str:
    """For columns whose head says the unit: two decimals of bb, one of the others."""
    match unit:
        case "pct":
            return fixed(100 * chips / max(pot, 1), 1)
        case "chips":
            return fixed(chips, 1)
        case _:
            return fixed(chips / big_blind)


def loss_texts(loss_bb: float, loss_pct: float, big_blind: int, unit: Unit = "bb") -> tuple[str, str]:
    """A loss in the player's unit, and in the one that goes with it: ``0.06 bb``, ``1.1% of pot``."""
    in_bb, in_pct = f"{number(loss_bb, 2)} bb", f"{number(loss_pct)}% of pot"
    match unit:
        case "pct":
            return in_pct, in_bb
        case "chips":
            return f"{number(loss_bb * big_blind)} chips", in_pct
        case _:
            return in_bb, in_pct


def loss_text(loss_bb: float, loss_pct: float, big_blind: int = 1, unit: Unit = "bb") -> str:
    """A loss as people read it: ``0.06 bb (1.1% of pot)``."""
    first, second = loss_texts(loss_bb, loss_pct, big_blind, unit)
    return f"{first} ({second})"
