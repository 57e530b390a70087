"""The event store: facts in PostgreSQL, in the past tense, never changed, and the read models that follow from them.

A feature subclasses :class:`Event` for each fact and registers projectors, the only writers of its read models.
``append`` runs the projectors in the same transaction, so that a read model is never behind its events. Two orders
exist: inside a stream the ``version``, and over all streams the pair (xid, position). A position alone is handed out
before its transaction commits, so a reader that remembers the largest position would skip a slow writer; reading only
below the oldest transaction still running, in the order of transaction ids, can't.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.infra import clock, metrics
from services.infra.errors import Conflict

Payload = dict[str, Any]
Upcaster = Callable[[Payload], Payload]


class Event(BaseModel):
    """A fact. A subclass is named in the past tense, sets ``type`` and holds the payload as fields.

    A change of the payload raises ``payload_version`` and adds an upcaster: ``upcasters[1]`` turns a payload of version
    1 into one of version 2. Stored events are never rewritten.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: ClassVar[str]
    payload_version: ClassVar[int] = 1
    upcasters: ClassVar[dict[int, Upcaster]] = {}

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Register the class under its type.

        Raises:
            TypeError: Another class has this type.
        """
        super().__pydantic_init_subclass__(**kwargs)
        other = _types.setdefault(cls.type, cls)
        if (other.__module__, other.__qualname__) != (cls.__module__, cls.__qualname__):
            raise TypeError(f"the event type {cls.type!r} belongs to {other.__qualname__}")
        _types[cls.type] = cls

    @classmethod
    def from_payload(cls, payload: Payload, version: int) -> Event:
        """The event of a stored payload, brought up to the present version."""
        while version < cls.payload_version:
            payload = cls.upcasters[version](payload)
            version += 1
        return cls.model_validate(payload)


_types: dict[str, type[Event]] = {}


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event with its place in the store."""

    position: int
    xid: int
    id: UUID
    stream_id: UUID
    stream_type: str
    version: int
    event: Event
    user_id: UUID | None
    recorded_at: datetime

    @property
    def cursor(self) -> tuple[int, int]:
        """Where :func:`read_after` goes on behind this event."""
        return self.xid, self.position


Project = Callable[[AsyncSession, StoredEvent], Awaitable[None]]
P = TypeVar("P", bound=Project)


@dataclass(frozen=True, slots=True)
class Projector:
    """A registered projector: the event types it reads and the tables that only it writes."""

    project: Project
    types: frozenset[str]
    tables: tuple[str, ...]


_projectors: list[Projector] = []


def projector(*types: type[Event] | str, tables: Sequence[str] = ()) -> Callable[[P], P]:
    """Register an async function as a projector of ``types``.

    Args:
        types: The events it is called with; by name where the class belongs to a feature above the projector's.
        tables: Every table it writes, with schema, parents before children; :func:`rebuild` empties them.
    """

    def register(project: P) -> P:
        _projectors.append(
            Projector(project, frozenset(t if isinstance(t, str) else t.type for t in types), tuple(tables))
        )
        return project

    return register


def projectors(*tables_prefix: str) -> list[Projector]:
    """All registered projectors, or those that write a table beginning with one of ``tables_prefix``."""
    return [p for p in _projectors if not tables_prefix or any(t.startswith(tables_prefix) for t in p.tables)]


async def append(
    db: AsyncSession,
    stream_id: UUID,
    stream_type: str,
    expected_version: int,
    events: Sequence[Event],
    user_id: UUID | None,
) -> list[StoredEvent]:
    """Store ``events`` as the versions after ``expected_version`` (0 for a new stream) and project them.

    The transaction has to be rolled back after a Conflict, as it is when the error leaves the block of
    ``transaction()``.

    Raises:
        Conflict: The stream is at another version.
    """
    latest = await version_of(db, stream_id)
    if latest != expected_version:
        raise Conflict(f"the {stream_type} is at version {latest}, not {expected_version}", code="stale-version")
    stored: list[StoredEvent] = []
    for number, event in enumerate(events, start=expected_version + 1):
        row = (
            (
                await db.execute(
                    _INSERT,
                    {
                        "id": clock.new_id(),
                        "stream_id": stream_id,
                        "stream_type": stream_type,
                        "version": number,
                        "type": event.type,
                        "payload_version": event.payload_version,
                        "payload": event.model_dump_json(),
                        "user_id": user_id,
                        "recorded_at": clock.now(),
                    },
                )
            )
            .mappings()
            .one_or_none()
        )
        if row is None:  # another transaction committed this version while we waited for it
            raise Conflict(f"the {stream_type} was changed meanwhile", code="stale-version")
        stored.append(_stored(row, event))
    for one in stored:
        metrics.event_appends.labels(one.event.type).inc()
        await _project(db, one, _projectors)
    return stored


