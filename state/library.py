"""The library's page: its boards by family, and how it grows on this machine while nobody plays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import reflex as rx

from services.infra.db import transaction
from services.infra.errors import DomainError
from services.solutions import reservations
from services.solutions.catalog import SolutionInfo
from services.solutions.growth import Growth, growth
from services.solutions.reservations import KeptBoards
from services.solutions.service import get_strategies
from services.solutions.starter import FAMILIES, GAMES, STANDARD, Family
from services.training.matching import depth_of, family_of
from services.training.plan import Plan
from solver.cards import card_to_text
from state import routes
from state.amounts import number
from state.guard import Policy, policy
from state.views import POT_TYPES

PAGE: Final = 60
MOST: Final = 600
"""Boards that a tab lists; filters of the drills and the API reach the others."""

GrowthStatus = Literal["solving", "paused", "waiting", "stuck", "done", "off"]


@dataclass(frozen=True)
class GrowthView:
    """What the library does now; ``percent`` of the way of what is being solved, -1 where nothing is."""

    status: GrowthStatus = "waiting"
    title: str = ""
    detail: str = ""
    family: str = ""
    cards: tuple[str, ...] = ()
    percent: int = -1


@dataclass(frozen=True)
class FamilyLine:
    """A family and how many of its planned flops are solved; ``percent`` of the plan.

    ``key`` is the family's, ``title`` its name for a screen reader, ``pot`` the kind of pot, with other stacks.
    """

    key: str = ""
    title: str = ""
    name: str = ""
    pot: str = ""
    count: str = ""
    percent: int = 0


@dataclass(frozen=True)
class BoardLine:
    """A solved spot to open."""

    href: str = ""
    name: str = ""
    cards: tuple[str, ...] = ()
    solved: str = ""


class LibraryState(rx.State):
    """What this tab shows of the library.

    Attributes:
        chosen: Key of the family whose boards are listed.
        later: What is solved after the families that are listed.
        boards_words: How many boards of it there are, in words.
        drill: A drill of that family.
        growing: Something may change by itself: the page looks again from time to time.
    """

    status: Literal["loading", "ready", "failed"] = "loading"
    error: str = ""
    growth: GrowthView = GrowthView()
    total: str = ""
    families: tuple[FamilyLine, ...] = ()
    later: str = ""
    chosen: str = ""
    chosen_name: str = ""
    boards: tuple[BoardLine, ...] = ()
    boards_words: str = ""
    more: bool = False
    drill: str = ""
    growing: bool = False
    _shown: int = PAGE

    @rx.event
    @policy(Policy.PLAYER)
    async def load(self) -> None:
        """Read everything on the page."""
        self._shown = PAGE
        await self._read()

    @rx.event
    @policy(Policy.PLAYER, by_itself=True)
    async def refresh(self) -> None:
        """Look again: the open page asks for it. Nobody need be there, so the library goes on growing."""
        await self._read()

    @rx.event
    @policy(Policy.PLAYER)
    async def choose(self, key: str) -> None:
        """List the boards of a family."""
        self.chosen, self._shown = key[:40], PAGE
        await self._read()

    @rx.event
    @policy(Policy.PLAYER)
    async def show_more(self) -> None:
        """List further boards below the last one."""
        self._shown = min(self._shown + PAGE, MOST)
        await self._read()

    async def _read(self) -> None:
        try:
            told = await growth()
            infos = [one for one in await get_strategies().list() if one.source == "library"]
            async with transaction() as db:
                kept = await reservations.kept(db)
        except DomainError as failure:
            self.error, self.status = failure.message, "ready" if self.families else "failed"
            return
        self.growth, self.families, self.later = growth_view(told), family_lines(told), later(told)
        self.total = f"{told.solved:,} of {told.planned:,} planned flops"
        self.growing = told.on and told.solved < told.planned
        if self.chosen not in {one.key for one in self.families}:
            self.chosen = self.families[0].key
        line = next(one for one in self.families if one.key == self.chosen)
        self.chosen_name = f"{line.name}, {line.pot}"
        family = FAMILIES[self.chosen]
        usual = f"{family.name} {family.pot_type}"
        self._list([one for one in infos if (family_of(one), depth_of(one)) == (usual, family.depth)], kept)
        plan = Plan(mode="full", families=(usual,), depths=(family.depth,))
        self.drill = f"{routes.DRILLS}?d={plan.to_link()}"
        self.error, self.status = "", "ready"

    def _list(self, infos: Sequence[SolutionInfo], kept: KeptBoards) -> None:
        found = kept.open(infos)
        held = len(infos) - len(found)
        self.boards = tuple(board_line(one) for one in found[: self._shown])
        self.more = min(len(found), MOST) > self._shown
        words = f"{len(found):,} board{'s' * (len(found) != 1)}"
        self.boards_words = words + (f", {held:,} more kept for ranked sets until they close" if held else "")


def growth_view(told: Growth) -> GrowthView:
    """What the library does now, in words."""
    left = told.planned - told.solved
    if not left:
        return GrowthView("done", "Every planned flop is solved")
    if not told.on and told.solving is None:
        return GrowthView(
            "off",
            "Growing is switched off",
            f"{left:,} planned flops wait. MIXLINE_LIBRARY_GROWTH=true solves them while nobody plays.",
        )
    if (one := told.solving) is not None:
        reached = (
            "Not measured yet"
            if one.pct_pot is None or one.target_pct is None
            else f"{number(one.pct_pot, 2)}% of pot after {one.iterations:,} iterations, "
            f"goal {number(one.target_pct, 2)}%"
        )
        return GrowthView(
            "paused" if told.paused else "solving",
            "Paused while somebody is here" if told.paused else "Solving now",
            f"{reached}. {_goes_on('Goes on', told.quiet_in_s)}" if told.paused else f"{reached}.",
            f"{one.entry.family.name}, {pot_words(one.entry.family)}",
            one.entry.cards,
            round(100 * one.share),
        )
    if told.refused >= left:
        return GrowthView(
            "stuck",
            "The rest could not be solved here",
            f"{left:,} flops, most often because they need more memory than is free. "
            "They are tried again when Mixline starts anew.",
        )
    if told.quiet_in_s > 0:
        return GrowthView("waiting", "Waits while somebody is here", _goes_on("The next flop starts", told.quiet_in_s))
    return GrowthView("waiting", "The next flop starts within a minute")


def _goes_on(what: str, seconds: float) -> str:
    if seconds <= 0:
        return f"{what} in a moment."
    when = "less than a minute" if seconds < 60 else f"{math.ceil(seconds / 60)} minutes"
    return f"{what} in {when} if nobody does anything."


def family_lines(told: Growth) -> tuple[FamilyLine, ...]:
    """Every family's share of its plan; one of another depth once something of it is solved."""
    return tuple(
        FamilyLine(
            one.family.key,
            one.family.title,
            one.family.name,
            pot_words(one.family),
            f"{one.solved:,} of {one.planned:,} flops",
            round(100 * one.solved / max(one.planned, 1)),
        )
        for one in told.families
        if one.solved or one.family.depth == STANDARD
    )


def pot_words(family: Family) -> str:
    """The kind of pot, with the stacks where they are not the usual ones."""
    pot = POT_TYPES[family.pot_type]
    return pot if family.depth == STANDARD else f"{pot}, {family.depth} bb"


def later(told: Growth) -> str:
    """What waits behind the families that `family_lines` lists."""
    waits = [one for one in told.families if not one.solved and one.family.depth != STANDARD]
    depths = " and ".join(str(depth) for depth in GAMES if any(one.family.depth == depth for one in waits))
    return f"After them {sum(one.planned for one in waits):,} flops with {depths} bb." if waits else ""


def board_line(info: SolutionInfo) -> BoardLine:
    """A solved spot for the list."""
    cards = tuple(card_to_text(card) for card in info.board)
    return BoardLine(
        f"{routes.SOLUTIONS}/{info.id}",
        " ".join(cards),
        cards,
        f"{number(info.exploitability_pct, 2)}%",
    )
