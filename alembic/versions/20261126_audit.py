"""The audit trail, a chain that only grows."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261126_audit"
down_revision = "20261125_tokens"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SCHEMA audit")
    op.create_table(
        "entry",
        sa.Column("position", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Uuid()),
        sa.Column("subject_id", sa.Uuid()),
        sa.Column("details", postgresql.JSONB(), nullable=False),
        sa.Column("request_id", sa.Text()),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        schema="audit",
    )
    op.create_index("audit_entry_action", "entry", ["action", "position"], schema="audit")
    op.create_index("audit_entry_actor", "entry", ["actor_id", "position"], schema="audit")
    op.create_index("audit_entry_subject", "entry", ["subject_id", "position"], schema="audit")
    op.execute("""
        CREATE FUNCTION audit.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'the audit trail only grows';
        END $$""")
    op.execute("""
        CREATE TRIGGER entry_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.entry
        FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change()""")


def downgrade() -> None:
    op.execute("DROP SCHEMA audit CASCADE")
