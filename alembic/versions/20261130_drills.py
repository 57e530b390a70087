"""Drills with a plan: kept with the set, saved under a name, and whole ranges painted at once."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "20261130_drills"
down_revision = "20261126_audit"
branch_labels = None
depends_on = None

SCHEMA = "training"


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _modes(*modes: str) -> None:
    op.drop_constraint("session_mode", "session", schema=SCHEMA, type_="check")
    op.create_check_constraint("session_mode", "session", sa.column("mode").in_(modes), schema=SCHEMA)


def upgrade() -> None:
    op.add_column("session", sa.Column("plan", JSONB(none_as_null=True)), schema=SCHEMA)
    op.add_column("session", sa.Column("place", sa.SmallInteger(), nullable=False, server_default="1"), schema=SCHEMA)
    op.alter_column("session", "place", server_default=None, schema=SCHEMA)
    _modes("hands", "drill", "ranked", "range")
    op.create_table(
        "saved_drill",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("user_id", sa.Uuid(), sa.ForeignKey("accounts.user.id"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("plan", JSONB(), nullable=False),
        _moment("created_at"),
        _moment("updated_at"),
        sa.UniqueConstraint("user_id", "name", name="uq_training_saved_drill_user_name"),
        schema=SCHEMA,
    )
    op.create_table(
        "range_item",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("session_id", sa.Uuid(), sa.ForeignKey("training.session.id"), nullable=False),
        sa.Column("user_id", sa.Uuid(), sa.ForeignKey("accounts.user.id"), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("solution_id", sa.Uuid(), nullable=False),
        sa.Column("line", ARRAY(sa.Text()), nullable=False),
        sa.Column("hero", sa.SmallInteger(), nullable=False),
        sa.Column("street", sa.SmallInteger(), nullable=False),
        _moment("offered_at"),
        _moment("answered_at", nullable=True),
        sa.Column("loss_bb", sa.Float()),
        sa.Column("loss_pct", sa.Float()),
        sa.Column("right_share", sa.Float()),
        sa.UniqueConstraint("session_id", "number", name="uq_training_range_item_session_number"),
        schema=SCHEMA,
    )
    op.create_index("ix_training_range_item_user", "range_item", ["user_id", "offered_at"], schema=SCHEMA)


def downgrade() -> None:
    op.drop_table("range_item", schema=SCHEMA)
    op.drop_table("saved_drill", schema=SCHEMA)
    _modes("hands", "drill", "ranked")
    op.drop_column("session", "place", schema=SCHEMA)
    op.drop_column("session", "plan", schema=SCHEMA)
