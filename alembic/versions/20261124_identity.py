"""Mail, second factor, linked sign-ins, personal tokens and the end of an account."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261124_identity"
down_revision = "20261123_drill_solution"
branch_labels = None
depends_on = None

S = "accounts"
MOMENT = sa.DateTime(timezone=True)


def user_id(**options):
    return sa.Column("user_id", sa.Uuid(), sa.ForeignKey("accounts.user.id", ondelete="CASCADE"), **options)


def upgrade() -> None:
    for name in ("email_verified_at", "delete_at", "erased_at"):
        op.add_column("user", sa.Column(name, MOMENT), schema=S)
    op.create_index(
        "user_delete_at", "user", ["delete_at"], schema=S, postgresql_where=sa.text("delete_at IS NOT NULL")
    )
    op.drop_constraint("user_guest_has_no_credentials", "user", schema=S, type_="check")
    op.create_check_constraint(
        "user_guest_has_no_credentials",
        "user",
        "(role = 'guest') = (name_key IS NULL) "
        "AND (role <> 'guest' OR (email IS NULL AND password_hash IS NULL AND delete_at IS NULL))",
        schema=S,
    )
    op.create_table(
        "mail_token",
        sa.Column("token_hash", sa.Text(), primary_key=True),
        user_id(nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.CheckConstraint("purpose IN ('verify', 'reset', 'change')", name="mail_token_purpose"),
        schema=S,
    )
    op.create_index("mail_token_user", "mail_token", ["user_id", "purpose"], schema=S)
    op.create_table(
        "pending_registration",
        sa.Column("token_hash", sa.Text(), primary_key=True),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("guest_id", sa.Uuid()),
        sa.Column("expires_at", MOMENT, nullable=False),
        schema=S,
    )
    op.create_table(
        "mail_request",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("password_hash", sa.Text()),
        sa.Column("guest_id", sa.Uuid()),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("purpose IN ('register', 'reset')", name="mail_request_purpose"),
        schema=S,
    )
    op.create_table(
        "second_factor",
        user_id(primary_key=True),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("enabled_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        schema=S,
    )
    op.create_table(
        "recovery_code",
        user_id(primary_key=True),
        sa.Column("code_hash", sa.Text(), primary_key=True),
        schema=S,
    )
    op.create_table(
        "identity",
        sa.Column("id", sa.Uuid(), primary_key=True),
        user_id(nullable=False, index=True),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("linked_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT),
        sa.UniqueConstraint("issuer", "subject", name="identity_issuer_subject"),
        schema=S,
    )
    op.create_table(
        "api_token",
        sa.Column("id", sa.Uuid(), primary_key=True),
        user_id(nullable=False, index=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False, unique=True),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT),
        schema=S,
    )
    op.execute("CREATE SCHEMA mail")
    op.create_table(
        "outbox",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False, index=True),
        sa.Column("created_at", MOMENT, nullable=False),
        schema="mail",
    )
    op.create_index("event_user", "event", [sa.text("(meta ->> 'user_id')"), "position"], schema="infra")


def downgrade() -> None:
    op.drop_index("event_user", "event", schema="infra")
    op.execute("DROP SCHEMA mail CASCADE")
    op.execute(
        "DROP TABLE accounts.api_token, accounts.identity, accounts.recovery_code, accounts.second_factor, "
        "accounts.mail_request, accounts.pending_registration, accounts.mail_token"
    )
    op.drop_constraint("user_guest_has_no_credentials", "user", schema=S, type_="check")
    op.execute("DELETE FROM accounts.\"user\" WHERE role <> 'guest' AND (email IS NULL OR password_hash IS NULL)")
    op.create_check_constraint(
        "user_guest_has_no_credentials",
        "user",
        "(role = 'guest') = (email IS NULL) AND (email IS NULL) = (password_hash IS NULL) "
        "AND (email IS NULL) = (name_key IS NULL)",
        schema=S,
    )
    op.drop_index("user_delete_at", "user", schema=S)
    for name in ("erased_at", "delete_at", "email_verified_at"):
        op.drop_column("user", name, schema=S)
