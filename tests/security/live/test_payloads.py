"""Whatever a client can put into an event."""

from __future__ import annotations

import inspect
import re
import time

import pytest
from reflex_base.registry import RegistrationContext

from services.accounts.permissions import Permission
from state.guard import policy_of
from tests.security.conftest import Figure, Scale
from tests.security.live.conftest import Person, Target, visitor
from tests.security.live.raw import RawSocket
from tests.security.live.test_socket import HANDLERS, PACE_S, entries, settle

SOUP: list[object] = [
    *(
        None,
        True,
        0,
        -1,
        0.1,
        1e308,
        2**63,
        "",
        "x",
        "\0",
        "\ud800",
        "A" * 10_000,
        "-0",
        "1e999",
        "NaN",
        "null",
        "٣",
        "🂡",
    ),
    *(
        "'; DROP TABLE x; --",
        "<script>alert(1)</script>",
        "${7*7}",
        "{{7*7}}",
        "../../../etc/passwd",
        "%00",
        "2026-02-30",
    ),
    *("\r\nSet-Cookie: a=b", "javascript:alert(1)", "00000000-0000-0000-0000-000000000000", "[object Object]"),
    *("fold", "check", ["fold"], {"action": "fold"}, [], [[]], [None] * 100, {}, {"a": {"b": {}}}),
    *({"__proto__": {"x": 1}}, {"$ne": None}),
]


@pytest.mark.row("payloads per socket handler")
@pytest.mark.timeout(1700)
def test_no_payload_makes_a_handler_fail_or_is_logged(
    target: Target, people: dict[str, Person], figure: Figure, scale: Scale
) -> None:
    """Each payload carries a mark, which must be nowhere in the log."""
    mark = "canary7f3a"
    per_handler = scale(10, 200)
    handlers = RegistrationContext.ensure_context().event_handlers
    ours = [name for name in HANDLERS if ".tests___" not in name and policy_of(name) is not None]
    ending = re.compile(r"(sign_out|logout|delete|erase)")
    groups: dict[str, list[str]] = {"guest": [], "premium": [], "admin": []}
    for name in ours:
        if not ending.search(name):
            required = policy_of(name)
            role = (
                "admin"
                if required is Permission.ADMIN
                else ("premium" if required in (Permission.MEMBER, Permission.ACCOUNT, Permission.PREMIUM) else "guest")
            )
            groups[role].append(name)
    at = target.log_size
    sent = 0
    for role, names in groups.items():
        person = people[role]
        senders: list[RawSocket] = [
            (visitor(target) if role == "guest" else person).socket() for _ in range(12 if role == "guest" else 1)
        ]
        pause = PACE_S / len(senders)
        for name in names:
            arguments = list(inspect.signature(handlers[name].handler.fn).parameters)[1:]
            for number in range(per_handler):
                value = SOUP[number % len(SOUP)]
                kind = number // len(SOUP) % 5
                payload: object = dict.fromkeys(arguments, value) | (
                    {} if kind == 0 else {mark: value} if kind == 1 else {f"{mark}{number}": mark}
                )
                if kind == 3:
                    payload = [value, mark]
                if kind == 4:
                    payload = {argument: {mark: value} for argument in arguments} | {"x": mark}
                if isinstance(value, str) and kind in (0, 1):
                    payload = dict.fromkeys(arguments, value + mark)
                sender = senders[sent % len(senders)]
                if sender.closed is not None:  # malformed events close a socket after a while
                    senders[sent % len(senders)] = sender = (visitor(target) if role == "guest" else person).socket()
                sender.event(name, payload)
                sent += 1
                time.sleep(pause)
                if sent % 20 == 0:
                    for _ in sender.frames(0.001, 0.05):
                        pass
        for sender in senders:
            sender.close()
    settle(target)
    log = target.log_from(at)
    failed = [*entries(log, "event_failed"), *re.findall(r"Traceback", log)]
    logged = log.count(mark)
    alive = visitor(target).socket().hydrate()
    figure(
        f"{sent} payloads, {per_handler} for each of {sum(map(len, groups.values()))} handlers: "
        f"{len(failed)} unhandled, {logged} values logged",
        passed=not failed and not logged and bool(alive),
    )
