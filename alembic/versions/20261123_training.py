"""The training schema."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "20261123_training"
down_revision = "20261123_solutions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SCHEMA training")


def downgrade() -> None:
    op.execute("DROP SCHEMA training CASCADE")
