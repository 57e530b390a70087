"""The training schema."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "20261123_training"
down_revision = "20261123_solutions"
branch_labels = None
depends_on = None

SCHEMA = "training"


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.execute("CREATE SCHEMA training")
    op.create_table(
        "seed",
        sa.Column("stream_id", sa.Uuid(), primary_key=True),
        sa.Column("seed", sa.LargeBinary(), nullable=False),
        sa.Column("villain_combo", sa.SmallInteger()),
        schema=SCHEMA,
    )
    op.create_table(
        "weekly_set",
        sa.Column("week", sa.Text(), primary_key=True),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("commitment", sa.Text(), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        _moment("created_at"),
        schema=SCHEMA,
    )
    op.create_table(
        "weekly_item",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("week", sa.Text(), sa.ForeignKey("training.weekly_set.week"), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("solution_id", sa.Uuid(), nullable=False),
        sa.Column("line", ARRAY(sa.Text()), nullable=False),
        sa.Column("hero", sa.SmallInteger(), nullable=False),
        sa.Column("hero_combo", sa.SmallInteger(), nullable=False),
        sa.Column("die", sa.SmallInteger(), nullable=False),
        sa.Column("street", sa.SmallInteger(), nullable=False),
        sa.Column("pot_type", sa.Text(), nullable=False),
        sa.Column("difficulty_pct", sa.Float(), nullable=False),
        sa.UniqueConstraint("week", "number", name="uq_training_weekly_item_week_number"),
        schema=SCHEMA,
    )
    op.create_table(
        "session",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("user_id", sa.Uuid(), sa.ForeignKey("accounts.user.id"), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("set_size", sa.Integer(), nullable=False),
        sa.Column("drill", ARRAY(sa.Uuid()), nullable=False),
        sa.Column("week", sa.Text()),
        sa.Column("hands", sa.Integer(), nullable=False),
        sa.Column("decisions", sa.Integer(), nullable=False),
        _moment("started_at"),
        _moment("finished_at", nullable=True),
        sa.CheckConstraint("mode IN ('hands', 'drill', 'ranked')", name="session_mode"),
        sa.CheckConstraint("(mode = 'ranked') = (week IS NOT NULL)", name="session_ranked_has_week"),
        schema=SCHEMA,
    )
    op.create_index("ix_training_session_user", "session", ["user_id", "mode", "started_at"], schema=SCHEMA)
    op.create_index("ix_training_session_user_id", "session", ["user_id", "id"], schema=SCHEMA)
    op.create_index(
        "uq_training_session_user_week",
        "session",
        ["user_id", "week"],
        unique=True,
        schema=SCHEMA,
        postgresql_where=sa.text("week IS NOT NULL"),
    )
    op.create_table(
        "hand",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("session_id", sa.Uuid(), sa.ForeignKey("training.session.id"), nullable=False),
        sa.Column("user_id", sa.Uuid(), sa.ForeignKey("accounts.user.id"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("solution_id", sa.Uuid(), nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("pot_type", sa.Text(), nullable=False),
        sa.Column("positions", ARRAY(sa.Text()), nullable=False),
        sa.Column("big_blind", sa.Integer(), nullable=False),
        sa.Column("hero", sa.SmallInteger(), nullable=False),
        sa.Column("hero_combo", sa.SmallInteger(), nullable=False),
        sa.Column("item_id", sa.Uuid(), sa.ForeignKey("training.weekly_item.id")),
        sa.Column("week", sa.Text()),
        sa.Column("decisions", sa.Integer(), nullable=False),
        sa.Column("loss_bb", sa.Float(), nullable=False),
        sa.Column("result", sa.Text()),
        sa.Column("net", sa.Integer()),
        _moment("dealt_at"),
        _moment("finished_at", nullable=True),
        sa.UniqueConstraint("session_id", "number", name="uq_training_hand_session_number"),
        sa.CheckConstraint("hero IN (0, 1)", name="hand_hero"),
        schema=SCHEMA,
    )
    op.create_index("ix_training_hand_user", "hand", ["user_id", "dealt_at"], schema=SCHEMA)
    op.create_index("ix_training_hand_finished", "hand", ["mode", "finished_at"], schema=SCHEMA)
    op.create_table(
        "decision",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("hand_id", sa.Uuid(), sa.ForeignKey("training.hand.id"), nullable=False),
        sa.Column("session_id", sa.Uuid(), sa.ForeignKey("training.session.id"), nullable=False),
        sa.Column("user_id", sa.Uuid(), sa.ForeignKey("accounts.user.id"), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("street", sa.SmallInteger(), nullable=False),
        sa.Column("line", ARRAY(sa.Text()), nullable=False),
        sa.Column("board", ARRAY(sa.SmallInteger()), nullable=False),
        sa.Column("pot", sa.Integer(), nullable=False),
        sa.Column("actions", ARRAY(sa.Text()), nullable=False),
        sa.Column("die", sa.SmallInteger(), nullable=False),
        _moment("offered_at"),
        _moment("deadline", nullable=True),
        _moment("answered_at", nullable=True),
        sa.Column("action", sa.Text()),
        sa.Column("best_action", sa.Text()),
        sa.Column("die_pick", sa.Text()),
        sa.Column("grade", sa.Text()),
        sa.Column("borderline", sa.Boolean()),
        sa.Column("timed_out", sa.Boolean()),
        sa.Column("loss_bb", sa.Float()),
        sa.Column("loss_pct", sa.Float()),
        sa.Column("difficulty_bb", sa.Float()),
        sa.Column("retries", sa.SmallInteger(), nullable=False),
        sa.UniqueConstraint("hand_id", "number", name="uq_training_decision_hand_number"),
        sa.CheckConstraint(
            "(answered_at IS NULL) = (action IS NULL) AND (action IS NULL) = (grade IS NULL)",
            name="decision_answered_has_grade",
        ),
        sa.CheckConstraint("loss_bb >= 0", name="decision_loss_not_negative"),
        schema=SCHEMA,
    )
    op.create_index("ix_training_decision_session", "decision", ["session_id", "answered_at"], schema=SCHEMA)
    op.create_index("ix_training_decision_user", "decision", ["user_id", "answered_at"], schema=SCHEMA)
    op.create_index(
        "ix_training_decision_deadline",
        "decision",
        ["deadline"],
        schema=SCHEMA,
        postgresql_where=sa.text("answered_at IS NULL AND deadline IS NOT NULL"),
    )


def downgrade() -> None:
    op.execute("DROP SCHEMA training CASCADE")
