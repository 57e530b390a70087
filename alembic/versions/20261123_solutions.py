"""The solutions schema."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "20261123_solutions"
down_revision = "20261123_accounts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SCHEMA solutions")


def downgrade() -> None:
    op.execute("DROP SCHEMA solutions CASCADE")
