"""Raw clients against the socket: other sites, every handler as every role, floods, frames, foreign tokens."""

from __future__ import annotations

import json
import os
import time

import pytest
from reflex_base.registry import RegistrationContext

import app.app
from services.accounts.permissions import Permission
from state.guard import policy_of
from tests.security.conftest import Figure, Scale, Within
from tests.security.live.conftest import ROLES, Person, Target, visitor
from tests.security.live.raw import ROOT, Refused

HANDLERS = sorted(RegistrationContext.ensure_context().event_handlers)
PACE_S = 1 / 12  # below the guard's 15 events a second
assert app.app


def entries(log: str, event: str) -> list[dict[str, object]]:
    """The log's lines of one kind."""
    lines = [line for line in log.splitlines() if f'"{event}"' in line]
    return [json.loads(line) for line in lines]


def settle(target: Target, *, quiet_s: float = 1.0, limit_s: float = 60.0) -> None:
    """Wait until the server logs nothing new."""
    deadline, size = time.monotonic() + limit_s, -1
    while target.log_size != size and time.monotonic() < deadline:
        size = target.log_size
        time.sleep(quiet_s)


@pytest.mark.row("cross-site socket")
def test_a_socket_opens_for_our_own_pages_only(target: Target, figure: Figure) -> None:
    guest = visitor(target)
    host = target.origin.removeprefix("http://")
    evil: list[str | None] = ["https://evil.example", "null", f"{target.origin}.evil.example", None]
    evil += [f"http://evil-{host}", f"http://{host}@evil.example", ""]
    accepted = []
    for origin in evil:
        try:
            guest.socket(origin_header=origin).close()
            accepted.append(origin)
        except Refused:
            continue
    guest.socket().close()
    # Only a handshake is let through to the namespace: not polling, nor a request that only claims to be one.
    others = [
        guest.http.get("/_event/?EIO=4&transport=polling", headers={"Origin": origin}).status_code
        for origin in ("https://evil.example", target.origin)
    ]
    claimed = {"Origin": target.origin, "Upgrade": "websocket"}
    others.append(guest.http.get("/_event/?EIO=4&transport=websocket", headers=claimed).status_code)
    figure(
        f"{len(accepted)} of {len(evil)} foreign origins accepted (polling, claimed upgrade: {others})",
        passed=not accepted and others == [400, 400, 400],
    )


@pytest.mark.row("policy per handler")
@pytest.mark.timeout(900)
def test_every_handler_answers_each_role_as_its_policy_says(
    target: Target, people: dict[str, Person], figure: Figure, scale: Scale
) -> None:
    """Sent with a payload that no handler takes, so that what is allowed fails on its payload and runs nothing."""
    without = [name for name in HANDLERS if policy_of(name) is None and not name.startswith(("reflex", "tests"))]
    ours = [name for name in HANDLERS if ".tests___" not in name]
    reach = {
        Permission.PUBLIC: -1,
        Permission.MEMBER: 1,
        Permission.ACCOUNT: 1,
        Permission.PREMIUM: 2,
        Permission.ADMIN: 3,
    }
    wrong: list[str] = []
    sent = 0
    for rank, role in enumerate((None, *ROLES), start=-1):
        person = people[role] if role else Person(target)
        at = target.log_size
        raw = person.socket()
        for name in ours:
            raw.event(name, {"no such argument": 1})
            sent += 1
            time.sleep(PACE_S)
        settle(target)
        refused = {
            str(line["handler"]) for line in entries(target.log_from(at), "event_refused") if line["reason"] == "policy"
        }
        for name in ours:
            required = policy_of(name)
            allowed = required is not None and rank >= reach.get(required, 0)
            if allowed != (name[-120:] not in refused):
                wrong.append(f"{role}: {name} ({required})")
        raw.close()
    figure(
        f"{len(ours) - len(without)} of {len(ours)} handlers have a policy or are Reflex's own; {sent} raw calls as "
        f"nobody, {', '.join(ROLES)}: {len(wrong)} unlike the matrix {wrong[:3] or ''}",
        passed=not without and not wrong,
    )


