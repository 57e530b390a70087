"""Accounts can be banned."""

import sqlalchemy as sa
from alembic import op

revision = "20261125_tokens"
down_revision = "20261124_identity"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("user", sa.Column("banned_at", sa.DateTime(timezone=True)), schema="accounts")
    op.add_column("user", sa.Column("ban_reason", sa.Text()), schema="accounts")


def downgrade() -> None:
    op.drop_column("user", "ban_reason", schema="accounts")
    op.drop_column("user", "banned_at", schema="accounts")