async def version_of(db: AsyncSession, stream_id: UUID) -> int:
    """How many events a stream has; 0 for an unknown one."""
    return await db.scalar(_LATEST, {"stream_id": stream_id}) or 0


async def load(db: AsyncSession, stream_id: UUID) -> list[StoredEvent]:
    """All events of a stream in order; empty for an unknown one."""
    rows = await db.execute(_STREAM, {"stream_id": stream_id})
    return [_stored(row) for row in rows.mappings()]


async def read_after(db: AsyncSession, cursor: tuple[int, int], limit: int) -> list[StoredEvent]:
    """Up to ``limit`` events behind ``cursor`` in an order in which nothing can appear earlier later on.

    Events of transactions that are younger than the oldest one still running wait for a later call; (0, 0) is the
    start.
    """
    rows = await db.execute(_AFTER, {"xid": str(cursor[0]), "position": cursor[1], "limit": limit})
    return [_stored(row) for row in rows.mappings()]


async def read_of(db: AsyncSession, user_ids: Sequence[UUID], after: int, limit: int) -> list[dict[str, Any]]:
    """Up to ``limit`` events that these users caused, behind a position: raw rows, the payload as JSON text."""
    rows = await db.execute(_OF, {"users": [str(one) for one in user_ids], "position": after, "limit": limit})
    return [dict(row) for row in rows.mappings()]


async def rebuild(db: AsyncSession, chosen: Sequence[Projector], batch: int = 1000) -> int:
    """Empty the tables of ``chosen`` and project every event again, in the caller's transaction; returns how many."""
    for table in reversed([table for one in chosen for table in one.tables]):
        await db.execute(text(f"DELETE FROM {table}"))  # noqa: S608 names come from the decorators
    count, position = 0, 0
    while rows := (await db.execute(_ALL, {"position": position, "limit": batch})).mappings().all():
        for row in rows:
            position = row["position"]
            count += 1
            if any(row["type"] in one.types for one in chosen):
                await _project(db, _stored(row), chosen)
    return count


async def _project(db: AsyncSession, stored: StoredEvent, among: Sequence[Projector]) -> None:
    for one in among:
        if stored.event.type in one.types:
            await one.project(db, stored)


def _stored(row: Any, event: Event | None = None) -> StoredEvent:
    return StoredEvent(
        position=row["position"],
        xid=int(row["xid"]),
        id=row["id"],
        stream_id=row["stream_id"],
        stream_type=row["stream_type"],
        version=row["version"],
        event=event or _types[row["type"]].from_payload(row["payload"], row["payload_version"]),
        user_id=row["user_id"],
        recorded_at=row["recorded_at"],
    )


_COLUMNS = """position, xid::text AS xid, id, stream_id, stream_type, version, type, payload_version, payload,
    (meta->>'user_id')::uuid AS user_id, recorded_at"""
_LATEST = text("SELECT coalesce(max(version), 0) FROM infra.event WHERE stream_id = :stream_id")
_INSERT = text(f"""
    INSERT INTO infra.event (id, stream_id, stream_type, version, type, payload_version, payload, meta, recorded_at)
    VALUES (:id, :stream_id, :stream_type, :version, :type, :payload_version, CAST(:payload AS jsonb),
            jsonb_strip_nulls(jsonb_build_object('user_id', CAST(:user_id AS uuid))), :recorded_at)
    ON CONFLICT (stream_id, version) DO NOTHING
    RETURNING {_COLUMNS}""")  # noqa: S608 constants
_STREAM = text(f"SELECT {_COLUMNS} FROM infra.event WHERE stream_id = :stream_id ORDER BY version")  # noqa: S608
_ALL = text(f"SELECT {_COLUMNS} FROM infra.event WHERE position > :position ORDER BY position LIMIT :limit")  # noqa: S608
_AFTER = text(f"""
    SELECT {_COLUMNS} FROM infra.event
    WHERE (xid, position) > (CAST(CAST(:xid AS text) AS xid8), :position)
      AND xid < pg_snapshot_xmin(pg_current_snapshot())
    ORDER BY infra.event.xid, position LIMIT :limit""")  # noqa: S608
# One walk along the index for each user: over all of them at once every batch would be sorted anew.
_OF = text("""
    SELECT found.* FROM unnest(CAST(:users AS text[])) AS one(user_id) CROSS JOIN LATERAL (
        SELECT position, id, stream_id, stream_type, version, type, payload::text AS payload, recorded_at
        FROM infra.event WHERE meta->>'user_id' = one.user_id AND position > :position
        ORDER BY position LIMIT :limit
    ) AS found ORDER BY position LIMIT :limit""")
