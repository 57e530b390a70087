"""The accounts schema."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "20261123_accounts"
down_revision = "20261123_infra"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SCHEMA accounts")


def downgrade() -> None:
    op.execute("DROP SCHEMA accounts CASCADE")
