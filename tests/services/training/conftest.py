"""Players and a training service over a small library."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.infra import clock
from services.infra.settings import get_settings
from services.training.ranked import RankedSets
from services.training.service import TrainingService
from tests.services.training.doubles import HashedStrategies, library

Player = Callable[..., Awaitable[UUID]]


async def add_player(db: AsyncSession, role: str = "guest") -> UUID:
    """A row in accounts, as ``ensure_user`` or a registration would write it."""
    user_id = clock.new_id()
    await db.execute(
        text(
            'INSERT INTO accounts."user" (id, role, name, name_key, email, password_hash, version, created_at, '
            "updated_at) "
            "VALUES (:id, CAST(:role AS text), :name, :key, :email, :hash, 0, now(), now())"
        ),
        {
            "id": user_id,
            "role": role,
            "name": f"player {user_id.hex[-6:]}",
            "key": None if role == "guest" else user_id.hex,
            "email": None if role == "guest" else f"{user_id.hex}@example.org",
            "hash": None if role == "guest" else "x",
        },
    )
    return user_id


@pytest.fixture
def strategies() -> HashedStrategies:
    return library()


@pytest.fixture
def training(strategies: HashedStrategies) -> TrainingService:
    return TrainingService(strategies, look_ahead=False)


@pytest.fixture
async def sets(
    training: TrainingService, db: AsyncSession, redis_server: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[RankedSets]:
    """The week's set, of twelve decisions, and the day's."""
    monkeypatch.setenv("MIXLINE_WEEKLY_ITEMS", "12")
    get_settings.cache_clear()
    await training.ranked.prepare()
    yield training.ranked
    monkeypatch.undo()
    get_settings.cache_clear()


@pytest.fixture
async def player(db: AsyncSession) -> UUID:
    return await add_player(db)


@pytest.fixture
async def member(db: AsyncSession) -> UUID:
    return await add_player(db, "free")
