"""Tables of the ratings schema. They are read models: only projectors write them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, DateTime, ForeignKey, Index, SmallInteger, Text
from sqlmodel import Field, SQLModel


class RankedAnswer(SQLModel, table=True):
    """What a player lost on one spot of a ranked set: one decision of a week's, all decisions of a hand of a day's.

    ``loss_pct`` is the sum over ``decisions``; ``studied`` of them were on a board whose solution the player had seen.

    ``item_id`` is an item of the training feature, which is above this one: there is no foreign key to it.
    """

    __tablename__ = "ranked_answer"  # pyright: ignore[reportAssignmentType] SQLModel declares an attribute
    __table_args__ = (Index("ranked_answer_set", "set_id"), {"schema": "ratings"})

    user_id: UUID = Field(sa_column=Column(ForeignKey("accounts.user.id", ondelete="CASCADE"), primary_key=True))
    item_id: UUID = Field(primary_key=True)
    set_id: str = Field(sa_type=Text)
    loss_pct: float
    decisions: int = Field(sa_type=SmallInteger)
    studied: int = Field(sa_type=SmallInteger)
    answered_at: datetime = Field(sa_type=DateTime(timezone=True))  # pyright: ignore[reportArgumentType]
