"""The ratings schema."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "20261123_ratings"
down_revision = "20261123_training"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SCHEMA ratings")


def downgrade() -> None:
    op.execute("DROP SCHEMA ratings CASCADE")
