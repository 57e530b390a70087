"""Spaced repetition in one browser tab: what is due, the coming days, the cards, and the player's calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, Literal

import reflex as rx

from services.accounts.sessions import ensure_user
from services.infra.db import transaction
from services.infra.errors import DomainError
from services.reviews.days import zones
from services.reviews.service import CardView, Due, HistoryEntry, get_reviews
from state import routes
from state.amounts import loss_text, number
from state.families import family_words
from state.guard import Policy, policy
from state.session import principal_of

PAGE: Final = 20
ZONES: Final = zones()

_KINDS: Final = {
    "missed": "Missed",
    "passed": "Passed",
    "failed": "Failed",
    "unsure": "Not decided",
    "suspended": "Suspended",
    "resumed": "Resumed",
}


@dataclass(frozen=True)
class DayView:
    """A day of the forecast; ``height`` in % of the fullest."""

    label: str = ""
    name: str = ""
    count: int = 0
    height: float = 0.0


@dataclass(frozen=True)
class EntryView:
    """A line of a card's history."""

    when: str = ""
    what: str = ""
    tone: str = ""
    after: str = ""


@dataclass(frozen=True)
class CardLine:
    """A card in the list."""

    family: str = ""
    node: str = ""
    detail: str = ""
    due: str = ""
    late: bool = False
    recall: str = ""
    reviews: str = ""
    loss: str = ""
    tone: str = ""
    hand: str = ""
    suspended: bool = False


@dataclass(frozen=True)
class Waiting:
    """What stands above the cards."""

    title: str = ""
    words: str = ""
    begin: str = ""
    zone: str = ""
    cards: int = 0


class ReviewState(rx.State):
    """What this tab shows of the player's cards.

    Attributes:
        due: The number in the navigation.
        opened: The card whose history is shown, "" for none.
    """

    due: int = 0
    status: Literal["loading", "ready", "failed"] = "loading"
    error: str = ""
    waiting: Waiting = Waiting()
    forecast: tuple[DayView, ...] = ()
    cards: tuple[CardLine, ...] = ()
    more: bool = False
    opened: str = ""
    history: tuple[EntryView, ...] = ()
    _shown: int = PAGE

    @rx.event
    @policy(Policy.PUBLIC)
    async def count(self) -> None:
        """Read the number in the navigation."""
        try:
            principal = await principal_of(self)
            async with transaction() as db:
                due = await get_reviews().count(db, principal.user_id)
        except DomainError:
            return  # nobody is known yet, or a server rests: the page itself says so where it matters
        if due != self.due:
            self.due = due

    @rx.event
    @policy(Policy.PLAYER)
    async def load(self) -> None:
        """Read everything on the page."""
        self.opened, self.history, self._shown = "", (), PAGE
        await self._read()

    @rx.event
    @policy(Policy.PLAYER)
    async def show_more(self) -> None:
        """Show further cards below the last one."""
        self._shown = min(self._shown + PAGE, 300)
        await self._read()

    @rx.event
    @policy(Policy.PLAYER)
    async def begin(self) -> Any:
        """Open the review of what is due, or go on with the open one, and go to the table."""
        try:
            principal = await principal_of(self)
            async with transaction() as db:
                await ensure_user(db, principal)
                table = await get_reviews().start(db, principal.user_id)
        except DomainError as failure:
            self.error = failure.message
            return None
        return rx.redirect(f"{routes.HOME}?set={table.session_id}")

    @rx.event
    @policy(Policy.PLAYER)
    async def suspend(self, family: str, suspended: bool) -> None:  # noqa: FBT001 an event's argument
        """Take a card out of the queue, or back into it."""
        try:
            principal = await principal_of(self)
            async with transaction() as db:
                await get_reviews().suspend(db, principal.user_id, family, suspended=suspended)
        except DomainError as failure:
            self.error = failure.message
            return
        await self._read()

    @rx.event
    @policy(Policy.PLAYER)
    async def open(self, family: str) -> None:
        """Show or hide what happened to a card."""
        if family == self.opened:
            self.opened, self.history = "", ()
            return
        try:
            principal = await principal_of(self)
            async with transaction() as db:
                _, entries = await get_reviews().card(db, principal.user_id, family)
        except DomainError as failure:
            self.error = failure.message
            return
        self.opened, self.history = family, tuple(entry_view(entry) for entry in entries)

    @rx.event
    @policy(Policy.PLAYER)
    async def choose_zone(self, zone: str) -> None:
        """Choose where the days begin."""
        try:
            principal = await principal_of(self)
            async with transaction() as db:
                await ensure_user(db, principal)
                await get_reviews().set_zone(db, principal.user_id, zone, chosen=True)
        except DomainError as failure:
            self.error = failure.message
            return
        await self._read()

    @rx.event
    @policy(Policy.PLAYER)
    async def browser_zone(self, zone: str) -> None:
        """Take over where the browser is, unless the player chose; of somebody who never played nothing is kept."""
        try:
            principal = await principal_of(self)
            async with transaction() as db:
                changed = await get_reviews().set_zone(db, principal.user_id, zone, chosen=False)
        except DomainError:
            return  # an old browser's name for a place: the calendar stays as it is
        if changed and self.status == "ready":
            await self._read()

    async def _read(self) -> None:
        try:
            principal = await principal_of(self)
            async with transaction() as db:
                due = await get_reviews().due(db, principal.user_id)
                cards, following = await get_reviews().cards(db, principal.user_id, self._shown)
        except DomainError as failure:
            self.error, self.status = failure.message, "ready" if self.status == "ready" else "failed"
            return
        self.due, self.waiting, self.forecast = due.due, waiting_view(due), forecast_view(due)
        self.cards, self.more = tuple(card_line(card, due.today) for card in cards), following is not None
        self.error, self.status = "", "ready"


