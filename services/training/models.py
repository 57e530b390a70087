"""Tables of the training schema.

``session``, ``hand`` and ``decision`` are read models: only ``projections`` writes them, and they can be rebuilt from
the events. ``seed`` holds what a running session or hand must hide; ``ranked_set`` and ``ranked_item`` are the
ranked sets of weeks and days, the same for everybody.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import DateTime, Float, Index, LargeBinary, SmallInteger, Table, Text, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

SCHEMA = "training"


def table_of(model: type[SQLModel]) -> Table:
    """The table behind a model, for statements that touch no object in memory."""
    return cast("Table", model.__table__)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]


class SessionRow(SQLModel, table=True):
    """A set of hands."""

    __tablename__ = "session"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index("ix_training_session_user", "user_id", "mode", "started_at"),
        Index("ix_training_session_user_id", "user_id", "id"),
        Index(
            "uq_training_session_user_set",
            "user_id",
            "set_id",
            unique=True,
            postgresql_where=text("set_id IS NOT NULL"),
        ),
        {"schema": SCHEMA},
    )

    id: UUID = Field(primary_key=True)
    user_id: UUID = Field(foreign_key="accounts.user.id")
    mode: str = Field(sa_type=Text)
    set_size: int
    drill: list[UUID] = Field(sa_type=ARRAY(Uuid))  # pyright: ignore[reportArgumentType]
    solution_id: UUID | None
    queue: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSONB)  # pyright: ignore[reportArgumentType]
    set_id: str | None = Field(sa_type=Text)
    plan: dict[str, Any] | None = Field(sa_type=JSONB(none_as_null=True))  # pyright: ignore[reportArgumentType]
    place: int = Field(sa_type=SmallInteger)
    hands: int
    decisions: int
    started_at: datetime = Field(sa_type=DateTime(timezone=True))  # pyright: ignore[reportArgumentType]
    finished_at: datetime | None = Field(sa_type=DateTime(timezone=True))  # pyright: ignore[reportArgumentType]

    @property
    def whole(self) -> bool:
        """Hands are played to their end; else each is one decision. A plan says itself how far."""
        if self.mode == "daily":
            return True
        return self.set_id is None and not self.drill and not self.queue and self.plan is None


class HandRow(SQLModel, table=True):
    """A hand."""

    __tablename__ = "hand"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        UniqueConstraint("session_id", "number", name="uq_training_hand_session_number"),
        Index("ix_training_hand_user", "user_id", "dealt_at"),
        Index("ix_training_hand_finished", "mode", "finished_at"),
        {"schema": SCHEMA},
    )

    id: UUID = Field(primary_key=True)
    session_id: UUID = Field(foreign_key="training.session.id")
    user_id: UUID = Field(foreign_key="accounts.user.id")
    number: int
    mode: str = Field(sa_type=Text)
    whole: bool
    solution_id: UUID
    family: str = Field(sa_type=Text)
    pot_type: str = Field(sa_type=Text)
    positions: list[str] = Field(sa_type=ARRAY(Text))  # pyright: ignore[reportArgumentType]
    big_blind: int
    hero: int = Field(sa_type=SmallInteger)
    hero_combo: int = Field(sa_type=SmallInteger)
    item_id: UUID | None = Field(foreign_key="training.ranked_item.id")
    set_id: str | None = Field(sa_type=Text)
    decisions: int
    loss_bb: float = Field(sa_type=Float)
    result: str | None = Field(sa_type=Text)
    net: int | None
    dealt_at: datetime = Field(sa_type=DateTime(timezone=True))  # pyright: ignore[reportArgumentType]
    finished_at: datetime | None = Field(sa_type=DateTime(timezone=True))  # pyright: ignore[reportArgumentType]


class DecisionRow(SQLModel, table=True):
    """A decision offered to hero and, once answered, its grade."""

    __tablename__ = "decision"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        UniqueConstraint("hand_id", "number", name="uq_training_decision_hand_number"),
        Index("ix_training_decision_session", "session_id", "answered_at"),
        Index("ix_training_decision_user", "user_id", "answered_at"),
        Index("ix_training_decision_user_loss", "user_id", "loss_bb", "id"),
        Index(
            "ix_training_decision_deadline",
            "deadline",
            postgresql_where=text("answered_at IS NULL AND deadline IS NOT NULL"),
        ),
        {"schema": SCHEMA},
    )

    id: UUID = Field(primary_key=True)
    hand_id: UUID = Field(foreign_key="training.hand.id")
    session_id: UUID = Field(foreign_key="training.session.id")
    user_id: UUID = Field(foreign_key="accounts.user.id")
    number: int = Field(sa_type=SmallInteger)
    street: int = Field(sa_type=SmallInteger)
    line: list[str] = Field(sa_type=ARRAY(Text))  # pyright: ignore[reportArgumentType]
    board: list[int] = Field(sa_type=ARRAY(SmallInteger))  # pyright: ignore[reportArgumentType]
    pot: int
    actions: list[str] = Field(sa_type=ARRAY(Text))  # pyright: ignore[reportArgumentType]
    die: int = Field(sa_type=SmallInteger)
    offered_at: datetime = Field(sa_type=DateTime(timezone=True))  # pyright: ignore[reportArgumentType]
    deadline: datetime | None = Field(sa_type=DateTime(timezone=True))  # pyright: ignore[reportArgumentType]
    answered_at: datetime | None = Field(sa_type=DateTime(timezone=True))  # pyright: ignore[reportArgumentType]
    action: str | None = Field(sa_type=Text)
    best_action: str | None = Field(sa_type=Text)
    die_pick: str | None = Field(sa_type=Text)
    grade: str | None = Field(sa_type=Text)
    borderline: bool | None
    timed_out: bool | None
    loss_bb: float | None = Field(sa_type=Float)
    loss_pct: float | None = Field(sa_type=Float)
    difficulty_bb: float | None = Field(sa_type=Float)
    situation: str | None = Field(default=None, sa_type=Text)
    texture: str | None = Field(default=None, sa_type=Text)
    hand_class: str | None = Field(default=None, sa_type=Text)
    retries: int = Field(sa_type=SmallInteger)


class SeedRow(SQLModel, table=True):
    """The seed of a session or a hand, and the combo villain was dealt; never sent to anybody before the hand's end."""

    __tablename__ = "seed"  # pyright: ignore[reportAssignmentType]
    __table_args__ = {"schema": SCHEMA}

    stream_id: UUID = Field(primary_key=True)
    seed: bytes = Field(sa_type=LargeBinary)
    villain_combo: int | None = Field(sa_type=SmallInteger)


