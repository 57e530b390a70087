"""Ranked sets of a week and of a day: drawn and committed to beforehand, on boards that are kept meanwhile."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "20261202_ranked"
down_revision = "20261201_memory"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.rename_table("weekly_set", "ranked_set", schema="training")
    op.rename_table("weekly_item", "ranked_item", schema="training")
    for table in ("session", "hand", "ranked_item"):
        op.alter_column(table, "week", new_column_name="set_id", schema="training")
    op.execute("ALTER INDEX training.uq_training_session_user_week RENAME TO uq_training_session_user_set")
    op.execute(
        "ALTER TABLE training.ranked_item "
        "RENAME CONSTRAINT uq_training_weekly_item_week_number TO uq_training_ranked_item_set_number"
    )
    op.alter_column("ranked_set", "week", new_column_name="id", schema="training")
    op.alter_column("ranked_set", "secret", new_column_name="seed", schema="training")
    op.alter_column("ranked_set", "created_at", new_column_name="published_at", schema="training")
    op.add_column("ranked_set", sa.Column("kind", sa.Text()), schema="training")
    op.add_column("ranked_set", sa.Column("opens_at", MOMENT), schema="training")
    op.add_column("ranked_set", sa.Column("closes_at", MOMENT), schema="training")
    op.add_column("ranked_set", sa.Column("pool", JSONB()), schema="training")
    # Sets of the first version were dealt as people came to them: what was dealt by now is the whole set.
    op.execute("""
        UPDATE training.ranked_set AS one SET kind = 'weekly', opens_at = published_at, pool = '[]',
            closes_at = (to_date(id, 'IYYY-"W"IW') + 7)::timestamp AT TIME ZONE 'UTC',
            items = (SELECT count(*) FROM training.ranked_item AS item WHERE item.set_id = one.id)""")
    for column in ("kind", "opens_at", "closes_at", "pool"):
        op.alter_column("ranked_set", column, nullable=False, schema="training")
    op.create_check_constraint("ranked_set_kind", "ranked_set", "kind IN ('weekly', 'daily')", schema="training")
    op.create_index("ix_training_ranked_set_kind", "ranked_set", ["kind", "opens_at"], schema="training")
    op.add_column("ranked_item", sa.Column("villain_combo", sa.SmallInteger()), schema="training")
    op.execute("ALTER TABLE training.session DROP CONSTRAINT session_ranked_has_week")
    op.execute("ALTER TABLE training.session DROP CONSTRAINT session_mode")
    op.execute("""
        ALTER TABLE training.session
            ADD CONSTRAINT session_mode CHECK (mode IN ('hands', 'drill', 'range', 'ranked', 'daily')),
            ADD CONSTRAINT session_ranked_has_set CHECK ((mode IN ('ranked', 'daily')) = (set_id IS NOT NULL))""")

    op.alter_column("ranked_answer", "week", new_column_name="set_id", schema="ratings")
    op.execute("ALTER INDEX ratings.ranked_answer_week RENAME TO ranked_answer_set")
    for column in ("decisions", "studied"):
        default = "1" if column == "decisions" else "0"
        op.add_column(
            "ranked_answer",
            sa.Column(column, sa.SmallInteger(), nullable=False, server_default=default),
            schema="ratings",
        )
        op.alter_column("ranked_answer", column, server_default=None, schema="ratings")

    op.create_table(
        "kept_board",
        sa.Column("set_id", sa.Text(), primary_key=True),
        sa.Column("board", sa.Text(), primary_key=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("opens_at", MOMENT, nullable=False),
        sa.Column("closes_at", MOMENT, nullable=False),
        schema="solutions",
    )
    op.create_index("ix_solutions_kept_board_time", "kept_board", ["closes_at", "opens_at"], schema="solutions")
    op.create_table(
        "study",
        sa.Column("user_id", sa.Uuid(), primary_key=True),
        sa.Column("board", sa.Text(), primary_key=True),
        sa.Column("kind", sa.Text(), primary_key=True),
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("last_at", MOMENT, nullable=False),
        sa.CheckConstraint("kind IN ('look', 'solve', 'refused')", name="study_kind"),
        schema="solutions",
    )
    op.create_index("ix_solutions_study_time", "study", ["last_at"], schema="solutions")


def downgrade() -> None:
    op.drop_table("study", schema="solutions")
    op.drop_table("kept_board", schema="solutions")

    op.drop_column("ranked_answer", "studied", schema="ratings")
    op.drop_column("ranked_answer", "decisions", schema="ratings")
    op.execute("ALTER INDEX ratings.ranked_answer_set RENAME TO ranked_answer_week")
    op.alter_column("ranked_answer", "set_id", new_column_name="week", schema="ratings")

    # The version before knows nothing of days: their sets become drills of no spot, their items go.
    op.execute("ALTER TABLE training.session DROP CONSTRAINT session_ranked_has_set")
    op.execute("ALTER TABLE training.session DROP CONSTRAINT session_mode")
    op.execute("UPDATE training.hand SET item_id = NULL, set_id = NULL, mode = 'hands' WHERE mode = 'daily'")
    op.execute("UPDATE training.session SET mode = 'hands', set_id = NULL WHERE mode = 'daily'")
    op.execute("""
        ALTER TABLE training.session
            ADD CONSTRAINT session_mode CHECK (mode IN ('hands', 'drill', 'range', 'ranked')),
            ADD CONSTRAINT session_ranked_has_week CHECK ((mode = 'ranked') = (set_id IS NOT NULL))""")
    op.execute("""
        DELETE FROM training.ranked_item AS item USING training.ranked_set AS one
        WHERE one.id = item.set_id AND one.kind = 'daily'""")
    op.execute("DELETE FROM training.ranked_set WHERE kind = 'daily'")
    op.drop_column("ranked_item", "villain_combo", schema="training")
    op.drop_index("ix_training_ranked_set_kind", "ranked_set", schema="training")
    for column in ("kind", "opens_at", "closes_at", "pool"):
        op.drop_column("ranked_set", column, schema="training")
    op.alter_column("ranked_set", "published_at", new_column_name="created_at", schema="training")
    op.alter_column("ranked_set", "seed", new_column_name="secret", schema="training")
    op.alter_column("ranked_set", "id", new_column_name="week", schema="training")
    op.execute(
        "ALTER TABLE training.ranked_item "
        "RENAME CONSTRAINT uq_training_ranked_item_set_number TO uq_training_weekly_item_week_number"
    )
    op.execute("ALTER INDEX training.uq_training_session_user_set RENAME TO uq_training_session_user_week")
    for table in ("session", "hand", "ranked_item"):
        op.alter_column(table, "set_id", new_column_name="week", schema="training")
    op.rename_table("ranked_item", "weekly_item", schema="training")
    op.rename_table("ranked_set", "weekly_set", schema="training")
