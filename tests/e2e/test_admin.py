"""An administrator at work, and the people it concerns."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from services.infra.settings import ROOT
from tests.e2e.conftest import Product
from tests.e2e.pages.account_page import AccountPage
from tests.e2e.pages.admin_page import AdminPage
from tests.e2e.pages.table_page import TablePage

expect.set_options(timeout=15_000)
PASSWORD = "purple wagon eats seventeen"


def mixline(product: Product, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """A command at the operator's shell, beside the running product."""
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *arguments],
        cwd=ROOT,
        env=os.environ | {"MIXLINE_DATA": str(product.data)},
        input=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Callable[[], Page]]:
    contexts: list[BrowserContext] = []

    def open_one() -> Page:
        contexts.append(browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce"))
        return contexts[-1].new_page()

    yield open_one
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def rita(product: Product) -> tuple[str, list[str]]:
    """An administrator's address; her authenticator app's secret comes with the first sign-in."""
    email = f"rita{uuid4().hex[:8]}@example.org"
    made = mixline(
        product, "user", "create", email, f"Rita {uuid4().hex[:6]}", "--role", "admin", "--password-stdin",
        given=PASSWORD + "\n",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    return email, []


@pytest.fixture
def admin(rita: tuple[str, list[str]], new_page: Callable[[], Page], origin: str) -> AdminPage:
    email, secrets = rita
    page = AdminPage(new_page(), origin)
    if secrets:
        time.sleep(30 - time.time() % 30 + 0.2)  # a code counts once
    secrets[:] = [page.sign_in(email, PASSWORD, *secrets)]
    return page


def test_others_see_why_administration_is_not_for_them(new_page: Callable[[], Page], origin: str) -> None:
    page = new_page()
    for path in ("", "/users", "/jobs", "/audit"):
        page.goto(f"{origin}/admin{path}")
        expect(page.get_by_role("heading", name="This is for administrators")).to_be_visible()
    expect(page.get_by_role("link", name="Administration")).to_have_count(0)


def test_a_suspension_ends_an_open_page_within_five_seconds_and_the_trail_says_who_did_it(
    admin: AdminPage, new_page: Callable[[], Page], origin: str
) -> None:
    name = f"Anna {uuid4().hex[:6]}"
    table = TablePage(new_page(), origin)
    table.open()
    AccountPage(table.page).create(f"{uuid4().hex}@example.org", name)
    expect(table.page.get_by_text(name)).to_be_visible()
    table.page.wait_for_timeout(500)

    admin.open("/users")
    admin.page.get_by_role("searchbox", name="Search").fill(name)
    admin.page.get_by_role("button", name="Find").click()
    admin.manage(name)
    admin.give_role("premium")
    expect(admin.page.get_by_text(f"{name} is Premium now.")).to_be_visible()
    admin.suspend("Two accounts in one set")
    expect(admin.row(name)).to_contain_text("Suspended")
    suspended = time.monotonic()

    expect(table.page.get_by_text("Your session has ended")).to_be_visible(timeout=5_000)
    assert time.monotonic() - suspended < 5
    admin.open("/audit")
    lines = admin.lines()
    assert "Account suspended" in lines[0]
    assert "Role changed" in lines[1]
    assert all(name in line and "Rita" in line for line in lines[:2])


def test_the_trail_is_checked_from_the_page_and_from_the_shell(admin: AdminPage, product: Product) -> None:
    admin.open()
    admin.page.get_by_role("button", name="Check the whole trail").click()
    expect(admin.page.get_by_text("entries are as they were written")).to_be_visible()

    checked = mixline(product, "audit", "verify")

    assert checked.returncode == 0, checked.stderr
    assert "unbroken" in checked.stdout


def test_the_keys_are_changed_under_the_running_product_and_nobody_is_signed_out(
    admin: AdminPage, product: Product
) -> None:
    before = {one["name"]: one["value"] for one in admin.page.context.cookies()}
    assert mixline(product, "keys", "rotate").returncode == 0
    time.sleep(1.1)

    assert admin.call("GET", "/api/users/me")["data"]["role"] == "admin"
    assert admin.call("POST", "/api/auth/refresh")["status"] == 200
    after = {one["name"]: one["value"] for one in admin.page.context.cookies()}
    assert before["mixline_session"].split(".")[0] != after["mixline_session"].split(".")[0]
    assert admin.call("GET", "/api/users/me")["data"]["role"] == "admin"


def test_two_tabs_that_refresh_at_once_stay_signed_in(admin: AdminPage) -> None:
    other = admin.page.context.new_page()
    other.goto(admin.origin)
    start = "window.tries = Promise.all([...Array(20)].map(() => call()))"
    define = """() => { window.call = async () => {
      const token = (await (await fetch("/api/auth/csrf")).json()).data.token;
      return (await fetch("/api/auth/refresh", { method: "POST", headers: { "X-CSRF-Token": token } })).status;
    }; }"""
    for tab in (admin.page, other):
        tab.evaluate(define)
        tab.evaluate(f"() => {{ {start}; }}")

    assert {status for tab in (admin.page, other) for status in tab.evaluate("() => window.tries")} == {200}
    admin.open()
