"""Tables of the ratings schema. They are read models: only projectors write them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, DateTime, ForeignKey, Index, Text
from sqlmodel import Field, SQLModel


class RankedAnswer(SQLModel, table=True):
    """What a player lost on one item of a week's ranked set; the key admits one answer to an item.

    ``item_id`` is an item of the training feature, which is above this one: there is no foreign key to it.
    """

    __tablename__ = "ranked_answer"  # pyright: ignore[reportAssignmentType] SQLModel declares an attribute
    __table_args__ = (Index("ranked_answer_week", "week"), {"schema": "ratings"})

    user_id: UUID = Field(sa_column=Column(ForeignKey("accounts.user.id", ondelete="CASCADE"), primary_key=True))
    item_id: UUID = Field(primary_key=True)
    week: str = Field(sa_type=Text)
    loss_pct: float
    answered_at: datetime = Field(sa_type=DateTime(timezone=True))  # pyright: ignore[reportArgumentType]
