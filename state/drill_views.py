"""What the drills page is shown: cards of drills, the form's choices, words for a plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from services.solutions.catalog import SolutionInfo
from services.training.deviation import villain_words
from services.training.matching import depth_of, family_of
from services.training.plan import Plan
from solver.cards import HAND_CLASSES

STREETS: Final = ("Flop", "Turn", "River")
MODES: Final = {
    "full": "Full hands",
    "street": "One street",
    "spot": "Single decisions",
    "range": "Whole range at once",
}
SINGLE: Final = (
    "mode",
    "seat",
    "street",
    "difficulty",
    "sizes",
    "pause",
    "timebank",
    "tables",
    "unit",
    "villain",
    "strength",
)
MULTI: Final = ("families", "positions", "depths", "suits", "pairing", "connection", "high")
WHOLE_NUMBERS: Final = ("street", "timebank", "tables", "count")

CHOICES: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "mode": tuple(MODES.items()),
    "seat": (("any", "Either seat"), ("oop", "Out of position"), ("ip", "In position")),
    "street": (("", "Any"), ("0", "Flop"), ("1", "Turn"), ("2", "River")),
    "difficulty": (("any", "All decisions"), ("real", "Skip trivial ones"), ("costly", "Costly only")),
    "sizes": (("exact", "Exact sizes"), ("grouped", "Small, medium, large"), ("action", "Action only")),
    "pause": (("every", "Every action"), ("mistakes", "Mistakes"), ("end", "End of hand")),
    "timebank": (("0", "Off"), ("25", "25 s"), ("15", "15 s"), ("7", "7 s")),
    "tables": (("1", "One"), ("2", "Two side by side")),
    "unit": (("decisions", "decisions"), ("hands", "hands")),
    "villain": (
        ("solution", "Plays the solution"),
        ("calls", "Calls too much"),
        ("folds", "Folds too much"),
        ("attacks", "Bets and raises too much"),
        ("waits", "Bets and raises too little"),
    ),
    "strength": (("25", "a little, 25%"), ("50", "clearly, 50%"), ("75", "grossly, 75%"), ("100", "always, 100%")),
    "suits": (("monotone", "Monotone"), ("two-tone", "Two-tone"), ("rainbow", "Rainbow")),
    "pairing": (("unpaired", "Unpaired"), ("paired", "Paired"), ("trips", "Trips")),
    "connection": (("connected", "Connected"), ("draws", "Some straight draws"), ("dry", "Dry")),
    "high": (("A", "A"), ("K", "K"), ("Q", "Q"), ("J", "J"), ("T", "T"), ("low", "9 or lower")),
}
"""Field -> (value, words); what the library offers is added by `library_choices`."""


@dataclass(frozen=True)
class Option:
    """A choice of the form."""

    value: str = ""
    text: str = ""


@dataclass(frozen=True)
class DrillCard:
    """A drill to start: a preset (``key``) or one that is kept (``id``)."""

    key: str = ""
    id: str = ""
    name: str = ""
    about: str = ""
    facts: str = ""
    link: str = ""


def facts(plan: Plan) -> str:
    """A plan in one line."""
    parts = [MODES[plan.mode]]
    if plan.street is not None:
        parts.append(STREETS[plan.street].lower())
    parts += plan.families
    parts += plan.positions
    if plan.seat != "any":
        parts.append(dict(CHOICES["seat"])[plan.seat].lower())
    parts += [f"{depth} bb" for depth in plan.depths]
    for field in ("suits", "pairing", "connection"):
        parts += [dict(CHOICES[field])[one].lower() for one in getattr(plan, field)]
    if plan.high:
        parts.append(f"high card {', '.join(plan.high)}")
    if plan.hands:
        parts.append(f"{len(plan.hands)} hand classes")
    if plan.difficulty != "any":
        parts.append(dict(CHOICES["difficulty"])[plan.difficulty].lower())
    if plan.sizes != "exact":
        parts.append("sizes in groups" if plan.sizes == "grouped" else "action only")
    if plan.timebank:
        parts.append(f"{plan.timebank} s")
    if plan.tables == 2:
        parts.append("two tables")
    if plan.villain.deviates:
        parts.append(f"villain {villain_words(plan.villain)}")
    parts.append(f"{plan.count} {'nodes' if plan.mode == 'range' else plan.unit}")
    return " · ".join(parts)


def library_choices(library: Sequence[SolutionInfo]) -> dict[str, list[Option]]:
    """Families, positions and depths that there are."""
    families = sorted({family_of(info) for info in library})
    positions = sorted({name for info in library for name in info.positions})
    depths = sorted({depth_of(info) for info in library})
    return {
        "families": [Option(one, one) for one in families],
        "positions": [Option(one, one) for one in positions],
        "depths": [Option(str(one), f"{one} bb") for one in depths],
    }


def form_of(plan: Plan) -> tuple[dict[str, str], dict[str, list[str]], str]:
    """Single choices, lists, and the painted hands (169 of ``0`` and ``1``; all ``0``: any hand)."""
    single = {
        "mode": plan.mode,
        "seat": plan.seat,
        "street": "" if plan.street is None else str(plan.street),
        "difficulty": plan.difficulty,
        "sizes": plan.sizes,
        "pause": plan.pause,
        "timebank": str(plan.timebank),
        "tables": str(plan.tables),
        "unit": plan.unit,
        "villain": plan.villain.kind,
        "strength": str(plan.villain.strength),
        "die": "on" if plan.die else "off",
        "count": str(plan.count),
        "name": plan.name,
    }
    lists = {field: [str(one) for one in getattr(plan, field)] for field in MULTI}
    wanted = set(plan.hands)
    return single, lists, "".join("1" if name in wanted else "0" for name in HAND_CLASSES)


def plan_of_form(single: dict[str, str], lists: dict[str, list[str]], hands: str) -> Plan:
    """The plan that a form asks for.

    Raises:
        Invalid: A field is wrong, or two do not go together.
    """
    painted = [name for name, mark in zip(HAND_CLASSES, hands, strict=False) if mark == "1"]
    data: dict[str, Any] = {
        field: single[field] for field in ("mode", "seat", "difficulty", "sizes", "pause", "unit", "name")
    }
    data |= {field: list(lists[field]) for field in MULTI if field != "depths"}
    data |= {
        "depths": [int(one) for one in lists["depths"]],
        "street": int(single["street"]) if single["street"] else None,
        "timebank": int(single["timebank"]),
        "tables": int(single["tables"]),
        "count": int(single["count"]) if single["count"].isascii() and single["count"].isdigit() else -1,
        "die": single["die"] == "on",
        "hands": [] if len(painted) == len(HAND_CLASSES) else painted,
        "villain": {"kind": single["villain"], "strength": int(single["strength"])},
    }
    if single["villain"] == "solution":
        del data["villain"]
    return Plan.read(data)
