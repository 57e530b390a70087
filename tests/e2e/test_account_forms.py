"""The account forms as a person meets them: by keyboard, on a phone, with mistakes."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

PASSWORD = "purple wagon eats seventeen"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A visitor with a phone's screen."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, reduced_motion="reduce")
    yield context.new_page()
    context.close()


def form(page: Page, name: str) -> Locator:
    """The form, ready for keys."""
    found = page.get_by_role("form", name=name)
    found.wait_for()
    page.wait_for_load_state("networkidle")
    return found


def create(page: Page, origin: str, email: str, name: str, password: str = PASSWORD) -> None:
    page.goto(f"{origin}/create-account")
    fields = form(page, "Create account")
    fields.get_by_label("E-mail address").fill(email)
    fields.get_by_label("Name", exact=True).fill(name)
    fields.get_by_label("Password", exact=True).fill(password)
    fields.get_by_role("button", name="Create account").click()


def test_each_mistake_is_told_at_its_field_and_the_first_one_has_the_focus(page: Page, origin: str) -> None:
    create(page, origin, "nobody", "A", "short")

    email = page.get_by_label("E-mail address")
    expect(email).to_be_focused()
    expect(email).to_have_attribute("aria-invalid", "true")
    expect(email).to_have_accessible_description("This is not an e-mail address.")
    alerts = page.get_by_role("main").get_by_role("alert").filter(has_text=".")
    expect(alerts).to_have_count(3)


def test_what_only_the_server_knows_is_told_at_its_field_too(page: Page, origin: str) -> None:
    create(page, origin, f"{uuid4().hex}@example.org", f"Dora {uuid4().hex[:6]}", "passwordpassword1")

    expect(page.get_by_label("Password", exact=True)).to_be_focused()
    expect(page.get_by_role("alert").filter(has_text="too common")).to_be_visible()


def test_a_wrong_password_leaves_the_form_as_it_was(page: Page, origin: str) -> None:
    page.goto(f"{origin}/sign-in")
    fields = form(page, "Sign in")
    fields.get_by_label("E-mail address").fill("nobody@example.org")
    fields.get_by_label("Password", exact=True).fill("wrong " + PASSWORD)
    fields.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("alert").filter(has_text="The e-mail address or the password is wrong.")).to_be_visible()
    expect(fields.get_by_label("E-mail address")).to_have_value("nobody@example.org")


def test_the_password_can_be_looked_at(page: Page, origin: str) -> None:
    page.goto(f"{origin}/sign-in")
    password = form(page, "Sign in").get_by_label("Password", exact=True)
    password.fill(PASSWORD)
    expect(password).to_have_attribute("type", "password")

    page.get_by_role("button", name="Show password").click()

    expect(password).to_have_attribute("type", "text")
    expect(password).to_have_value(PASSWORD)


def test_an_account_is_made_and_left_with_the_keyboard_alone(page: Page, origin: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})  # on a phone the account is in the menu
    name = f"Emil {uuid4().hex[:6]}"
    page.goto(f"{origin}/create-account")
    form(page, "Create account")
    page.get_by_label("E-mail address").focus()
    for text in (f"{uuid4().hex}@example.org", name, PASSWORD):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.get_by_label("Password", exact=True).press("Enter")
    sign_out = page.get_by_role("button", name="Sign out")
    sign_out.wait_for()
    assert page.url == f"{origin}/"

    sign_out.focus()
    page.keyboard.press("Enter")

    expect(page.get_by_role("banner").get_by_role("link", name="Sign in")).to_be_visible()


def test_the_session_cookie_is_out_of_reach_of_the_page(page: Page, origin: str) -> None:
    create(page, origin, f"{uuid4().hex}@example.org", f"Fritz {uuid4().hex[:6]}")
    page.wait_for_url(f"{origin}/")

    cookies = {cookie["name"]: cookie for cookie in page.context.cookies()}
    assert cookies["mixline_session"]["httpOnly"]
    assert cookies["mixline_session"]["sameSite"] == "Lax"
    assert "mixline" not in page.evaluate("document.cookie")


@pytest.mark.parametrize("path", ["/sign-in", "/create-account"])
def test_the_forms_fit_a_phone(page: Page, origin: str, path: str) -> None:
    page.goto(origin + path)
    page.get_by_role("form").wait_for()

    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for control in page.get_by_role("main").get_by_role("textbox").all():
        box = control.bounding_box()
        assert box is not None
        assert box["height"] >= 44
