"""One's own solves in one browser tab: found again, opened, deleted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal
from uuid import UUID

import reflex as rx

from services.infra.db import transaction
from services.infra.errors import DomainError
from services.reviews.service import get_reviews
from services.solutions.jobs import SolveJob, SolveStatus, get_solve_jobs
from services.solutions.service import get_strategies
from solver.cards import card_to_text, parse_cards
from state import routes
from state.amounts import number
from state.guard import Policy, policy
from state.history_views import when
from state.session import principal_of

PAGE: Final = 10
MOST: Final = 200
"""Solves that a tab lists; the API reaches the others."""


@dataclass(frozen=True)
class OwnSolve:
    """A row; ``key`` is the solution's id, ``stakes`` pot and stack in bb."""

    key: str = ""
    href: str = ""
    name: str = ""
    cards: tuple[str, ...] = ()
    stakes: str = ""
    solved: str = ""
    when: str = ""


class OwnSolvesState(rx.State):
    """What this tab lists.

    Attributes:
        asked: Key of the row that asks whether it is really to go.
    """

    status: Literal["loading", "ready", "failed"] = "loading"
    error: str = ""
    said: str = ""
    rows: tuple[OwnSolve, ...] = ()
    more: bool = False
    asked: str = ""
    _shown: int = PAGE

    @rx.event
    @policy(Policy.PLAYER)
    async def load(self) -> None:
        """Read the newest."""
        self._shown, self.asked, self.said = PAGE, "", ""
        await self._read()

    @rx.event
    @policy(Policy.PLAYER)
    async def show_more(self) -> None:
        """List older ones below the last row."""
        self._shown = min(self._shown + PAGE, MOST)
        await self._read()

    @rx.event
    @policy(Policy.PLAYER)
    async def ask(self, key: str) -> None:
        """Ask whether a solution is really to be deleted; "" takes the question back."""
        self.asked = key if any(row.key == key for row in self.rows) else ""

    @rx.event
    @policy(Policy.PLAYER)
    async def delete(self) -> Any:
        """Delete the solution that was asked about."""
        row = next((row for row in self.rows if row.key == self.asked), None)
        if row is None:
            return None
        self.asked = self.said = ""
        try:
            principal = await principal_of(self)
            async with transaction() as db:
                await get_strategies().forget(db, principal.user_id, UUID(row.key))
        except DomainError as failure:
            self.error = failure.message
            return None
        self.said = f"{row.name} is deleted."
        await self._read()
        return rx.set_focus("own-solves")

    async def _read(self) -> None:
        try:
            principal = await principal_of(self)
            async with transaction() as db:
                zone = (await get_reviews().due(db, principal.user_id)).zone
                found = await get_solve_jobs().list(db, principal, self._shown + 1, status=SolveStatus.DONE)
        except DomainError as failure:
            self.error, self.status = failure.message, "ready" if self.rows else "failed"
            return
        self.rows = tuple(row_of(one, zone) for one in found[: self._shown])
        self.more = len(found) > self._shown and self._shown < MOST
        self.error, self.status = "", "ready"


def row_of(job: SolveJob, zone: str) -> OwnSolve:
    """A finished solve as a row."""
    cards = tuple(card_to_text(card) for card in parse_cards(job.spot["board"]))
    pct, big_blind = job.progress.pct_pot, job.spot["big_blind"]
    pot, stack = (number(job.spot[key] / big_blind, 1) for key in ("pot", "effective_stack"))
    return OwnSolve(
        key=str(job.solution_id),
        href=f"{routes.SOLUTIONS}/{job.solution_id}",
        name=" ".join(cards),
        cards=cards,
        stakes=f"{pot} / {stack}",
        solved="" if pct is None else f"{number(pct, 2)}%",
        when=when(job.created_at, zone),
    )
