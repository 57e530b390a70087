"""Administration: who had to do with the boards of a ranked set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import reflex as rx

from services.infra.db import transaction
from services.infra.errors import DomainError
from services.ratings.periods import period_named
from services.training.fair_play import Study, report
from services.training.service import get_training
from state.admin import Status
from state.admin_views import moment_text
from state.guard import Policy, policy
from state.ratings import period_text

SETS: Final = 20
_WORDS: Final = {"look": "Opened the solution", "solve": "Asked for a solve", "refused": "Was refused: board kept"}


@dataclass(frozen=True)
class StudyView:
    """A row."""

    key: str = ""
    name: str = ""
    what: str = ""
    board: str = ""
    times: str = ""
    when: str = ""
    marked: str = ""
    refused: bool = False


class AdminFairPlayState(rx.State):
    """What this tab shows.

    Attributes:
        sets: (id, words) of the sets that can be chosen, the latest first.
        boards: The chosen set's boards.
    """

    status: Status = "loading"
    error: str = ""
    sets: tuple[tuple[str, str], ...] = ()
    set_id: str = ""
    boards: str = ""
    rows: tuple[StudyView, ...] = ()

    @rx.event
    @policy(Policy.ADMIN)
    async def load(self) -> None:
        """Read the sets, and the report of the first that runs."""
        try:
            async with transaction() as db:
                proofs = await get_training().ranked.proofs(db, None, SETS)
        except DomainError as failure:
            self.error, self.status = failure.message, "failed"
            return
        self.sets = tuple((one.set_id, period_text(period_named(one.set_id))) for one in proofs)
        weeks = [one.set_id for one in proofs if one.kind == "weekly"]
        await self._read(self.set_id or (weeks or [""])[-1])

    @rx.event
    @policy(Policy.ADMIN)
    async def choose(self, set_id: str) -> None:
        """Read the report of another set."""
        await self._read(set_id)

    async def _read(self, set_id: str) -> None:
        self.set_id, self.error = set_id, ""
        if not set_id:
            self.rows, self.boards, self.status = (), "", "ready"
            return
        try:
            async with transaction() as db:
                found = await report(db, set_id)
        except DomainError as failure:
            self.error, self.status = failure.message, "ready" if self.rows else "failed"
            return
        self.boards = ", ".join(found.boards)
        self.rows = tuple(study_view(one) for one in found.studies)
        self.status = "ready"


def study_view(one: Study) -> StudyView:
    """A row in words."""
    return StudyView(
        key=f"{one.user_id} {one.board} {one.kind} {one.last_at.isoformat()}",
        name=one.name or f"user {str(one.user_id)[-8:]}",
        what=_WORDS[one.kind],
        board=one.board,
        times=str(one.times),
        when=moment_text(one.last_at),
        marked=str(one.marked_decisions),
        refused=one.kind == "refused",
    )
