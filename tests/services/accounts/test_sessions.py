"""Sessions in a real Redis."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from services.accounts import sessions
from services.accounts.sessions import COOKIE, SECURE_COOKIE, IssuedSession, Role, SessionsUnavailable, resolve
from services.infra import clock
from services.infra import redis as infra_redis
from services.infra.clock import new_id
from services.infra.errors import Unauthorized
from services.infra.settings import get_settings

pytestmark = pytest.mark.usefixtures("redis_server")


def cookie(issued: IssuedSession) -> str:
    return f"theme=dark; {COOKIE}={issued.secret}"


@pytest.fixture(autouse=True)
def cold_cache() -> Iterator[None]:
    """Each look-up asks Redis."""
    sessions._cache.clear()
    yield
    sessions._cache.clear()


async def test_a_session_is_found_by_its_cookie() -> None:
    issued = await sessions.start(new_id(), Role.FREE, "Anna")

    assert await resolve(cookie(issued)) == issued.principal


@pytest.mark.parametrize(
    "header", [None, "", "a=b", f"{COOKIE}=short", f"{COOKIE}={'x' * 43}", f"{COOKIE}=\x00", "=;=;", "x" * 20_000]
)
async def test_a_missing_or_forged_cookie_is_nobody(header: str | None) -> None:
    await sessions.start_guest()

    assert await resolve(header) is None


async def test_the_secret_is_not_in_redis_and_the_stored_id_is_no_cookie() -> None:
    issued = await sessions.start(new_id(), Role.FREE, "Anna")

    keys = await infra_redis.redis().keys("*")
    values = [await infra_redis.redis().get(key) for key in keys if b":session:" in key]
    assert not [text for text in (*keys, *values) if issued.secret.encode() in text]
    assert await resolve(f"{COOKIE}={issued.principal.session_id}") is None


async def test_an_ended_session_is_nobody_at_once() -> None:
    issued = await sessions.start(new_id(), Role.FREE, "Anna")
    await resolve(cookie(issued))

    await sessions.end(issued.principal)

    assert await resolve(cookie(issued)) is None


async def test_a_session_ended_by_another_process_is_nobody_after_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    issued = await sessions.start(new_id(), Role.FREE, "Anna")
    await resolve(cookie(issued))
    await infra_redis.redis().delete(f"mixline:session:{issued.principal.session_id}")

    start = sessions.monotonic()
    monkeypatch.setattr(sessions, "monotonic", lambda: start + sessions.MICRO_CACHE_S + 0.01)

    assert await resolve(cookie(issued)) is None


async def test_an_unused_session_leaves_redis_after_its_idle_time_and_use_renews_it() -> None:
    issued = await sessions.start_guest()
    key = f"mixline:session:{issued.principal.session_id}"
    assert await infra_redis.redis().ttl(key) <= sessions.UNUSED_GUEST.total_seconds()

    await resolve(cookie(issued))

    assert await infra_redis.redis().ttl(key) > sessions.UNUSED_GUEST.total_seconds()


@pytest.mark.parametrize("role", list(Role))
async def test_a_session_ends_at_its_absolute_end_however_much_it_is_used(role: Role) -> None:
    issued = await sessions.start(new_id(), role, "Anna")
    life = sessions.lifetime(role, remember=False)

    with clock.travel(life.absolute - timedelta(seconds=5)):
        sessions._cache.clear()
        assert await resolve(cookie(issued)) is not None
    with clock.travel(life.absolute + timedelta(seconds=1)):
        assert await resolve(cookie(issued)) is None


async def test_the_last_use_does_not_carry_a_session_beyond_its_end() -> None:
    issued = await sessions.start(new_id(), Role.FREE, "Anna")
    life = sessions.lifetime(Role.FREE, remember=False)

    with clock.travel(life.absolute - timedelta(seconds=100)):
        await resolve(cookie(issued))

    assert await infra_redis.redis().ttl(f"mixline:session:{issued.principal.session_id}") <= 100


async def test_who_stays_signed_in_gets_a_lasting_cookie_but_an_administrator_does_not() -> None:
    remembered = await sessions.start(new_id(), Role.FREE, "Anna", remember=True)
    admin = await sessions.start(new_id(), Role.ADMIN, "Root", remember=True)

    assert remembered.max_age_s == get_settings().session_absolute_hours * 3600
    assert admin.max_age_s is None


async def test_a_flushed_redis_signs_out_and_a_new_session_can_begin() -> None:
    issued = await sessions.start(new_id(), Role.FREE, "Anna")
    await infra_redis.redis().flushdb()
    sessions._cache.clear()

    assert await resolve(cookie(issued)) is None
    assert await resolve(cookie(await sessions.start_guest())) is not None


async def test_a_changed_role_and_name_show_in_every_session_and_in_no_other_users() -> None:
    anna = new_id()
    first, second = await sessions.start(anna, Role.FREE, "Anna"), await sessions.start(anna, Role.FREE, "Anna")
    other = await sessions.start(new_id(), Role.FREE, "Bo")

    await sessions.update_all(anna, role=Role.PREMIUM, name="Anna B")

    for issued in (first, second):
        seen = await resolve(cookie(issued))
        assert seen is not None
        assert (seen.role, seen.name) == (Role.PREMIUM, "Anna B")
    assert await resolve(cookie(other)) == other.principal


async def test_a_remembered_session_that_becomes_an_administrators_is_cut_short() -> None:
    anna = new_id()
    issued = await sessions.start(anna, Role.FREE, "Anna", remember=True)

    await sessions.update_all(anna, role=Role.ADMIN)

    raw = await infra_redis.redis().get(f"mixline:session:{issued.principal.session_id}")
    record = json.loads(raw)
    assert record["ends_at"] - record["started_at"] <= sessions.LIFETIMES[Role.ADMIN].absolute.total_seconds()


async def test_all_sessions_of_a_user_end_together_but_the_one_that_asks() -> None:
    anna = new_id()
    here, there = await sessions.start(anna, Role.FREE, "Anna"), await sessions.start(anna, Role.FREE, "Anna")

    await sessions.end_all(anna, but=here.principal.session_id)

    assert await resolve(cookie(here)) is not None
    assert await resolve(cookie(there)) is None


async def test_without_redis_nobody_is_recognised(no_redis: None) -> None:
    with pytest.raises(SessionsUnavailable):
        await resolve(f"{COOKIE}={'x' * 43}")


async def test_behind_https_a_planted_cookie_without_the_host_prefix_is_ignored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    issued = await sessions.start(new_id(), Role.FREE, "Anna")
    planted = await sessions.start_guest()
    both = f"{COOKIE}={planted.secret}; {SECURE_COOKIE}={issued.secret}"
    assert await resolve(both) == issued.principal

    monkeypatch.setenv("MIXLINE_PUBLIC_URL", "https://poker.example.org")
    get_settings.cache_clear()
    try:
        assert await resolve(f"{COOKIE}={planted.secret}") is None
    finally:
        monkeypatch.undo()
        get_settings.cache_clear()


async def test_a_guest_gets_a_row_when_it_first_plays_and_only_one(db: AsyncSession) -> None:
    guest = (await sessions.start_guest()).principal

    await sessions.ensure_user(db, guest)
    await sessions.ensure_user(db, guest)

    found = await sessions.repository.find(db, guest.user_id)
    assert found is not None
    assert (found.role, found.name) == ("guest", guest.name)


async def test_a_guest_that_has_become_somebody_else_can_not_play_on(db: AsyncSession) -> None:
    guest, account = (await sessions.start_guest()).principal, (await sessions.start_guest()).principal
    await sessions.ensure_user(db, guest)
    await sessions.ensure_user(db, account)
    await sessions.repository.change(db, guest.user_id, merged_into=account.user_id)

    with pytest.raises(Unauthorized):
        await sessions.ensure_user(db, guest)
