"""The infra schema."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "20261123_infra"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SCHEMA infra")


def downgrade() -> None:
    op.execute("DROP SCHEMA infra CASCADE")
