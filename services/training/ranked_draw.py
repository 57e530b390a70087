"""What a ranked set is made of, drawn from its seed and the library alone, so that anybody can draw it again.

First the entries of the library that are kept for the set: of every group (family, pot type, street at which the
solution starts) a share for the week and one for the day, never the whole group, so that practice keeps boards of each
kind. Then the spots.

The week's spots are single decisions. Spot n belongs to cell n modulo the number of cells; a cell is a street, a pot
type and a band of difficulty. Both players are dealt a hand and draw their actions from the stored strategies; one of
hero's decisions on the street is taken, and a hand for it from those that get there, among the hands whose difficulty
lies in the band. No node and hand class comes twice. Rivers come from solutions that start there where one is kept,
because those are stored.

The day's spots are whole hands: a kept entry, a seat and both players' cards; villain, the board and the dice follow
from a seed that is the same for everybody.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from services.infra.errors import Unavailable
from services.ratings.periods import Kind
from services.solutions.catalog import NodeStrategy, SolutionInfo
from services.training.deals import Draw, combo_cards, compatible_weight, derive, draw_combos
from services.training.grading import PLAUSIBLE_PCT, TRIVIAL_PCT
from services.training.play import Deal, Strategies, drawn_action, is_over, play_on
from solver.cards import COMBO_CLASS, cards_to_text

BANDS: tuple[tuple[float, float], ...] = ((TRIVIAL_PCT, 0.35), (0.35, 0.7), (0.7, np.inf))
"""Difficulty in % of the pot, from and below: easy, medium, hard. Two actions reach 0.84, three 1.4."""

SHARE = 0.25
"""Of each group of entries, for the week."""

ATTEMPTS = 24
"""Hands of self-play for a spot; after them the one seen nearest to the band is taken."""

_REST_S = 0.01
_RIVER = 2

_Key = tuple[UUID, tuple[str, ...], int]


@dataclass(frozen=True, slots=True)
class RankedSpot:
    """One spot of a set: a decision (``line`` leads to it) or, with villain's combo, a hand from the root."""

    number: int
    solution_id: UUID
    line: tuple[str, ...]
    hero: int
    hero_combo: int
    villain_combo: int | None
    die: int
    street: int
    pot_type: str
    difficulty_pct: float


def hand_seed(seed: bytes, number: int) -> bytes:
    """The seed that everybody's hand for spot ``number`` is played on with."""
    return derive(seed, f"hand {number}")


def kept_entries(seed: bytes, kind: Kind, pool: Sequence[SolutionInfo]) -> list[SolutionInfo]:
    """The entries that a set takes out of the library, in the pool's order.

    Raises:
        Unavailable: The pool has too few entries to spare one.
    """
    groups: dict[tuple[str, str, int], list[SolutionInfo]] = {}
    for info in sorted(pool, key=lambda one: one.name):
        groups.setdefault((info.family, info.pot_type, info.street), []).append(info)
    taken: set[UUID] = set()
    for key in sorted(groups):
        wanted = max(1, round(SHARE * len(groups[key]))) if kind == "weekly" else 1
        taken |= _some(Draw(seed, "entries " + " ".join(map(str, key))), groups[key], min(wanted, len(groups[key]) - 1))
    if not taken:  # a library of one entry a kind: better one kind less to practise than no set
        everything = [info for key in sorted(groups) for info in groups[key]]
        taken = _some(Draw(seed, "entries"), everything, min(1, len(everything) - 1))
    if not taken:
        raise Unavailable("the library has no spot to spare for ranked play", code="library-too-small")
    return [info for info in pool if info.id in taken]


def _some(draw: Draw, entries: Sequence[SolutionInfo], count: int) -> set[UUID]:
    left = list(entries)
    return {left.pop(draw.below(len(left))).id for _ in range(count)}


async def draw_spots(
    strategies: Strategies, seed: bytes, kind: Kind, kept: Sequence[SolutionInfo], count: int
) -> list[RankedSpot]:
    """The spots of a set, in order.

    Raises:
        Unavailable: Nobody decides anything in the entries that are kept.
    """
    if kind == "daily":
        return [await _hand(strategies, seed, number, kept) for number in range(1, count + 1)]
    spots: list[RankedSpot] = []
    seen: set[_Key] = set()
    kinds = cells(kept)
    for number in range(1, count + 1):
        spot = None
        for shift in range(len(kinds)):
            spot = await _decision(strategies, seed, number, kept, kinds[(number - 1 + shift) % len(kinds)], seen)
            if spot is not None:
                break
        if spot is None:
            raise Unavailable("the library has no decisions for ranked play", code="library-too-small")
        seen.add(_key(spot.solution_id, spot.line, spot.hero_combo))
        spots.append(spot)
        await asyncio.sleep(_REST_S)  # people play meanwhile
    return spots


def cells(kept: Sequence[SolutionInfo]) -> list[tuple[int, str, int]]:
    """(street, pot type, band) that the kept entries reach: streets alternate fastest, bands slowest."""
    first: dict[str, int] = {}
    for info in kept:
        first[info.pot_type] = min(first.get(info.pot_type, info.street), info.street)
    return [
        (street, pot_type, band)
        for band in range(len(BANDS))
        for pot_type in sorted(first)
        for street in range(first[pot_type], 3)
    ]


