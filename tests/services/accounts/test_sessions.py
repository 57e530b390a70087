"""Sessions in a real Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from services.accounts import access_tokens, refresh_tokens, session_records, sessions
from services.accounts.principals import Role
from services.accounts.sessions import COOKIE, IssuedSession, RefreshReused, SessionsUnavailable, resolve
from services.infra import clock
from services.infra import redis as infra_redis
from services.infra.clock import new_id
from services.infra.errors import Unauthorized
from services.infra.settings import get_settings

pytestmark = pytest.mark.usefixtures("redis_server")


def cookie(issued: IssuedSession) -> str:
    return f"theme=dark; {issued.cookie_header}"


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
    values = [str(await infra_redis.redis().hgetall(key)) for key in keys if b":session:" in key]
    assert len(values) == 1
    for secret in issued.refresh.split("."):
        assert not [text for text in (*map(str, keys), *values) if secret in text]
    assert await resolve(f"{COOKIE}={issued.principal.session_id}") is None
    assert await sessions.refresh(f"mixline_refresh={issued.principal.session_id}") is None


async def test_an_ended_session_is_nobody_at_once() -> None:
    issued = await sessions.start(new_id(), Role.FREE, "Anna")
    await resolve(cookie(issued))

    await sessions.end(issued.principal)

    assert await resolve(cookie(issued)) is None


async def test_a_session_ended_by_another_process_is_nobody_after_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    issued = await sessions.start(new_id(), Role.FREE, "Anna")
    await resolve(cookie(issued))
    await infra_redis.redis().delete(sessions.KEY + issued.principal.session_id)

    start = sessions.monotonic()
    monkeypatch.setattr(sessions, "monotonic", lambda: start + sessions.MICRO_CACHE_S + 0.01)

    assert await resolve(cookie(issued)) is None


async def test_an_unused_session_leaves_redis_after_its_idle_time_and_use_renews_it() -> None:
    issued = await sessions.start_guest()
    key = sessions.KEY + issued.principal.session_id
    assert await infra_redis.redis().ttl(key) <= sessions.UNUSED_GUEST.total_seconds()

    await resolve(cookie(issued))

    assert await infra_redis.redis().ttl(key) > sessions.UNUSED_GUEST.total_seconds()


@pytest.mark.parametrize("role", list(Role))
async def test_a_session_ends_at_its_absolute_end_however_much_it_is_used(role: Role) -> None:
    issued = await sessions.start(new_id(), role, "Anna")
    life = sessions.lifetime(role, remember=False)

    with clock.travel(life.absolute - timedelta(seconds=5)):
        sessions._cache.clear()
        renewed = await sessions.refresh(cookie(issued))
        assert renewed is not None
        assert await resolve(cookie(renewed)) is not None
    with clock.travel(life.absolute + timedelta(seconds=1)):
        assert await resolve(cookie(renewed)) is None
        assert await sessions.refresh(cookie(renewed)) is None


async def test_the_last_use_does_not_carry_a_session_beyond_its_end() -> None:
    issued = await sessions.start(new_id(), Role.FREE, "Anna")
    life = sessions.lifetime(Role.FREE, remember=False)

    with clock.travel(life.absolute - timedelta(seconds=100)):
        assert await sessions.refresh(cookie(issued)) is not None

    assert await infra_redis.redis().ttl(sessions.KEY + issued.principal.session_id) <= 100


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

    record = await infra_redis.redis().hgetall(sessions.KEY + issued.principal.session_id)  # type: ignore[misc]
    lasts = float(record[b"ends_at"]) - float(record[b"started_at"])
    assert lasts <= sessions.LIFETIMES[Role.ADMIN].absolute.total_seconds()


async def test_all_sessions_of_a_user_end_together_but_the_one_that_asks() -> None:
    anna = new_id()
    here, there = await sessions.start(anna, Role.FREE, "Anna"), await sessions.start(anna, Role.FREE, "Anna")

    await sessions.end_all(anna, but=here.principal.session_id)

    assert await resolve(cookie(here)) is not None
    assert await resolve(cookie(there)) is None


async def test_without_redis_nobody_is_recognised(no_redis: None) -> None:
    token = access_tokens.issue(new_id(), "ab" * 32, "free", ends_at=clock.now().timestamp() + 60)
    with pytest.raises(SessionsUnavailable):
        await resolve(f"{COOKIE}={token}")


async def test_behind_https_a_planted_cookie_without_the_host_prefix_is_ignored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    issued = await sessions.start(new_id(), Role.FREE, "Anna")
    planted = await sessions.start_guest()
    both = f"{COOKIE}={planted.access}; __Host-{COOKIE}={issued.access}"
    assert await resolve(both) == issued.principal

    monkeypatch.setenv("MIXLINE_PUBLIC_URL", "https://poker.example.org")
    get_settings.cache_clear()
    try:
        assert await resolve(f"{COOKIE}={planted.access}") is None
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


async def test_a_refresh_gives_new_tokens_of_the_same_session() -> None:
    issued = await sessions.start(new_id(), Role.FREE, "Anna", remember=True)

    renewed = await sessions.refresh(cookie(issued))

    assert renewed is not None
    assert renewed.refresh != issued.refresh
    assert renewed.principal == issued.principal
    assert renewed.max_age_s is not None
    assert await resolve(cookie(renewed)) == issued.principal


@pytest.mark.parametrize("generations", [1, 2, 5])
async def test_a_replaced_refresh_token_ends_the_session_for_everybody(
    generations: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued = await sessions.start(new_id(), Role.FREE, "Anna")
    monkeypatch.setenv("MIXLINE_REFRESH_GRACE_S", "1")
    get_settings.cache_clear()
    newest = issued
    for _ in range(generations):
        newest = await sessions.refresh(cookie(newest)) or pytest.fail("ended too early")
    await asyncio.sleep(1.05)

    with pytest.raises(RefreshReused) as reused:
        await sessions.refresh(cookie(issued))

    assert reused.value.user_id == issued.principal.user_id
    assert await resolve(cookie(newest)) is None
    assert await sessions.refresh(cookie(newest)) is None
    assert await session_records.list_of(issued.principal.user_id) == []
    monkeypatch.undo()
    get_settings.cache_clear()


async def test_within_the_grace_any_replaced_token_gives_the_present_one() -> None:
    issued = await sessions.start(new_id(), Role.FREE, "Anna")
    second = await sessions.refresh(cookie(issued))
    assert second is not None
    third = await sessions.refresh(cookie(second))
    assert third is not None

    again = [await sessions.refresh(cookie(one)) for one in (issued, second)]

    assert [one.refresh for one in again if one] == [third.refresh, third.refresh]


async def test_two_tabs_that_refresh_a_thousand_times_stay_signed_in() -> None:
    """Both share one cookie jar, as tabs do, and do not wait for each other."""
    issued = await sessions.start(new_id(), Role.FREE, "Anna")
    jar = {"cookie": cookie(issued)}
    lost = 0

    async def tab() -> None:
        nonlocal lost
        for _ in range(500):
            renewed = await sessions.refresh(jar["cookie"])
            if renewed is None:
                lost += 1
            else:
                jar["cookie"] = cookie(renewed)

    await asyncio.gather(tab(), tab())

    assert lost == 0
    assert await resolve(jar["cookie"]) == issued.principal


async def test_a_made_up_refresh_token_ends_nobodys_session() -> None:
    issued = await sessions.start(new_id(), Role.FREE, "Anna")
    stranger = refresh_tokens.new_family()

    assert await sessions.refresh(f"mixline_refresh={stranger.token}") is None
    assert await sessions.refresh(f"mixline_refresh={issued.principal.session_id}") is None
    assert await resolve(cookie(issued)) is not None


async def test_a_handshake_is_content_with_the_refresh_token_and_leaves_it_as_it_is() -> None:
    issued = await sessions.start(new_id(), Role.FREE, "Anna")
    only = f"mixline_refresh={issued.refresh}"

    assert await sessions.holder(only) == issued.principal
    renewed = await sessions.refresh(only)

    assert renewed is not None
    assert renewed.refresh != issued.refresh


async def test_a_ticket_is_its_sessions_and_nobody_can_make_one() -> None:
    issued = await sessions.start(new_id(), Role.FREE, "Anna")
    ticket = sessions.ticket_of(issued.principal.session_id)
    other = (await sessions.start_guest()).principal.session_id

    assert await resolve(ticket) == issued.principal
    assert await resolve(ticket.replace(issued.principal.session_id, other)) is None
    assert await resolve(f"mixline_ticket={other}.") is None
    assert await resolve(f"mixline_ticket={other}.{'0' * 64}") is None
    await sessions.end(issued.principal)
    assert await resolve(ticket) is None


async def test_ones_sessions_are_listed_with_where_they_were_opened_and_end_one_by_one() -> None:
    anna = new_id()
    here = await sessions.start(anna, Role.FREE, "Anna", device="Firefox", address="192.0.2.1")
    there = await sessions.start(anna, Role.FREE, "Anna", device="Safari", second_factor=True)
    await sessions.start(new_id(), Role.FREE, "Bo")

    listed = {one.id: one for one in await session_records.list_of(anna)}

    assert set(listed) == {here.principal.session_id, there.principal.session_id}
    assert (listed[here.principal.session_id].device, listed[here.principal.session_id].address) == (
        "Firefox",
        "192.0.2.1",
    )
    assert listed[there.principal.session_id].second_factor
    assert await sessions.end_one(anna, there.principal.session_id)
    assert not await sessions.end_one(anna, there.principal.session_id)
    assert not await sessions.end_one(new_id(), here.principal.session_id)
    assert [one.id for one in await session_records.list_of(anna)] == [here.principal.session_id]


async def test_an_ended_session_is_not_renewed() -> None:
    issued = await sessions.start(new_id(), Role.FREE, "Anna")
    await sessions.end(issued.principal)

    with pytest.raises(Unauthorized):
        await sessions.renew_with_second_factor(issued.principal)

    assert not await infra_redis.redis().exists(sessions.KEY + issued.principal.session_id)


async def test_a_session_goes_on_under_a_new_id_with_the_second_factor_that_was_set_up_in_it() -> None:
    anna = new_id()
    issued = await sessions.start(anna, Role.ADMIN, "Root", device="Firefox")
    before = await infra_redis.redis().hgetall(sessions.KEY + issued.principal.session_id)
    left_s = await infra_redis.redis().ttl(sessions.KEY + issued.principal.session_id)

    renewed = await sessions.renew_with_second_factor(issued.principal)

    seen = await resolve(cookie(renewed))
    assert seen is not None
    assert seen.second_factor
    assert await resolve(cookie(issued)) is None
    after = await infra_redis.redis().hgetall(sessions.KEY + renewed.principal.session_id)
    changed = {b"refresh", b"sealed", b"second_factor"}
    assert {key: after[key] for key in after.keys() - changed} == {key: before[key] for key in before.keys() - changed}
    assert await infra_redis.redis().ttl(sessions.KEY + renewed.principal.session_id) in (left_s, left_s - 1)
    assert [one.id for one in await session_records.list_of(anna)] == [renewed.principal.session_id]
    again = await sessions.refresh(renewed.cookie_header)
    assert again is not None
    assert again.principal.session_id == renewed.principal.session_id


async def test_a_second_factor_that_is_turned_off_counts_in_no_session() -> None:
    anna = new_id()
    issued = await sessions.start(anna, Role.ADMIN, "Anna", second_factor=True)
    await resolve(cookie(issued))

    await sessions.update_all(anna, second_factor=False)

    seen = await resolve(cookie(issued))
    assert seen is not None
    assert not seen.second_factor


async def test_an_account_has_so_many_sessions_and_another_ends_the_one_used_least_lately() -> None:
    owner, moment = new_id(), timedelta(minutes=5)
    first = await sessions.start(owner, Role.FREE, "Anna")
    for _ in range(sessions.MOST_OF_ONE - 1):
        await sessions.start(owner, Role.FREE, "Anna")
    assert len(await session_records.list_of(owner)) == sessions.MOST_OF_ONE
    with clock.travel(moment):
        await infra_redis.redis().expire(session_records.KEY + first.principal.session_id, 60)  # unused for long
        newest = await sessions.start(owner, Role.FREE, "Anna")
        assert await resolve(cookie(newest)) == newest.principal

    assert len(await session_records.list_of(owner)) == sessions.MOST_OF_ONE
    assert await resolve(cookie(first)) is None