@pytest.mark.row("policy per handler")
@pytest.mark.timeout(300)
def test_administration_by_well_formed_events_of_lower_roles_changes_and_tells_nothing(
    target: Target, people: dict[str, Person], figure: Figure
) -> None:
    """What an administrator's own tab sends, in its order, sent by everybody else; then by the administrator."""
    victim = Person(target, f"victim{os.urandom(4).hex()}")
    victim.register()
    user_id = victim.data("GET", "/api/users/me")["id"]
    prefix = next(name for name in HANDLERS if name.endswith(".ask_ban")).rpartition(".")[0]
    overview = [name for name in HANDLERS if "admin" in name and name.endswith(".load")]

    def attack(person: Person) -> str:
        tab = person.socket()
        text = json.dumps(tab.hydrate())
        events: list[tuple[str, dict[str, object]]] = [(name, {}) for name in overview]
        events += [
            (f"{prefix}.find", {"form": {"search": victim.name}}),
            (f"{prefix}.choose", {"user_id": user_id}),
            (f"{prefix}.change_role", {"form": {"role": "premium"}}),
            (f"{prefix}.ask_ban", {}),
            (f"{prefix}.ban", {"form": {"reason": "an attack"}}),
        ]
        for name, payload in events:
            tab.event(name, payload)
            text += "".join(tab.frames(0.4))
        tab.close()
        return text

    told, changed = [], []
    for role in ("guest", "free", "premium"):
        seen = attack(people[role])
        if victim.name in seen or victim.email in seen:
            told.append(role)
        if victim.http.get("/api/users/me").json()["data"].get("role") != "free":
            changed.append(role)
    told_admin = victim.name in attack(people["admin"])
    done = until_refused(victim)
    figure(
        f"{len(overview) + 5} events of administration as guest, free, premium: told {told or 'nobody'}, changed by "
        f"{changed or 'nobody'}; the same as administrator: told {told_admin}, suspended {done}",
        passed=not told and not changed and told_admin and done,
    )


def until_refused(person: Person) -> bool:
    """Whether somebody's session ends now."""
    for _ in range(50):
        if person.http.get("/api/users/me").status_code == 401:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.row("rate limits")
def test_a_flood_closes_the_socket_and_nobody_else_waits(
    target: Target, figure: Figure, scale: Scale, within: Within
) -> None:
    bystander = visitor(target).socket()
    bystander.hydrate()
    flood = visitor(target).socket()
    frames = scale(2_000, 20_000)
    slowest = 0.0
    for number in range(frames):
        flood.event(f"{ROOT}.hydrate")
        if number % (frames // 5) == 0:
            started = time.monotonic()
            bystander.event(f"{ROOT}.set_is_hydrated", {"value": True})
            assert bystander.frame(20) is not None
            slowest = max(slowest, time.monotonic() - started)
    while flood.closed is None and flood.frame(5) is not None:
        pass
    figure(
        f"{frames} frames at once: closed with {flood.closed}; the slowest event of another visitor {slowest:.2f} s",
        passed=flood.closed is not None and within(slowest, 3.0),
    )


@pytest.mark.row("rate limits")
def test_frames_over_the_size_and_unknown_events_close_the_socket(target: Target, figure: Figure) -> None:
    big, binary, unknown = (visitor(target).socket() for _ in range(3))
    big.text("42/_event," + json.dumps(["event", {"name": f"{ROOT}.hydrate", "payload": {"x": "x" * 200_000}}]))
    binary.bytes(b"x" * 200_000)
    for _ in range(30):
        unknown.event("no.such.handler")
    for one in (big, binary):
        while one.closed is None and one.frame(5) is not None:
            pass
    list(unknown.frames())
    unknown.text("40/_event,")
    unknown.event(f"{ROOT}.hydrate")
    answered = list(unknown.frames())
    alive = visitor(target).socket().hydrate()
    figure(
        f"a frame of 200 kB: closed with {big.closed}, binary {binary.closed}; {len(answered)} answers after 30 "
        f"unknown events; a new visitor is served: {bool(alive)}",
        passed=(big.closed, binary.closed) == (1009, 1009) and not answered and bool(alive),
    )


def taken(thief: Person, token: str) -> str:
    """What a socket under somebody else's token is told."""
    try:
        return json.dumps(thief.socket(token=token).hydrate())
    except Refused:
        return ""


@pytest.mark.row("objects of others")
def test_another_users_token_gives_nothing_of_his_state(
    target: Target, people: dict[str, Person], figure: Figure
) -> None:
    """A knows nothing of B's tab but its token, which is enough for Reflex."""
    owner, thief = people["premium"], visitor(target)
    tab = owner.socket()
    shown = json.dumps(tab.hydrate())
    assert owner.name in shown
    seen = [taken(thief, tab.token)]
    tab.close()
    time.sleep(1.0)
    seen.append(taken(thief, tab.token))
    leaked = [text for text in seen if owner.name in text or '"premium"' in text]
    figure(f"state taken over with another user's token, open and closed: {len(leaked)} of 2", passed=not leaked)


@pytest.mark.row("leaks")
def test_no_frame_repeats_a_cookie(target: Target, people: dict[str, Person], figure: Figure) -> None:
    person = people["free"]
    text = json.dumps(person.socket().hydrate())
    values = [one.value for one in person.http.cookies.jar if one.value]
    shown = [value for value in values if value in text]
    figure(f"{len(shown)} of {len(values)} HttpOnly cookies in the frames", passed=not shown and len(values) > 1)
