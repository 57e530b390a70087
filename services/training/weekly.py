"""The week's ranked set: the same single decisions for everybody, dealt from a secret of the week.

Item n belongs to stratum n modulo the number of strata; a stratum is a street and a pot type. It is found by self-play:
both players draw their actions from the stored strategies, and one of hero's decisions on the street is taken, if it is
no trivial one. Everything follows from the secret and the library, so that any process makes the same item; once made,
the stored item is what counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np

from services.infra.errors import Unavailable
from services.solutions.catalog import NodeStrategy, SolutionInfo
from services.training.deals import Draw, derive
from services.training.grading import TRIVIAL_PCT, difficulty
from services.training.play import Deal, Strategies, deal_hand, drawn_action, is_over, play_on

ATTEMPTS = 40
"""Hands of self-play for an item; after them the most difficult decision seen is taken."""


@dataclass(frozen=True, slots=True)
class Item:
    """One ranked decision."""

    solution_id: UUID
    line: tuple[str, ...]
    hero: int
    hero_combo: int
    die: int
    street: int
    pot_type: str
    difficulty_pct: float


def week_of(moment: datetime) -> str:
    """The ISO week in UTC, e.g. ``2026-W48``."""
    year, week, _ = moment.astimezone(UTC).isocalendar()
    return f"{year}-W{week:02d}"


def week_end(week: str) -> datetime:
    """When the next week begins."""
    year, _, number = week.partition("-W")
    return datetime.fromisocalendar(int(year), int(number), 1).replace(tzinfo=UTC) + timedelta(days=7)


def strata(library: Sequence[SolutionInfo]) -> list[tuple[int, str]]:
    """(street, pot type) that the library can reach, streets alternating fastest."""
    first: dict[str, int] = {}
    for info in library:
        first[info.pot_type] = min(first.get(info.pot_type, info.street), info.street)
    return [(street, pot_type) for pot_type in sorted(first) for street in range(first[pot_type], 3)]


async def generate(strategies: Strategies, secret: bytes, number: int, library: Sequence[SolutionInfo]) -> Item:
    """Item ``number`` (from 1) of the week that the secret belongs to.

    Raises:
        Unavailable: The library has no spot, or none in which anybody decides anything.
    """
    kinds = strata(library)
    for shift in range(len(kinds)):
        street, pot_type = kinds[(number - 1 + shift) % len(kinds)]
        spots = [info for info in library if info.pot_type == pot_type and info.street <= street]
        best: Item | None = None
        for attempt in range(ATTEMPTS):
            seed = derive(secret, f"item {number} {street} {pot_type} {attempt}")
            item = await _attempt(strategies, seed, spots, street, pot_type)
            if item is None:
                continue
            if item.difficulty_pct >= TRIVIAL_PCT:
                return item
            if best is None or item.difficulty_pct > best.difficulty_pct:
                best = item
        if best is not None:
            return best
    raise Unavailable("the library has no spot for ranked play")


async def _attempt(
    strategies: Strategies, seed: bytes, spots: Sequence[SolutionInfo], street: int, pot_type: str
) -> Item | None:
    deal = await deal_hand(strategies, seed, spots)
    nodes = [node for node in await _self_play(strategies, deal, street) if _is_known(node, deal.hero_combo)]
    if not nodes:
        return None
    node = nodes[Draw(seed, "decision").below(len(nodes))]
    q = node.q[:, node.row(deal.hero_combo)]
    return Item(
        solution_id=deal.solution_id,
        line=node.position.line,
        hero=deal.hero,
        hero_combo=deal.hero_combo,
        die=1 + Draw(seed, "die 0").below(100),
        street=street,
        pot_type=pot_type,
        difficulty_pct=100 * difficulty(q, node.position.pot) / node.position.pot,
    )


def _is_known(node: NodeStrategy, combo: int) -> bool:
    return bool(np.isfinite(node.q[:, node.row(combo)]).all())


async def _self_play(strategies: Strategies, deal: Deal, street: int) -> list[NodeStrategy]:
    """Hero's decisions on a street in one hand that both play from the stored strategies."""
    found: list[NodeStrategy] = []
    draw, line = Draw(deal.seed, "hero"), ()
    while True:
        position = (await play_on(strategies, deal, line, last_street=street)).position
        if is_over(position) or position.kind == "deal":
            return found
        node = await strategies.node(deal.solution_id, position.line)
        if position.street == street:
            found.append(node)
        line = (*position.line, drawn_action(node, deal.hero_combo, draw))