def day_words(day: date, today: date) -> str:
    """A day as people say it: ``today``, ``in 3 days``, ``2 days late``."""
    ahead = (day - today).days
    if ahead == 0:
        return "today"
    if ahead == 1:
        return "tomorrow"
    if ahead > 0:
        return f"in {ahead} days"
    return f"{-ahead} day{'s' if ahead < -1 else ''} late"


def waiting_view(due: Due) -> Waiting:
    """The head of the page."""
    following = next((ahead for ahead, count in enumerate(due.forecast) if ahead and count), None)
    if due.due:
        words = (
            "A review is the spot you missed and two like it: two of three right and no blunder, and it comes later."
        )
    elif following is not None:
        coming = due.forecast[following]
        day = day_words(due.today + timedelta(days=following), due.today)
        words = f"{'Done for today. ' if due.done_today else ''}{coming} come{'s' if coming == 1 else ''} back {day}."
    elif due.cards:
        words = "Nothing comes back within two weeks."
    else:
        words = "Plays that are wrong or blunders become cards and come back here, starting on the day after."
    begin = "Continue the review" if due.session_id else "Start the review" if due.due else ""
    return Waiting(
        title=f"{due.due} due" if due.due else "Nothing due", words=words, begin=begin, zone=due.zone, cards=due.cards
    )


def forecast_view(due: Due) -> tuple[DayView, ...]:
    """The bars of the coming days."""
    fullest = max((*due.forecast, 1))
    days = [due.today + timedelta(days=ahead) for ahead in range(len(due.forecast))]
    return tuple(
        DayView(
            label=str(day.day),
            name=f"{day:%A} {day.day} {day:%B}",
            count=count,
            height=round(100 * count / fullest, 1),
        )
        for day, count in zip(days, due.forecast, strict=True)
    )


def card_line(card: CardView, today: date) -> CardLine:
    """A card for the list."""
    node, detail = family_words(card.family)
    return CardLine(
        family=card.family,
        node=node,
        detail=detail,
        due="suspended" if card.suspended else day_words(card.due_on, today),
        late=not card.suspended and card.due_on <= today,
        recall=f"{number(100 * card.recall, 0)}%",
        reviews=f"{card.reviews - card.lapses} of {card.reviews} passed" if card.reviews else "new",
        loss=loss_text(card.loss_bb, card.loss_pct),
        tone=card.word,
        hand=f"{routes.HISTORY}/{card.hand_id}" if card.hand_id else "",
        suspended=card.suspended,
    )


def entry_view(entry: HistoryEntry) -> EntryView:
    """A line of a card's history."""
    words = f": {', '.join(entry.words)}" if entry.words else ""
    tone = "best" if entry.kind == "passed" else "wrong" if entry.kind in {"missed", "failed"} else "uncertain"
    return EntryView(
        when=f"{entry.on.day} {entry.on:%b %Y}",
        what=f"{_KINDS[entry.kind]}{words}",
        tone=tone,
        after=f"due {entry.due_on.day} {entry.due_on:%b %Y}, 90% recall for {number(entry.stability, 1)} days",
    )
