"""Drills that come with the product: ways to begin, from whole hands to one narrow question."""

from __future__ import annotations

from dataclasses import dataclass

from services.training.plan import Plan, Villain


@dataclass(frozen=True, slots=True)
class Preset:
    """A drill with what it is for, in one sentence."""

    key: str
    plan: Plan
    about: str


PRESETS = (
    Preset("hands", Plan(name="Full hands"), "From the beginning of a spot to its end, every family."),
    Preset(
        "flop",
        Plan(name="Flop decisions", mode="spot", street=0, difficulty="real"),
        "One flop decision after another; trivial ones are left out.",
    ),
    Preset(
        "costly",
        Plan(name="Costly decisions", mode="spot", difficulty="costly", pause="every"),
        "Only decisions with a likely mistake that costs something, on any street.",
    ),
    Preset(
        "rivers",
        Plan(name="Rivers", mode="street", street=2, difficulty="real"),
        "The last street, from its first action to its end.",
    ),
    Preset(
        "turns",
        Plan(name="Turn barrels", mode="street", street=1, seat="ip", difficulty="real"),
        "In position on the turn: bet again, or give up.",
    ),
    Preset(
        "three-bet",
        Plan(name="3-bet pots", families=("BTN vs BB 3BP",)),
        "Whole hands with little behind: fewer streets, larger mistakes.",
    ),
    Preset(
        "big-blind",
        Plan(name="Defend the big blind", families=("BTN vs BB SRP",), positions=("BB",), difficulty="real"),
        "Out of position against the button, where most chips are lost.",
    ),
    Preset(
        "fast",
        Plan(name="Against the clock", mode="spot", difficulty="real", timebank=7, sizes="grouped"),
        "Seven seconds a decision, sizes in groups: what you do without thinking.",
    ),
    Preset(
        "range",
        Plan(name="Whole range", mode="range", street=0, count=3, sizes="action"),
        "Paint what you do with every hand of a flop node at once.",
    ),
    Preset(
        "station",
        Plan(name="The calling station", mode="street", street=2, villain=Villain(kind="calls", strength=60)),
        "Villain calls rivers too much. What is that worth, and with what?",
    ),
    Preset(
        "overfolder",
        Plan(name="The overfolder", mode="street", street=2, villain=Villain(kind="folds", strength=60)),
        "Villain folds rivers too much. Find the bluffs that pay now.",
    ),
)
"""In the order in which they are shown."""