class RankedSetRow(SQLModel, table=True):
    """The ranked set of a week or a day: everything in it follows from its seed and its pool.

    ``id`` is the period's name, ``commitment`` was published with the row; the seed is shown once the set is closed.
    """

    __tablename__ = "ranked_set"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (Index("ix_training_ranked_set_kind", "kind", "opens_at"), {"schema": SCHEMA})

    id: str = Field(sa_type=Text, primary_key=True)
    kind: str = Field(sa_type=Text)
    seed: bytes = Field(sa_type=LargeBinary)
    commitment: str = Field(sa_type=Text)
    items: int
    pool: list[dict[str, Any]] = Field(sa_type=JSONB)  # pyright: ignore[reportArgumentType]
    published_at: datetime = Field(sa_type=DateTime(timezone=True))  # pyright: ignore[reportArgumentType]
    opens_at: datetime = Field(sa_type=DateTime(timezone=True))  # pyright: ignore[reportArgumentType]
    closes_at: datetime = Field(sa_type=DateTime(timezone=True))  # pyright: ignore[reportArgumentType]


class RankedItemRow(SQLModel, table=True):
    """One spot of a set, dealt to everybody alike: a decision, or with ``villain_combo`` a hand from the root."""

    __tablename__ = "ranked_item"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        UniqueConstraint("set_id", "number", name="uq_training_ranked_item_set_number"),
        {"schema": SCHEMA},
    )

    id: UUID = Field(primary_key=True)
    set_id: str = Field(sa_type=Text, foreign_key="training.ranked_set.id")
    number: int = Field(sa_type=SmallInteger)
    solution_id: UUID
    line: list[str] = Field(sa_type=ARRAY(Text))  # pyright: ignore[reportArgumentType]
    hero: int = Field(sa_type=SmallInteger)
    hero_combo: int = Field(sa_type=SmallInteger)
    villain_combo: int | None = Field(sa_type=SmallInteger)
    die: int = Field(sa_type=SmallInteger)
    street: int = Field(sa_type=SmallInteger)
    pot_type: str = Field(sa_type=Text)
    difficulty_pct: float = Field(sa_type=Float)


class SavedDrillRow(SQLModel, table=True):
    """A drill that somebody keeps under a name; no read model: what it says now is all there is to know."""

    __tablename__ = "saved_drill"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        UniqueConstraint("user_id", "name", name="uq_training_saved_drill_user_name"),
        {"schema": SCHEMA},
    )

    id: UUID = Field(primary_key=True)
    user_id: UUID = Field(foreign_key="accounts.user.id")
    name: str = Field(sa_type=Text)
    plan: dict[str, Any] = Field(sa_type=JSONB)
    created_at: datetime = Field(sa_type=DateTime(timezone=True))  # pyright: ignore[reportArgumentType]
    updated_at: datetime = Field(sa_type=DateTime(timezone=True))  # pyright: ignore[reportArgumentType]


class RangeItemRow(SQLModel, table=True):
    """A node at which a whole range was asked for and, once painted, what it cost."""

    __tablename__ = "range_item"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        UniqueConstraint("session_id", "number", name="uq_training_range_item_session_number"),
        Index("ix_training_range_item_user", "user_id", "offered_at"),
        {"schema": SCHEMA},
    )

    id: UUID = Field(primary_key=True)
    session_id: UUID = Field(foreign_key="training.session.id")
    user_id: UUID = Field(foreign_key="accounts.user.id")
    number: int = Field(sa_type=SmallInteger)
    solution_id: UUID
    line: list[str] = Field(sa_type=ARRAY(Text))  # pyright: ignore[reportArgumentType]
    hero: int = Field(sa_type=SmallInteger)
    street: int = Field(sa_type=SmallInteger)
    offered_at: datetime = Field(sa_type=DateTime(timezone=True))  # pyright: ignore[reportArgumentType]
    answered_at: datetime | None = Field(sa_type=DateTime(timezone=True))  # pyright: ignore[reportArgumentType]
    loss_bb: float | None = Field(sa_type=Float)
    loss_pct: float | None = Field(sa_type=Float)
    right_share: float | None = Field(sa_type=Float)


SESSION = table_of(SessionRow)
HAND = table_of(HandRow)
DECISION = table_of(DecisionRow)
SEED = table_of(SeedRow)
RANKED_SET = table_of(RankedSetRow)
RANKED_ITEM = table_of(RankedItemRow)
SAVED_DRILL = table_of(SavedDrillRow)
RANGE_ITEM = table_of(RangeItemRow)
