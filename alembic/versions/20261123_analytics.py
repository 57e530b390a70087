"""The analytics schema."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "20261123_analytics"
down_revision = "20261123_ratings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SCHEMA analytics")


def downgrade() -> None:
    op.execute("DROP SCHEMA analytics CASCADE")
