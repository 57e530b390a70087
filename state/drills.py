"""The drills page: presets, drills that are kept, and the form that builds one.

The form is kept on the server choice by choice, so that what fits is counted at once. A drill starts as a set like any
other and is played at the table; whole ranges are painted on a page of their own.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import reflex as rx

from services.accounts.sessions import ensure_user
from services.infra.db import transaction
from services.infra.errors import DomainError
from services.solutions import reservations
from services.solutions.service import get_strategies
from services.training import saved
from services.training.drills import matches
from services.training.plan import Plan
from services.training.presets import PRESETS
from services.training.ranges import get_range_training
from services.training.service import get_training
from services.training.views import DrillSpec
from solver.cards import HAND_CLASSES
from state import routes
from state.drill_views import (
    CHOICES,
    MULTI,
    SINGLE,
    DrillCard,
    Option,
    facts,
    form_of,
    library_choices,
    plan_of_form,
)
from state.guard import Policy, policy
from state.session import principal_of

_SINGLE, _LISTS, _HANDS = form_of(Plan(mode="spot"))


def _card(plan: Plan, **more: str) -> DrillCard:
    return DrillCard(name=plan.name, facts=facts(plan), link=f"{routes.DRILLS}?d={plan.to_link()}", **more)


class DrillsState(rx.State):
    """What this tab shows of drills.

    Attributes:
        single: Choices of the form, one value each.
        lists: Choices of the form, any number of values each.
        hands: Painted hand classes, 169 of ``0`` and ``1``.
        version: Changes when the form is filled in by something else than the hand that types.
        fits: What the library has for it, in words; ``problem`` why there is nothing.
    """

    presets: rx.Field[list[DrillCard]] = rx.field(default_factory=list)
    kept: rx.Field[list[DrillCard]] = rx.field(default_factory=list)
    options: rx.Field[dict[str, list[Option]]] = rx.field(default_factory=lambda: library_choices([]))
    single: rx.Field[dict[str, str]] = rx.field(default_factory=lambda: dict(_SINGLE))
    lists: rx.Field[dict[str, list[str]]] = rx.field(default_factory=lambda: dict(_LISTS))
    hands: str = _HANDS
    version: int = 0
    fits: str = ""
    problem: str = ""
    link: str = ""
    notice: str = ""
    error: str = ""
    editing: str = ""

    @rx.var
    def painted(self) -> str:
        """How many hand classes are chosen."""
        count = self.hands.count("1")
        return f"{count} of 169 hand classes" if 0 < count < len(HAND_CLASSES) else "Any hand"

    @rx.event
    @policy(Policy.PLAYER)
    async def load(self) -> None:
        """Presets, the player's drills, and the drill that a link carries."""
        self.error = ""
        self.presets = [_card(one.plan, key=one.key, about=one.about) for one in PRESETS]
        self.options = library_choices([one for one in await get_strategies().list() if one.source == "library"])
        await self._list()
        link = self.router.url.query_parameters.get("d", "")
        if link:
            try:
                self._fill(Plan.from_link(link))
                self.notice = f"Shared with you: {self.single['name'] or 'a drill without a name'}."
                self.editing = ""
            except DomainError as failure:
                self.error = f"{failure.message[:1].upper()}{failure.message[1:]}."
        await self._count()

    @rx.event
    @policy(Policy.PLAYER)
    async def choose(self, field: str, value: str) -> None:
        """Take one choice of a field."""
        if field in SINGLE and value in dict(CHOICES[field]):
            self.single = self.single | {field: value}
            if field == "villain" and value != "solution":
                self.single = self.single | {"street": "2"}
            if field == "mode" and value == "range":
                self._fit_to_range()
            await self._count()

    @rx.event
    @policy(Policy.PLAYER)
    async def switch_die(self, on: bool) -> None:  # noqa: FBT001 the box says so
        """Play with the die or without."""
        self.single = self.single | {"die": "on" if on else "off"}
        await self._count()

    @rx.event
    @policy(Policy.PLAYER)
    async def toggle(self, field: str, value: str) -> None:
        """Take a value of a filter in or out."""
        offered = [one.value for one in self.options.get(field, [])] or [one for one, _ in CHOICES.get(field, ())]
        if field not in MULTI or value not in offered:
            return
        have = self.lists[field]
        self.lists = self.lists | {field: [one for one in have if one != value] if value in have else [*have, value]}
        await self._count()

    @rx.event
    @policy(Policy.PLAYER)
    async def write(self, field: str, text: str) -> None:
        """Take the name or the number."""
        if field in {"name", "count"}:
            self.single = self.single | {field: text[:80]}
            await self._count()

    @rx.event
    @policy(Policy.PLAYER)
    async def paint(self, hands: str) -> None:
        """Take the painted hand classes."""
        if len(hands) == len(HAND_CLASSES) and set(hands) <= {"0", "1"}:
            self.hands = hands
            await self._count()

    @rx.event
    @policy(Policy.PLAYER)
    async def clear(self) -> None:
        """An empty form."""
        self._fill(Plan(mode="spot"))
        self.editing = self.notice = self.error = ""
        await self._count()

    @rx.event
    @policy(Policy.PLAYER)
    async def take(self, key: str) -> None:
        """Fill the form with a preset, to change it."""
        for one in PRESETS:
            if one.key == key:
                self._fill(one.plan)
                self.editing, self.error, self.notice = "", "", f"“{one.plan.name}”, to be changed as you like."
                await self._count()

    @rx.event
    @policy(Policy.PLAYER)
    async def edit(self, drill_id: str) -> None:
        """Fill the form with a drill that is kept."""
        if (one := await self._kept_drill(drill_id)) is None:
            return
        self._fill(one.plan)
        self.editing, self.error, self.notice = drill_id, "", f"“{one.name}”: saving replaces it."
        await self._count()

    @rx.event
    @policy(Policy.PLAYER)
    async def delete(self, drill_id: str) -> None:
        """Forget a drill."""
        principal = await principal_of(self)
        try:
            async with transaction() as db:
                await saved.delete(db, principal.user_id, UUID(drill_id))
        except (DomainError, ValueError) as failure:
            self.error = failure.message if isinstance(failure, DomainError) else ""
        if self.editing == drill_id:
            self.editing = self.notice = ""
        await self._list()

    @rx.event
    @policy(Policy.PLAYER)
    async def save(self) -> None:
        """Keep the form's drill under its name."""
        self.error = self.notice = ""
        principal = await principal_of(self)
        try:
            plan = plan_of_form(self.single, self.lists, self.hands)
            async with transaction() as db:
                await ensure_user(db, principal)
                if self.editing:
                    one = await saved.change(db, principal.user_id, UUID(self.editing), plan)
                else:
                    one = await saved.save(db, principal.user_id, plan)
            self.editing, self.notice = str(one.id), f"Saved as “{one.name}”."
        except DomainError as failure:
            self.error = f"{failure.message[:1].upper()}{failure.message[1:]}."
            return
        await self._list()

    @rx.event
    @policy(Policy.PLAYER)
    async def start(self) -> Any:
        """Play the form's drill."""
        try:
            return await self._start(plan_of_form(self.single, self.lists, self.hands))
        except DomainError as failure:
            self.error = f"{failure.message[:1].upper()}{failure.message[1:]}."
        return None

    @rx.event
    @policy(Policy.PLAYER)
    async def start_preset(self, key: str) -> Any:
        """Play a preset."""
        for one in PRESETS:
            if one.key == key:
                return await self._start(one.plan)
        return None

    @rx.event
    @policy(Policy.PLAYER)
    async def start_kept(self, drill_id: str) -> Any:
        """Play a drill that is kept."""
        if (one := await self._kept_drill(drill_id)) is None:
            return None
        return await self._start(one.plan)

    async def _start(self, plan: Plan) -> Any:
        self.error = ""
        try:
            principal = await principal_of(self)
            async with transaction() as db:
                await ensure_user(db, principal)
                if plan.mode == "range":
                    await get_range_training().start(db, principal.user_id, DrillSpec(plan=plan))
                else:
                    await get_training().start(db, principal.user_id, drill=DrillSpec(plan=plan))
        except DomainError as failure:
            self.error = f"{failure.message[:1].upper()}{failure.message[1:]}."
            return None
        return rx.redirect(routes.DRILL_RANGE if plan.mode == "range" else routes.HOME)

    def _fill(self, plan: Plan) -> None:
        self.single, self.lists, self.hands = form_of(plan)
        self.version += 1

    def _fit_to_range(self) -> None:
        """What a whole range can't have is put back, so that choosing the mode never ends in a complaint."""
        many = not self.single["count"].isdecimal() or int(self.single["count"]) > 5
        self.single = (
            self.single | {"difficulty": "any", "timebank": "0", "tables": "1"} | ({"count": "3"} if many else {})
        )
        self.hands = _HANDS
        self.version += 1

    async def _kept_drill(self, drill_id: str) -> saved.SavedDrill | None:
        """A drill of the player's own; without it the list is read anew, for it was deleted elsewhere."""
        principal = await principal_of(self)
        try:
            async with transaction() as db:
                return await saved.get(db, principal.user_id, UUID(drill_id))
        except (DomainError, ValueError):
            await self._list()
            return None

    async def _list(self) -> None:
        principal = await principal_of(self)
        async with transaction() as db:
            found = await saved.listed(db, principal.user_id)
        self.kept = [_card(one.plan, id=str(one.id)) for one in found]

    async def _count(self) -> None:
        """What fits the form as it stands, or what is wrong with it."""
        try:
            plan = plan_of_form(self.single, self.lists, self.hands)
            async with transaction() as db:
                kept = await reservations.kept(db)
            found = await matches(get_strategies(), plan, kept)
        except DomainError as failure:
            self.fits, self.link = "", ""
            self.problem = f"{failure.message[:1].upper()}{failure.message[1:]}."
            return
        self.problem = found.problem
        spots, boards = found.spots, found.boards
        self.fits = (
            f"{spots} spot{'s' * (spots != 1)} on {boards} flop{'s' * (boards != 1)} fit{'s' * (spots == 1)}."
            if spots
            else ""
        )
        self.link = f"{self.router.url.origin}{routes.DRILLS}?d={plan.to_link()}"
