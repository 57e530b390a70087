"""What a drill asks for: which spots, which hands, how they are played, against whom.

A plan is data only, frozen and checked when it is made; its version goes with it into the set, into saved drills and
into links, so that an older plan can be read later. Empty filters mean "any". The texture filters look at the flop,
whatever street the drill is about.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from services.infra.errors import FieldError, Invalid
from solver.cards import HAND_CLASSES

PlanMode = Literal["full", "street", "spot", "range"]
"""``full``: hands to their end. ``street``: one street of a hand. ``spot``: one decision. ``range``: all hands of a
node at once."""

Suits = Literal["monotone", "two-tone", "rainbow"]
Pairing = Literal["unpaired", "paired", "trips"]
Connection = Literal["connected", "draws", "dry"]
HighCard = Literal["A", "K", "Q", "J", "T", "low"]
Difficulty = Literal["any", "real", "costly"]
"""``real``: trivial decisions are played for hero. ``costly``: only those with a mistake that is both likely and dear
(``costly``)."""

SizeGroups = Literal["exact", "grouped", "action"]
Pause = Literal["every", "mistakes", "end"]
Deviation = Literal["solution", "calls", "folds", "attacks", "waits"]

MOST_DECISIONS = 200
MOST_RANGES = 20
MOST_LINK = 4000
_MOST_TEXT = 20_000


def _whole(value: object) -> object:
    """False is 0 and 7.0 is 7 to Python; a drill means numbers."""
    if isinstance(value, bool | float):
        raise ValueError("a whole number")  # noqa: TRY004 pydantic's way to refuse
    return value


_WHOLE = BeforeValidator(_whole)


def _many(most: int) -> Any:
    """JSON has no tuples: a list is one, of at most so many."""
    return Field(strict=False, max_length=most)


class Villain(BaseModel):
    """How villain plays; ``strength`` in %, see ``deviation``."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    kind: Deviation = "solution"
    strength: Annotated[int, Field(ge=1, le=100)] = 50

    @property
    def deviates(self) -> bool:
        """He does not play the solution."""
        return self.kind != "solution"


class Plan(BaseModel):
    """A drill; see the module.

    Attributes:
        families: ``BTN vs BB SRP`` and the like.
        positions: Hero's, by name.
        depths: Starting stacks in whole bb.
        hands: Hand classes; hero holds one of them.
        street: Where hero's first decision lies, 0 flop to 2 river; None: where the spot begins (one decision or one
            street: any).
        count: Decisions, or hands, of the set; of ``range``: nodes.
        timebank: Seconds a decision may take; 0: as long as it takes.
        name: What its maker calls it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    version: Annotated[Literal[1], _WHOLE] = 1
    name: Annotated[str, Field(max_length=60)] = ""
    mode: PlanMode = "full"
    families: Annotated[tuple[Annotated[str, Field(max_length=60)], ...], _many(40)] = ()
    positions: Annotated[tuple[Annotated[str, Field(max_length=10)], ...], _many(10)] = ()
    seat: Literal["any", "oop", "ip"] = "any"
    depths: Annotated[tuple[Annotated[int, Field(ge=1, le=1000)], ...], _many(20)] = ()
    suits: Annotated[tuple[Suits, ...], _many(3)] = ()
    pairing: Annotated[tuple[Pairing, ...], _many(3)] = ()
    connection: Annotated[tuple[Connection, ...], _many(3)] = ()
    high: Annotated[tuple[HighCard, ...], _many(6)] = ()
    hands: Annotated[tuple[str, ...], _many(len(HAND_CLASSES))] = ()
    street: Annotated[Literal[0, 1, 2] | None, _WHOLE] = None
    difficulty: Difficulty = "any"
    sizes: SizeGroups = "exact"
    die: bool = True
    pause: Pause = "mistakes"
    timebank: Annotated[Literal[0, 7, 15, 25], _WHOLE] = 0
    count: Annotated[int, Field(ge=1, le=MOST_DECISIONS)] = 20
    unit: Literal["decisions", "hands"] = "decisions"
    tables: Annotated[Literal[1, 2], _WHOLE] = 1
    villain: Villain = Villain()

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if any("\0" in one for one in (self.name, *self.families, *self.positions)):
            raise ValueError("a text holds a character that can't be stored")
        unknown = [name for name in self.hands if name not in HAND_CLASSES]
        if unknown:
            raise ValueError(f"'{unknown[0][:10]}' is no hand class; classes are AA, AKs, AKo and so on")
        if self.villain.deviates and self.street != 2:
            raise ValueError("a villain who deviates is computed exactly from the river on: let the drill start there")
        if self.mode == "range":
            for wrong, message in (
                (self.hands, "a whole range holds every hand: choose no hand classes"),
                (self.tables == 2, "a whole range is painted on one table"),
                (self.timebank, "a whole range is painted without a timebank"),
                (self.difficulty != "any", "a whole range holds easy and hard hands: choose no difficulty"),
                (self.count > MOST_RANGES, f"a set has at most {MOST_RANGES} ranges"),
            ):
                if wrong:
                    raise ValueError(message)
        return self

    @property
    def whole(self) -> bool:
        """Hands are played to their end."""
        return self.mode == "full"

    def data(self) -> dict[str, Any]:
        """As it is stored: what differs from the defaults, and the version."""
        return {"version": self.version, **self.model_dump(mode="json", exclude_defaults=True)}

    def to_link(self) -> str:
        """The text that stands for this drill in an address."""
        text = json.dumps(self.data(), separators=(",", ":"), sort_keys=True)
        return base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode().rstrip("=")

    @classmethod
    def from_link(cls, link: str) -> Plan:
        """The drill that a link carries.

        Raises:
            Invalid: It carries none, or one that this version can't read.
        """
        try:
            if len(link) > MOST_LINK:
                raise ValueError("too long")
            unpack = zlib.decompressobj()
            text = unpack.decompress(base64.urlsafe_b64decode(link + "=" * (-len(link) % 4)), _MOST_TEXT)
            if not unpack.eof:
                raise ValueError("cut off")
            data = json.loads(text)
        except (ValueError, RecursionError, zlib.error, binascii.Error) as error:
            raise Invalid("this link holds no drill", code="no-drill-in-link") from error
        return cls.read(data)

    @classmethod
    def read(cls, data: object) -> Plan:
        """A plan from outside.

        Raises:
            Invalid: A field is wrong, or two do not go together.
        """
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            problems = [
                FieldError(".".join(map(str, ("drill", *one["loc"]))), one["msg"].removeprefix("Value error, "))
                for one in error.errors()
            ]
            raise Invalid(problems[0].message, code="drill-wrong", errors=problems) from error
