"""Sessions come and go; the last module, because it signs everybody out."""

from __future__ import annotations

import os

import pytest
from redis import Redis

from tests.security.conftest import Figure
from tests.security.live.conftest import Person, Target, visitor
from tests.security.live.test_sessions import ME, until


@pytest.mark.row("sessions")
def test_sessions_are_new_at_sign_in_end_alone_and_go_with_redis(target: Target, figure: Figure) -> None:
    person = visitor(target)
    before = person.http.cookies["mixline_refresh"].split(".")[0]
    person.name = f"member{os.urandom(4).hex()}"
    person.register()
    after = person.http.cookies["mixline_refresh"].split(".")[0]
    second = Person(target, person.name)
    assert second.sign_in().status_code == 200
    listed = person.data("GET", "/api/auth/sessions")["items"]
    other = next(one for one in listed if not one["current"])
    person.data("DELETE", f"/api/auth/sessions/{other['id']}")
    ended = until(lambda: second.http.get(ME).status_code == 401)
    store = Redis.from_url(target.urls()["REDIS_URL"])
    ttls = [store.ttl(key) for key in store.scan_iter("mixline:session:*")]
    store.flushdb()
    flushed = until(lambda: person.http.get(ME).status_code == 401)
    store.close()
    again = person.sign_in()
    figure(
        f"a new id at sign-in: {before != after}; {len(listed)} listed, one ended after {ended:.1f} s; every session "
        f"in Redis has a TTL: {min(ttls) > 0}; Redis flushed: signed out after {flushed:.1f} s, signing in again: "
        f"{again.status_code}",
        passed=before != after and len(listed) == 2 and min(ttls) > 0 and again.status_code == 200,
    )
