"""Browsers that signed in before."""

from __future__ import annotations

from services.accounts.throttle import is_trusted, trust_device
from services.infra.clock import new_id


async def test_a_device_is_trusted_for_its_own_account_only(redis_server: str) -> None:
    anna, bo = new_id(), new_id()
    device = await trust_device(anna)
    assert device is not None

    assert await is_trusted(device[0], anna)
    assert not await is_trusted(device[0], bo)
    assert not await is_trusted(device[0], None)
    assert not await is_trusted("forged", anna)
