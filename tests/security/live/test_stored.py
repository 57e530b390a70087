"""What people store for others to read: shown as text on every page that shows it, and run nowhere."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import Browser

from tests.security.conftest import Figure, Scale
from tests.security.live.conftest import Person, Target
from tests.security.live.test_browser import watched

# Short enough for a name, and each a way of its own to get out of a text.
STORED = (
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(2)>",
    '"><script>alert(3)</script>',
    "'-alert(4)-'",
    "</title><script>alert(5)</script>",
    "javascript:alert(6)",
    "{{constructor.constructor('alert(7)')()}}"[:60],
    "<iframe srcdoc='<script>alert(8)</script>'>",
    "<a href=javascript:alert(9)>x</a>",
    "\u2028alert(10)//",
)


@pytest.mark.row("CSP")
@pytest.mark.timeout(900)
def test_stored_texts_are_shown_and_never_run(
    browser: Browser, target: Target, people: dict[str, Person], figure: Figure, scale: Scale
) -> None:
    """Name, names of tokens, the browser's description, the reason of a suspension: as owner and administrator."""
    admin = people["admin"]
    stored = shown = ran = 0
    found: list[str] = []
    for text in STORED[: scale(3, len(STORED))]:
        person = Person(target, f"stored{os.urandom(4).hex()}")
        person.http.headers["User-Agent"] = text.encode("ascii", "ignore").decode() or "x"
        person.register()
        unique = f"{text[:26]}{os.urandom(2).hex()}"
        named = person.call("PATCH", "/api/users/me", {"name": unique})
        token = person.call("POST", "/api/auth/tokens", {"name": text, "scopes": ["read"], "days": 1})
        stored += (named.status_code == 200) + (token.status_code == 201)
        user_id = person.data("GET", "/api/users/me")["id"]
        with watched(browser, target, person) as (page, counted):
            for address in ("/account", "/", "/leaderboard"):
                page.goto(address)
                page.wait_for_load_state("networkidle")
                shown += named.status_code == 200 and page.get_by_text(unique, exact=False).count() > 0
                counted["collect"]()
        ran, found = ran + counted["ran"], found + counted["violations"]
        admin.data("PATCH", f"/api/admin/users/{user_id}", {"banned": True, "reason": text})
        with watched(browser, target, admin) as (page, counted):
            for address in ("/admin/users", "/admin/audit", "/admin/jobs", "/admin"):
                page.goto(address)
                page.wait_for_load_state("networkidle")
                shown += named.status_code == 200 and page.get_by_text(unique, exact=False).count() > 0
                counted["collect"]()
        ran, found = ran + counted["ran"], found + counted["violations"]
    figure(
        f"{stored} texts stored, seen as text {shown} times by owner, visitors and administrator: {ran} executions, "
        f"{len(found)} violations {found[:2] or ''}",
        passed=ran == 0 and not found and shown >= stored // 2 > 0,
    )
