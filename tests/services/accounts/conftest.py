"""Accounts without HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from services.accounts import service, sessions
from services.accounts.service import Account
from services.accounts.sessions import Principal
from services.infra import rate_limits
from services.infra import redis as infra_redis
from services.infra.settings import get_settings

PASSWORD = "purple wagon eats seventeen"

MakeAccount = Callable[..., Awaitable[Account]]


@pytest.fixture(scope="session")
async def password_hash() -> str:
    """Hashing takes 30 ms and a good part of the suite's memory, so it is done once."""
    return (await service.prepare_registration("hash@example.org", PASSWORD, "Hash")).password_hash


@pytest.fixture
def make_account(db: AsyncSession, password_hash: str) -> MakeAccount:
    async def make(name: str = "Anna", guest: Principal | None = None) -> Account:
        wanted = service.Registration(f"{name.lower()}@example.org", name, password_hash)
        return await service.register(db, guest, wanted)

    return make


@pytest.fixture(autouse=True)
def no_tries_yet() -> None:
    """The process counts tries along with Redis."""
    rate_limits.forget()


@pytest.fixture
async def no_redis(redis_server: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """From here on nothing answers where Redis should be."""
    await infra_redis.close()
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:9/0")
    get_settings.cache_clear()
    sessions._cache.clear()
    rate_limits.forget()
    yield
    await infra_redis.close()
    monkeypatch.undo()
    get_settings.cache_clear()
    rate_limits.forget()
