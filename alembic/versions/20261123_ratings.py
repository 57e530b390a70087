"""The ratings schema: the read model of the weekly board."""

import sqlalchemy as sa
from alembic import op

revision = "20261123_ratings"
down_revision = "20261123_training"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SCHEMA ratings")
    op.create_table(
        "ranked_answer",
        sa.Column("user_id", sa.Uuid(), sa.ForeignKey("accounts.user.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("item_id", sa.Uuid(), primary_key=True),
        sa.Column("week", sa.Text(), nullable=False),
        sa.Column("loss_pct", sa.Float(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        schema="ratings",
    )
    op.create_index("ranked_answer_week", "ranked_answer", ["week"], schema="ratings")


def downgrade() -> None:
    op.execute("DROP SCHEMA ratings CASCADE")
