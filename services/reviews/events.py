"""What players say about their cards and calendar; everything else about cards follows from the events of training.

Streams: one for each card that was ever suspended, one for each player's calendar.
"""

from __future__ import annotations

from typing import ClassVar

from services.infra.events import Event


class CardSuspended(Event):
    """A card is not to be asked until it is resumed."""

    type: ClassVar[str] = "CardSuspended"
    family: str


class CardResumed(Event):
    """A suspended card is asked again."""

    type: ClassVar[str] = "CardResumed"
    family: str


class TimeZoneSet(Event):
    """Where the player's days begin; ``chosen`` by hand, else the browser said so."""

    type: ClassVar[str] = "TimeZoneSet"
    zone: str
    chosen: bool
