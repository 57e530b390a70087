"""The analytics schema: the outbox to ClickHouse."""

import sqlalchemy as sa
from alembic import op

revision = "20261123_analytics"
down_revision = "20261123_ratings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SCHEMA analytics")
    op.create_table(
        "outbox_batch",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column("token", sa.Uuid(), nullable=False, unique=True),
        sa.Column("from_xid", sa.BigInteger(), nullable=False),
        sa.Column("from_position", sa.BigInteger(), nullable=False),
        sa.Column("to_xid", sa.BigInteger(), nullable=False),
        sa.Column("to_position", sa.BigInteger(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acked_at", sa.DateTime(timezone=True)),
        schema="analytics",
    )
    op.create_index(
        "outbox_batch_open",
        "outbox_batch",
        [sa.text("(acked_at IS NULL)")],
        unique=True,
        schema="analytics",
        postgresql_where=sa.text("acked_at IS NULL"),
    )


def downgrade() -> None:
    op.execute("DROP SCHEMA analytics CASCADE")
