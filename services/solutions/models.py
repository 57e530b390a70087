"""Tables of the schema ``solutions``."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from services.infra.clock import new_id, now

SCHEMA = "solutions"


class SolutionRow(SQLModel, table=True):
    """A solved spot that a player asked for; the artefact is the file of ``codec``."""

    __tablename__ = "solution"  # pyright: ignore[reportAssignmentType]
    __table_args__ = ({"schema": SCHEMA},)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    spot_hash: str = Field(index=True)
    name: str
    exploitability_pct: float
    artefact: bytes = Field(sa_column=sa.Column(sa.LargeBinary, nullable=False))
    created_at: datetime = Field(default_factory=now, sa_type=sa.DateTime(timezone=True))  # pyright: ignore[reportArgumentType]


class SolveJobRow(SQLModel, table=True):
    """One player's request; requests with the same ``request_key`` share one run of the solver.

    ``worker`` and ``heartbeat_at`` say who runs it: a running job without a fresh heartbeat lost its process.
    """

    __tablename__ = "solve_job"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        sa.Index("ix_solve_job_owner", "owner_id", "id"),
        sa.Index("ix_solve_job_active", "status", "id", postgresql_where=sa.text("status IN ('queued', 'running')")),
        sa.Index("ix_solve_job_request", "request_key", "status"),
        sa.Index("ix_solve_job_solution", "solution_id"),
        {"schema": SCHEMA},
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    owner_id: UUID = Field(
        sa_column=sa.Column(sa.Uuid, sa.ForeignKey("accounts.user.id", ondelete="CASCADE"), nullable=False)
    )
    role: str
    request_key: str
    name: str
    spot: dict[str, Any] = Field(sa_column=sa.Column(JSONB, nullable=False))
    spot_hash: str
    target_pct: float
    max_seconds: float
    memory_bytes: int = Field(sa_type=sa.BigInteger)
    status: str = "queued"
    iteration: int = 0
    seconds: float = 0.0
    pct_pot: float | None = None
    solution_id: UUID | None = Field(default=None, foreign_key="solutions.solution.id", ondelete="SET NULL")
    error: str | None = None
    attempts: int = 0
    worker: UUID | None = None
    heartbeat_at: datetime | None = Field(default=None, sa_type=sa.DateTime(timezone=True))  # pyright: ignore[reportArgumentType]
    created_at: datetime = Field(default_factory=now, sa_type=sa.DateTime(timezone=True))  # pyright: ignore[reportArgumentType]
    finished_at: datetime | None = Field(default=None, sa_type=sa.DateTime(timezone=True))  # pyright: ignore[reportArgumentType]


class KeptBoardRow(SQLModel, table=True):
    """A board that a ranked set keeps out of everybody's sight while it runs; cards ascending."""

    __tablename__ = "kept_board"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (sa.Index("ix_solutions_kept_board_time", "closes_at", "opens_at"), {"schema": SCHEMA})

    set_id: str = Field(sa_type=sa.Text, primary_key=True)
    board: str = Field(sa_type=sa.Text, primary_key=True)
    reason: str = Field(sa_type=sa.Text)
    opens_at: datetime = Field(sa_type=sa.DateTime(timezone=True))  # pyright: ignore[reportArgumentType]
    closes_at: datetime = Field(sa_type=sa.DateTime(timezone=True))  # pyright: ignore[reportArgumentType]


class StudyRow(SQLModel, table=True):
    """That somebody studied a board on a day, and how often; cards ascending.

    There is no foreign key to the account: a guest who only looks around has none.
    """

    __tablename__ = "study"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (sa.Index("ix_solutions_study_time", "last_at"), {"schema": SCHEMA})

    user_id: UUID = Field(primary_key=True)
    board: str = Field(sa_type=sa.Text, primary_key=True)
    kind: str = Field(sa_type=sa.Text, primary_key=True)
    day: date = Field(primary_key=True)
    times: int
    last_at: datetime = Field(sa_type=sa.DateTime(timezone=True))  # pyright: ignore[reportArgumentType]
