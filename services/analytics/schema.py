"""What ClickHouse holds: every event once, and a view of the graded decisions.

The table replaces rows of the same position, so a batch that arrives twice counts once in any query with FINAL, also
long after the deduplication window has forgotten its token. Nobody is in it by name: accounts' events carry ids alone,
and the payloads of streams outside ``PAYLOAD_STREAMS`` stay in PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from services.infra.clickhouse import ClickHouse
from services.infra.events import StoredEvent

EVENT_TABLE = "mixline_event"
DECISION_VIEW = "mixline_decision"

PAYLOAD_STREAMS = frozenset({"hand", "session"})
"""Streams whose payloads are numbers and ids; of the others only the fact that something happened is kept."""

_NOBODY: Final = UUID(int=0)

COLUMNS = (
    "position", "id", "stream_id", "stream_type", "version", "type", "payload", "user_id", "recorded_at",
)  # fmt: skip


def statements(retention_days: int) -> list[str]:
    """DDL that may run at every start; the retention follows the setting."""
    expiry = f"toDateTime(recorded_at) + INTERVAL {retention_days:d} DAY"
    return [
        f"""CREATE TABLE IF NOT EXISTS {EVENT_TABLE} (
            position UInt64,
            id UUID,
            stream_id UUID,
            stream_type LowCardinality(String),
            version UInt32,
            type LowCardinality(String),
            payload String CODEC(ZSTD),
            user_id Nullable(UUID),
            recorded_at DateTime64(6, 'UTC')
        ) ENGINE = ReplacingMergeTree
        PARTITION BY toYYYYMM(recorded_at)
        ORDER BY (type, position)
        TTL {expiry}
        SETTINGS non_replicated_deduplication_window = 1000""",
        f"ALTER TABLE {EVENT_TABLE} MODIFY TTL {expiry}",
        f"""CREATE OR REPLACE VIEW {DECISION_VIEW} AS
        SELECT position, stream_id AS hand_id, user_id, recorded_at,
            JSONExtractString(payload, 'mode') AS mode,
            JSONExtractString(payload, 'street') AS street,
            JSONExtractString(payload, 'pot_type') AS pot_type,
            JSONExtractString(payload, 'grade') AS grade,
            JSONExtractFloat(payload, 'loss_bb') AS loss_bb,
            JSONExtractFloat(payload, 'loss_pct') AS loss_pct
        FROM {EVENT_TABLE} FINAL
        WHERE type = 'DecisionGraded'""",  # noqa: S608 constants
    ]


async def prepare(server: ClickHouse, retention_days: int) -> None:
    """Create what is missing."""
    for statement in statements(retention_days):
        await server.command(statement)


async def counts_by_type(server: ClickHouse, since: datetime) -> dict[str, int]:
    """Events of each type recorded ``since``, each position once."""
    rows = await server.query(
        f"SELECT type, toInt64(count()) FROM {EVENT_TABLE} FINAL "  # noqa: S608 a constant
        "WHERE recorded_at >= {since:DateTime64(6, 'UTC')} GROUP BY type",
        {"since": since},
    )
    return dict(rows)


async def erase(server: ClickHouse, user_ids: Sequence[UUID]) -> None:
    """Take erased users' ids out of their events, which stay as numbers of nobody: counts go on to agree."""
    listed = ", ".join(f"toUUID('{one}')" for one in user_ids)
    await server.command(
        f"ALTER TABLE {EVENT_TABLE} UPDATE user_id = NULL, "
        f"stream_id = if(stream_id IN ({listed}), toUUID('{_NOBODY}'), stream_id) "
        f"WHERE user_id IN ({listed}) OR stream_id IN ({listed}) SETTINGS mutations_sync = 1"
    )


def row_of(stored: StoredEvent) -> list[Any]:
    """One row in the order of ``COLUMNS``."""
    payload = stored.event.model_dump_json() if stored.stream_type in PAYLOAD_STREAMS else "{}"
    return [
        stored.position,
        stored.id,
        stored.stream_id,
        stored.stream_type,
        stored.version,
        stored.event.type,
        payload,
        stored.user_id,
        stored.recorded_at,
    ]
