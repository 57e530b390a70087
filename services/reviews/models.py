"""Tables of the reviews schema: read models, written by ``projections`` alone and rebuilt from the events."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Float, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

SCHEMA = "reviews"


class CardRow(SQLModel, table=True):
    """A family that the player has to work on; see ``schedule.CardState``."""

    __tablename__ = "card"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (Index("ix_reviews_card_due", "user_id", "due_on", "family"), {"schema": SCHEMA})

    user_id: UUID = Field(foreign_key="accounts.user.id", primary_key=True)
    family: str = Field(sa_type=Text, primary_key=True)
    decision_id: UUID
    added_on: date
    due_on: date
    rated_on: date
    interval: int
    stability: float = Field(sa_type=Float)
    difficulty: float = Field(sa_type=Float)
    reviews: int
    lapses: int
    suspended: bool


class EntryRow(SQLModel, table=True):
    """Something that happened to a card, by the position of the event that told it."""

    __tablename__ = "entry"  # pyright: ignore[reportAssignmentType]
    __table_args__ = ({"schema": SCHEMA},)

    user_id: UUID = Field(foreign_key="accounts.user.id", primary_key=True)
    family: str = Field(sa_type=Text, primary_key=True)
    position: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    on: date
    at: datetime = Field(sa_type=DateTime(timezone=True))  # pyright: ignore[reportArgumentType]
    kind: str = Field(sa_type=Text)
    words: list[str] = Field(sa_type=ARRAY(Text))  # pyright: ignore[reportArgumentType]
    decision_id: UUID | None


class ReviewHandRow(SQLModel, table=True):
    """One of the three decisions of a review; ``word`` is its grade once it was answered."""

    __tablename__ = "hand"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (Index("ix_reviews_hand_review", "review_id"), {"schema": SCHEMA})

    hand_id: UUID = Field(primary_key=True)
    review_id: UUID
    user_id: UUID = Field(foreign_key="accounts.user.id")
    family: str = Field(sa_type=Text)
    word: str | None = Field(sa_type=Text)


class ZoneRow(SQLModel, table=True):
    """Since which event a player is in a time zone; ``chosen`` by hand, else the browser said so."""

    __tablename__ = "zone"  # pyright: ignore[reportAssignmentType]
    __table_args__ = ({"schema": SCHEMA},)

    user_id: UUID = Field(foreign_key="accounts.user.id", primary_key=True)
    position: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    zone: str = Field(sa_type=Text)
    chosen: bool
