"""A drill of whole hands from one solution."""

import sqlalchemy as sa
from alembic import op

revision = "20261123_drill_solution"
down_revision = "20261123_analytics"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("session", sa.Column("solution_id", sa.Uuid()), schema="training")


def downgrade() -> None:
    op.drop_column("session", "solution_id", schema="training")