def committed(set_id: str, seed: bytes, pool: Sequence[dict[str, Any]], spots: Sequence[dict[str, Any]]) -> str:
    """The fingerprint of a set: SHA-256 of the canonical JSON of its id, seed, pool and spots, hex.

    Canonical: keys sorted, no spaces, ASCII; only texts, whole numbers, lists and null are in it.
    """
    document = {"set": set_id, "seed": seed.hex(), "pool": list(pool), "spots": list(spots)}
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def pool_document(pool: Sequence[SolutionInfo]) -> list[dict[str, Any]]:
    """What entries were drawn from, as it is committed to."""
    return [
        {"id": str(info.id), "name": info.name, "spot_hash": info.spot_hash, "config_hash": info.config_hash}
        for info in pool
    ]


def spot_document(spot: RankedSpot) -> dict[str, Any]:
    """A spot as it is committed to."""
    villain = spot.villain_combo
    return {
        "number": spot.number,
        "solution": str(spot.solution_id),
        "line": "/".join(spot.line),
        "hero": ("oop", "ip")[spot.hero],
        "hero_cards": cards_to_text(combo_cards(spot.hero_combo)),
        "villain_cards": None if villain is None else cards_to_text(combo_cards(villain)),
        "die": spot.die,
    }


async def _hand(strategies: Strategies, seed: bytes, number: int, kept: Sequence[SolutionInfo]) -> RankedSpot:
    """A hand; the kept entries take turns in an order of the set's own."""
    order = sorted(kept, key=lambda info: derive(seed, f"turn of {info.name}"))
    info = order[(number - 1) % len(order)]
    own = hand_seed(seed, number)
    hero = Draw(own, "seat").below(2)
    ranges = await strategies.ranges(info.id)
    hero_combo, villain_combo = draw_combos(Draw(own, "deal"), ranges[hero], ranges[1 - hero], info.board)
    return RankedSpot(number, info.id, (), hero, hero_combo, villain_combo, 0, info.street, info.pot_type, 0.0)


async def _decision(
    strategies: Strategies,
    seed: bytes,
    number: int,
    kept: Sequence[SolutionInfo],
    cell: tuple[int, str, int],
    seen: set[_Key],
) -> RankedSpot | None:
    """A decision of a cell, or the nearest to its band; None where the street is never reached."""
    street, pot_type, band = cell
    low, high = BANDS[band]
    entries = [info for info in kept if info.pot_type == pot_type and info.street <= street]
    starting = [info for info in entries if info.street == street]
    if street == _RIVER and starting:
        entries = starting
    nearest: tuple[float, RankedSpot] | None = None
    for attempt in range(ATTEMPTS):
        own = derive(seed, f"spot {number} {street} {pot_type} {band} {attempt}")
        info = entries[Draw(own, "entry").below(len(entries))]
        nodes = await _self_play(strategies, await _dealt(strategies, own, info), street)
        if not nodes:
            continue
        node = nodes[Draw(own, "decision").below(len(nodes))]
        hero = node.position.player
        hard = difficulties(node)
        weight = node.reach[hero].astype(np.float64)[node.combos] * node.in_range
        weight *= compatible_weight(node.reach[1 - hero].astype(np.float64))[node.combos]
        fresh = [_key(info.id, node.position.line, int(combo)) not in seen for combo in node.combos]
        weight[~np.isfinite(hard) | ~np.array(fresh, dtype=bool)] = 0
        inside = np.where((hard >= low) & (hard < high), weight, 0.0)
        fits = bool(inside.sum() > 0)
        away = np.where(weight > 0, np.maximum(low - hard, hard - high), np.inf)
        if not np.isfinite(away).any():
            continue
        row = Draw(own, "hand").choice(inside) if fits else int(np.argmin(away))
        spot = RankedSpot(
            number=number,
            solution_id=info.id,
            line=node.position.line,
            hero=hero,
            hero_combo=int(node.combos[row]),
            villain_combo=None,
            die=1 + Draw(own, "die").below(100),
            street=street,
            pot_type=pot_type,
            difficulty_pct=float(hard[row]),
        )
        if fits:
            return spot
        if nearest is None or away[row] < nearest[0]:
            nearest = (float(away[row]), spot)
    return None if nearest is None else nearest[1]


def _key(solution_id: UUID, line: tuple[str, ...], combo: int) -> _Key:
    return solution_id, line, int(COMBO_CLASS[combo])


def difficulties(node: NodeStrategy) -> NDArray[np.float64]:
    """[hand] what a plausible player loses there, % of the pot (``grading.difficulty``); NaN where it is unknown."""
    pct = 100 * (node.q.max(axis=0) - node.q) / node.position.pot
    weight = np.exp(-pct / PLAUSIBLE_PCT)
    return (weight * pct).sum(axis=0) / weight.sum(axis=0)


async def _dealt(strategies: Strategies, seed: bytes, info: SolutionInfo) -> Deal:
    hero = Draw(seed, "seat").below(2)
    ranges = await strategies.ranges(info.id)
    hero_combo, villain_combo = draw_combos(Draw(seed, "deal"), ranges[hero], ranges[1 - hero], info.board)
    return Deal(info.id, hero, hero_combo, villain_combo, seed)


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
