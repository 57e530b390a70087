"""The solutions schema."""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261123_solutions"
down_revision = "20261123_accounts"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
TEXT = sqlmodel.sql.sqltypes.AutoString()


def upgrade() -> None:
    op.execute("CREATE SCHEMA solutions")
    op.create_table(
        "solution",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("spot_hash", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("exploitability_pct", sa.Float, nullable=False),
        sa.Column("artefact", sa.LargeBinary, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        schema="solutions",
    )
    op.create_index("ix_solutions_solution_spot_hash", "solution", ["spot_hash"], schema="solutions")
    # Compressed already: compressing again only costs time.
    op.execute("ALTER TABLE solutions.solution ALTER COLUMN artefact SET STORAGE EXTERNAL")
    op.create_table(
        "solve_job",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("owner_id", sa.Uuid, sa.ForeignKey("accounts.user.id", ondelete="CASCADE"), nullable=False),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("request_key", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("spot", postgresql.JSONB, nullable=False),
        sa.Column("spot_hash", TEXT, nullable=False),
        sa.Column("target_pct", sa.Float, nullable=False),
        sa.Column("max_seconds", sa.Float, nullable=False),
        sa.Column("memory_bytes", sa.BigInteger, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("iteration", sa.Integer, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("pct_pot", sa.Float, nullable=True),
        sa.Column("solution_id", sa.Uuid, sa.ForeignKey("solutions.solution.id", ondelete="SET NULL"), nullable=True),
        sa.Column("error", TEXT, nullable=True),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("worker", sa.Uuid, nullable=True),
        sa.Column("heartbeat_at", INSTANT, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.CheckConstraint("status IN ('queued', 'running', 'done', 'failed', 'cancelled')", name="solve_job_status"),
        schema="solutions",
    )
    op.create_index("ix_solve_job_owner", "solve_job", ["owner_id", "id"], schema="solutions")
    op.create_index(
        "ix_solve_job_active", "solve_job", ["status", "id"], schema="solutions",
        postgresql_where=sa.text("status IN ('queued', 'running')"),
    )  # fmt: skip
    op.create_index("ix_solve_job_request", "solve_job", ["request_key", "status"], schema="solutions")
    op.create_index("ix_solve_job_solution", "solve_job", ["solution_id"], schema="solutions")


def downgrade() -> None:
    op.execute("DROP SCHEMA solutions CASCADE")
