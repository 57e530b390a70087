"""Clients that send a little at a time, to hold what a server has for everybody."""

from __future__ import annotations

import select
import socket
import time
from urllib.parse import urlsplit

import httpx
import pytest

from app.api.middleware import BODY_S
from tests.security.conftest import Figure, Scale
from tests.security.live.conftest import Person, Target, visitor

HEADER_S = 30.0
"""granian's own limit, see `./mixline up`."""


def connect(target: Target, person: Person, begun: str) -> socket.socket:
    """A connection that has sent the beginning of a request."""
    port = urlsplit(target.origin).port or 80
    opened = socket.create_connection(("127.0.0.1", port), 10, (person.address, 0))
    opened.sendall(begun.encode())
    return opened


def trickle(connections: list[socket.socket], piece: bytes, limit_s: float) -> tuple[list[float], list[bytes]]:
    """Send a piece each second until the server ends it; when each ended, and what it said."""
    started = time.monotonic()
    ended: list[float] = []
    said: list[bytes] = []
    left = list(connections)
    while left and time.monotonic() - started < limit_s:
        readable, _, _ = select.select(left, [], [], 1.0)
        for one in readable:
            try:
                said.append(one.recv(65_536))
            except OSError:
                said.append(b"")
            ended.append(time.monotonic() - started)
            left.remove(one)
        for one in list(left):
            try:
                one.sendall(piece)
            except OSError:
                ended.append(time.monotonic() - started)
                said.append(b"")
                left.remove(one)
    for one in connections:
        one.close()
    return ended, said


@pytest.mark.row("rate limits")
@pytest.mark.timeout(300)
def test_slow_headers_are_cut_off_and_nobody_else_waits(target: Target, figure: Figure, scale: Scale) -> None:
    count = scale(20, 200)
    person = visitor(target)
    host = urlsplit(target.origin).netloc
    slow = [connect(target, person, f"GET / HTTP/1.1\r\nHost: {host}\r\nX-Slow: ") for _ in range(count)]
    others = [httpx.get(f"{target.origin}/health/live", timeout=20).status_code for _ in range(10)]
    ended, said = trickle(slow, b"x", 3 * HEADER_S)
    served = [one for one in said if b" 200 " in one.split(b"\r\n", 1)[0]]
    figure(
        f"{count} connections with a byte of their headers a second: {len(ended)} ended by the server, the last after "
        f"{max(ended, default=0):.0f} s; others meanwhile: {set(others)}",
        passed=len(ended) == count and not served and set(others) == {200},
    )


@pytest.mark.row("uploads")
@pytest.mark.timeout(300)
def test_slow_bodies_are_cut_off_and_nobody_else_waits(target: Target, figure: Figure, scale: Scale) -> None:
    count = scale(10, 100)
    person = visitor(target)
    lines = [
        "POST /api/auth/login HTTP/1.1", f"Host: {urlsplit(target.origin).netloc}", f"Origin: {target.origin}",
        f"X-CSRF-Token: {person.token()}", "Sec-Fetch-Site: same-origin", f"Cookie: {person.cookie}",
        "Content-Type: application/json", "Content-Length: 1000", "", "{",
    ]  # fmt: skip
    slow = [connect(target, person, "\r\n".join(lines)) for _ in range(count)]
    others = [httpx.get(f"{target.origin}/health/live", timeout=20).status_code for _ in range(10)]
    ended, said = trickle(slow, b" ", 3 * BODY_S)
    told = sum(b" 408 " in one.split(b"\r\n", 1)[0] for one in said)
    figure(
        f"{count} bodies of a byte a second: {told} answered with 408, the last after {max(ended, default=0):.0f} s; "
        f"others meanwhile: {set(others)}",
        passed=told == count and set(others) == {200},
    )
