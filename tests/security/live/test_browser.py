"""A browser that counts: violations of the policy over a whole journey, and scripts that input got to run."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

from tests.e2e.pages.account_page import AccountPage
from tests.e2e.pages.table_page import TablePage
from tests.security.conftest import Figure, Scale
from tests.security.live.conftest import Person, Target

WATCH = """
window.__violations = []; window.__ran = 0;
document.addEventListener('securitypolicyviolation',
  e => window.__violations.push(e.violatedDirective + ' ' + e.blockedURI));
for (const name of ['alert', 'confirm', 'prompt', 'print']) window[name] = () => { window.__ran += 1 };
"""
PAYLOADS = Path(__file__).with_name("payloads.txt").read_text().splitlines()


@contextmanager
def watched(browser: Browser, target: Target, person: Person | None = None) -> Iterator[tuple[Page, dict[str, Any]]]:
    """A page that counts; what it counted is in the dictionary when the block ends."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=target.origin)
    if person is not None:
        context.add_cookies(
            [
                {"name": one.name, "value": one.value or "", "url": target.origin, "httpOnly": True}
                for one in person.http.cookies.jar
            ]
        )
    context.add_init_script(WATCH)
    counted: dict[str, Any] = {"violations": [], "ran": 0, "console": []}

    def heard(message: ConsoleMessage) -> None:
        if re.search(r"Content Security Policy|Refused to", message.text):
            counted["console"].append(message.text[:160])

    def collect() -> None:
        counted["violations"] += page.evaluate("window.__violations.splice(0)")
        counted["ran"] += page.evaluate("window.__ran")

    page = context.new_page()
    page.on("console", heard)
    page.on("dialog", lambda dialog: (counted.__setitem__("ran", counted["ran"] + 1), dialog.dismiss()))
    counted["collect"] = collect
    try:
        yield page, counted
        collect()
    finally:
        context.close()


@pytest.mark.row("CSP")
@pytest.mark.timeout(300)
def test_a_whole_journey_meets_the_policy(
    browser: Browser, target: Target, people: dict[str, Person], figure: Figure
) -> None:
    """Every page as the administrator, who sees them all, a set played and an account made as a visitor."""
    from state import routes

    addresses = sorted({value for name, value in vars(routes).items() if name.isupper() and isinstance(value, str)})
    found: list[str] = []
    visited = 0
    with watched(browser, target, people["admin"]) as (page, counted):
        for address in addresses:
            page.goto(re.sub(r"\[.*?\]", "x", address))
            page.wait_for_load_state("networkidle")
            counted["collect"]()
            visited += 1
    found += counted["violations"] + counted["console"]
    with watched(browser, target) as (page, counted):
        table = TablePage(page, target.origin)
        table.open()
        table.start()
        table.play_to_summary()
        counted["collect"]()
        name = f"visitor{os.urandom(4).hex()}"
        AccountPage(page).create(f"{name}@example.org", name)
        counted["collect"]()
    found += counted["violations"] + counted["console"]
    figure(
        f"{visited} pages, a set played, an account made: {len(found)} violations {found[:2] or ''}",
        passed=not found and visited >= 5,
    )


@pytest.mark.row("CSP")
@pytest.mark.timeout(900)
def test_no_payload_runs(browser: Browser, target: Target, figure: Figure, scale: Scale) -> None:
    """Payloads in the address, in fields, and as the stored name that every page and the board show."""
    payloads = PAYLOADS[: scale(6, len(PAYLOADS))]
    person = Person(target, f"victim{os.urandom(4).hex()}")
    person.register()
    ran = shown = stored = 0
    with watched(browser, target, person) as (page, counted):
        for number, payload in enumerate(payloads):
            name = f"{payload}"[:32] if number % 2 else f"{payload}"[-32:]
            stored += person.call("PATCH", "/api/users/me", {"name": name}).status_code == 200
            page.goto(f"/?x={quote(payload)}#{quote(payload)}")
            page.wait_for_load_state("networkidle")
            shown += page.get_by_text(name, exact=False).count() > 0
            counted["collect"]()
            page.goto(f"/{quote(payload, safe='')}")
            counted["collect"]()
            if number % 4 == 0:
                page.goto("/solve")
                page.wait_for_load_state("networkidle")
                for field in page.locator("input:visible, textarea:visible").all()[:6]:
                    if field.get_attribute("type") in (None, "text", "search"):
                        field.fill(payload)
                page.keyboard.press("Enter")
                page.wait_for_timeout(300)
                counted["collect"]()
    ran += counted["ran"]
    figure(
        f"{len(payloads)} payloads in address, fields and stored name ({stored} accepted, {shown} shown as text): "
        f"{ran} executions",
        passed=ran == 0,
    )
