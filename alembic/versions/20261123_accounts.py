"""The accounts schema."""

import sqlalchemy as sa
from alembic import op

revision = "20261123_accounts"
down_revision = "20261123_infra"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SCHEMA accounts")
    op.create_table(
        "user",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), unique=True),
        sa.Column("email", sa.Text(), unique=True),
        sa.Column("password_hash", sa.Text()),
        sa.Column("merged_into", sa.Uuid(), sa.ForeignKey("accounts.user.id")),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("role IN ('guest', 'free', 'premium', 'admin')", name="user_role"),
        sa.CheckConstraint(
            "(role = 'guest') = (email IS NULL) AND (email IS NULL) = (password_hash IS NULL) "
            "AND (email IS NULL) = (name_key IS NULL)",
            name="user_guest_has_no_credentials",
        ),
        sa.CheckConstraint("merged_into IS NULL OR role = 'guest'", name="user_merged_guest"),
        schema="accounts",
    )
    op.create_index("ix_accounts_user_merged_into", "user", ["merged_into"], schema="accounts")


def downgrade() -> None:
    op.execute("DROP SCHEMA accounts CASCADE")
