"""What makes a ranked set one that nobody could bend: its fingerprint before, its seed after, and drawing it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from services.infra import clock
from services.infra.errors import Conflict
from services.ratings.periods import Kind, period_named
from services.training.models import RankedItemRow, RankedSetRow
from services.training.play import Strategies
from services.training.ranked_draw import (
    RankedSpot,
    committed,
    draw_spots,
    kept_entries,
    pool_document,
    spot_document,
)


@dataclass(frozen=True, slots=True)
class Proof:
    """What is known of a set: seed, pool and spots only after its close (else None and empty).

    Attributes:
        made_whole: It was drawn whole before it opened, as ``verify`` needs it; sets of the first version were not.
    """

    set_id: str
    kind: Kind
    items: int
    commitment: str
    published_at: datetime
    opens_at: datetime
    closes_at: datetime
    closed: bool
    made_whole: bool
    seed: str | None
    pool: tuple[dict[str, Any], ...]
    spots: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Verification:
    """A set held against its fingerprint and drawn again from its seed; ``drawn`` is None where the library changed."""

    set_id: str
    fingerprint: bool
    drawn: bool | None
    differences: tuple[str, ...]


def proof_of(row: RankedSetRow, items: Sequence[RankedItemRow] = ()) -> Proof:
    """What may be known of a set now."""
    closed = clock.now() >= row.closes_at
    return Proof(
        set_id=row.id,
        kind=cast("Kind", row.kind),
        items=row.items,
        commitment=row.commitment,
        published_at=row.published_at,
        opens_at=row.opens_at,
        closes_at=row.closes_at,
        closed=closed,
        made_whole=bool(row.pool),
        seed=row.seed.hex() if closed else None,
        pool=tuple(row.pool) if closed else (),
        spots=tuple(spot_document(_spot(item)) for item in items) if closed else (),
    )


def read(document: Mapping[str, Any], set_id: str) -> Proof:
    """A proof as REST gives it.

    Raises:
        Conflict: It is of another set, or of one that is not closed.
        KeyError, TypeError, ValueError: It is no proof.
    """
    if document["set_id"] != set_id:
        raise Conflict(f"the file is of the set {document['set_id']}", code="other-set")
    closed = datetime.fromisoformat(document["closes_at"]) <= clock.now() and document["seed"] is not None
    return Proof(
        set_id=set_id,
        kind=period_named(set_id).kind,
        items=int(document["items"]),
        commitment=str(document["commitment"]),
        published_at=datetime.fromisoformat(document["published_at"]),
        opens_at=datetime.fromisoformat(document["opens_at"]),
        closes_at=datetime.fromisoformat(document["closes_at"]),
        closed=closed,
        made_whole=bool(document["pool"]),
        seed=str(document["seed"]) if closed else None,
        pool=tuple(document["pool"]),
        spots=tuple(document["spots"]),
    )


async def verify(strategies: Strategies, proof: Proof) -> Verification:
    """Check a closed set with nothing but its proof and the library.

    Raises:
        Conflict: The set is not closed, so that there is no seed.
    """
    if proof.seed is None:
        raise Conflict("the set is not closed yet", code="set-running")
    seed, differences = bytes.fromhex(proof.seed), list[str]()
    if not proof.made_whole:
        return Verification(proof.set_id, False, None, ("this set was dealt by an older version, spot by spot",))
    fingerprint = committed(proof.set_id, seed, proof.pool, proof.spots) == proof.commitment
    if not fingerprint:
        differences.append("seed, pool and spots do not give the published fingerprint")
    here = {str(info.id): info for info in await strategies.list()}
    pool = [here[one["id"]] for one in proof.pool if one["id"] in here]
    if pool_document(pool) != list(proof.pool):
        differences.append("the library here is not the one the set was drawn from")
        return Verification(proof.set_id, fingerprint, None, tuple(differences))
    kept = kept_entries(seed, proof.kind, pool)
    spots = await draw_spots(strategies, seed, proof.kind, kept, proof.items)
    again = [spot_document(spot) for spot in spots]
    wrong = [str(one["number"]) for one, two in zip(again, proof.spots, strict=False) if one != two]
    if wrong or len(again) != len(proof.spots):
        differences.append(f"the seed draws other spots: {', '.join(wrong[:5]) or 'another number of them'}")
    return Verification(proof.set_id, fingerprint, again == list(proof.spots), tuple(differences))


def _spot(item: RankedItemRow) -> RankedSpot:
    return RankedSpot(
        number=item.number,
        solution_id=item.solution_id,
        line=tuple(item.line),
        hero=item.hero,
        hero_combo=item.hero_combo,
        villain_combo=item.villain_combo,
        die=item.die,
        street=item.street,
        pot_type=item.pot_type,
        difficulty_pct=item.difficulty_pct,
    )
