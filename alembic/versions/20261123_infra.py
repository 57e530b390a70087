"""The infra schema: the event store."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from services.infra.models import XID8

revision = "20261123_infra"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SCHEMA infra")
    op.create_table(
        "event",
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column("id", sa.Uuid(), nullable=False, unique=True),
        sa.Column("stream_id", sa.Uuid(), nullable=False),
        sa.Column("stream_type", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("payload_version", sa.Integer(), nullable=False),
        sa.Column("payload", postgresql.JSONB(), nullable=False),
        sa.Column("meta", postgresql.JSONB(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("xid", XID8(), nullable=False, server_default=sa.text("pg_current_xact_id()")),
        sa.UniqueConstraint("stream_id", "version", name="event_stream_version"),
        schema="infra",
    )
    op.create_index("event_commit_order", "event", ["xid", "position"], schema="infra")
    op.execute("""
        CREATE FUNCTION infra.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'events are append-only' USING ERRCODE = 'restrict_violation'; END $$
    """)
    op.execute("""
        CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON infra.event
        FOR EACH STATEMENT EXECUTE FUNCTION infra.refuse_change()
    """)


def downgrade() -> None:
    op.execute("DROP SCHEMA infra CASCADE")
