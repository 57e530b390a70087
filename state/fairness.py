"""The page "Fair play": the ranked sets with their fingerprints and seeds, and drawing one again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

import reflex as rx

from services.infra.db import transaction
from services.infra.errors import DomainError
from services.infra.log import get_logger
from services.ratings.periods import period_named
from services.training.ranked_proof import Proof, Verification
from services.training.service import get_training
from state.admin_views import moment_text
from state.guard import Policy, policy
from state.ratings import period_text

PAGE: Final = 15


@dataclass(frozen=True)
class SetView:
    """A row; ``tone`` of the verdict is good, bad or empty."""

    key: str = ""
    title: str = ""
    kind: str = ""
    spots: str = ""
    published: str = ""
    closes: str = ""
    commitment: str = ""
    seed: str = ""
    closed: bool = False
    verdict: str = ""
    tone: str = ""


class FairnessState(rx.State):
    """What this tab shows of the sets."""

    status: Literal["loading", "ready", "failed"] = "loading"
    error: str = ""
    rows: tuple[SetView, ...] = ()
    more: bool = False
    checking: str = ""

    @rx.event
    @policy(Policy.PUBLIC)
    async def load(self) -> None:
        """Read the latest sets."""
        await self._read(None)

    @rx.event
    @policy(Policy.PUBLIC)
    async def show_more(self) -> None:
        """Older ones below the last row."""
        await self._read(self.rows[-1].key if self.rows else None)

    @rx.event
    @policy(Policy.PLAYER)
    async def verify(self, set_id: str) -> None:
        """Draw a closed set again from its seed and say what came out."""
        self.checking, self.error = set_id, ""
        try:
            found = await get_training().ranked.verify(set_id)
        except DomainError as failure:
            self.error = failure.message
            return
        finally:
            self.checking = ""
        text, tone = verdict(found)
        self.rows = tuple(replace(row, verdict=text, tone=tone) if row.key == set_id else row for row in self.rows)

    async def _read(self, before: str | None) -> None:
        try:
            async with transaction() as db:
                found = await get_training().ranked.proofs(db, None, PAGE + 1, before)
        except DomainError as failure:
            self.error, self.status = failure.message, "ready" if self.rows else "failed"
            return
        rows = tuple(set_view(one) for one in found[:PAGE])
        self.rows = (*self.rows, *rows) if before else rows
        self.more = len(found) > PAGE
        self.error, self.status = "", "ready"


def set_view(proof: Proof) -> SetView:
    """A set as the page shows it."""
    weekly = proof.kind == "weekly"
    return SetView(
        key=proof.set_id,
        title=period_text(period_named(proof.set_id)),
        kind="Weekly set" if weekly else "Daily ten",
        spots=f"{proof.items} {'decisions' if weekly else 'hands'}",
        published=moment_text(proof.published_at),
        closes=moment_text(proof.closes_at),
        commitment=proof.commitment,
        seed=proof.seed or "",
        closed=proof.closed,
    )


def verdict(found: Verification) -> tuple[str, str]:
    """What a verification says, and its tone."""
    if found.fingerprint and found.drawn:
        return "Holds: the seed gives the fingerprint and draws the same spots.", "good"
    if found.fingerprint and found.drawn is None:
        return "The seed gives the fingerprint. The library has changed since, so it can't be drawn again here.", "good"
    get_logger().warning("ranked_set_does_not_verify", set_id=found.set_id, differences=found.differences)
    return f"Does not hold: {'; '.join(found.differences)}.", "bad"
