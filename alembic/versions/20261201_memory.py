"""Cards of spaced repetition; what history and themes filter by; what a set deals one after the other."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261201_memory"
down_revision = "20261130_drills"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "session",
        sa.Column("queue", postgresql.JSONB(), nullable=False, server_default=sa.text("'[]'::jsonb")),
        schema="training",
    )
    for name in ("situation", "texture", "hand_class"):
        op.add_column("decision", sa.Column(name, sa.Text()), schema="training")
    _classify()
    op.create_index("ix_training_decision_user_loss", "decision", ["user_id", "loss_bb", "id"], schema="training")

    op.execute("CREATE SCHEMA reviews")
    op.create_table(
        "card",
        sa.Column("user_id", sa.Uuid(), primary_key=True),
        sa.Column("family", sa.Text(), primary_key=True),
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("added_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("rated_on", sa.Date(), nullable=False),
        sa.Column("interval", sa.Integer(), nullable=False),
        sa.Column("stability", sa.Float(), nullable=False),
        sa.Column("difficulty", sa.Float(), nullable=False),
        sa.Column("reviews", sa.Integer(), nullable=False),
        sa.Column("lapses", sa.Integer(), nullable=False),
        sa.Column("suspended", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["accounts.user.id"]),
        schema="reviews",
    )
    op.create_index("ix_reviews_card_due", "card", ["user_id", "due_on", "family"], schema="reviews")
    op.create_table(
        "entry",
        sa.Column("user_id", sa.Uuid(), primary_key=True),
        sa.Column("family", sa.Text(), primary_key=True),
        sa.Column("position", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("words", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("decision_id", sa.Uuid()),
        sa.ForeignKeyConstraint(["user_id"], ["accounts.user.id"]),
        schema="reviews",
    )
    op.create_table(
        "hand",
        sa.Column("hand_id", sa.Uuid(), primary_key=True),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("word", sa.Text()),
        sa.ForeignKeyConstraint(["user_id"], ["accounts.user.id"]),
        schema="reviews",
    )
    op.create_index("ix_reviews_hand_review", "hand", ["review_id"], schema="reviews")
    op.create_table(
        "zone",
        sa.Column("user_id", sa.Uuid(), primary_key=True),
        sa.Column("position", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("chosen", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["accounts.user.id"]),
        schema="reviews",
    )


def _classify() -> None:
    """Name the family of every decision that was answered before families had names."""
    from services.training.families import family_of  # noqa: PLC0415 the one rule, not a copy of it
    from solver.cards import COMBO_CARDS  # noqa: PLC0415 as above

    connection = op.get_bind()
    rows = connection.execute(
        sa.text("""
            SELECT d.id, d.line, d.board, h.hero_combo FROM training.decision d
            JOIN training.hand h ON h.id = d.hand_id WHERE d.answered_at IS NOT NULL""")
    ).all()
    for row in rows:
        found = family_of(row.line, row.board, [int(card) for card in COMBO_CARDS[row.hero_combo]])
        connection.execute(
            sa.text(
                "UPDATE training.decision SET situation = :situation, texture = :texture, hand_class = :hand "
                "WHERE id = :id"
            ),
            {"id": row.id, "situation": found.situation, "texture": found.texture, "hand": found.hand},
        )


def downgrade() -> None:
    op.execute("DROP SCHEMA reviews CASCADE")
    op.drop_index("ix_training_decision_user_loss", "decision", schema="training")
    for name in ("situation", "texture", "hand_class"):
        op.drop_column("decision", name, schema="training")
    op.drop_column("session", "queue", schema="training")
