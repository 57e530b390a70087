"""One's own account as a person meets it: mails, second factor, another site, tokens, devices, leaving."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import Product
from tests.e2e.pages.account_page import AccountPage
from tests.e2e.pages.settings_page import PASSWORD, Mailbox, OtherSite, SettingsPage

NEW_PASSWORD = "orange kettle sings nineteen"


@pytest.fixture
def page(browser: Browser, product: Product) -> Iterator[Page]:
    """A browser of its own; breaches of the content security policy are errors."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    breaches: list[str] = []
    page.on("console", lambda line: breaches.append(line.text) if "Content Security Policy" in line.text else None)
    page.goto(product.origin)
    yield page
    context.close()
    assert breaches == []


@pytest.fixture
def name() -> str:
    return f"p{uuid4().hex[:8]}"


@pytest.fixture
def settings(page: Page, product: Product, name: str) -> SettingsPage:
    """The page of somebody who has just made an account."""
    AccountPage(page).create(f"{name}@example.org", name)
    opened = SettingsPage(page, product.origin)
    opened.open()
    return opened


def test_a_forgotten_password_is_set_anew_through_the_mail(
    page: Page, settings: SettingsPage, product: Product, name: str
) -> None:
    AccountPage(page).sign_out()
    page.goto(f"{product.origin}/sign-in")
    page.get_by_role("link", name="Forgot your password?").click()
    settings.fill("E-mail address", f"{name}@example.org")
    settings.press("Send the link")
    page.get_by_role("heading", name="Check your mail").wait_for()

    page.goto(Mailbox(product.data).link(f"{name}@example.org", "Set a new password"))
    settings.fill("New password", "short")
    settings.press("Set the password")
    expect(page.get_by_label("New password", exact=True)).to_be_focused()
    assert "#" not in page.url
    settings.fill("New password", NEW_PASSWORD)
    settings.press("Set the password")

    page.get_by_role("main").get_by_role("link", name="Sign in").click()
    settings.fill("E-mail address", f"{name}@example.org")
    settings.fill("Password", NEW_PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_the_link_of_a_new_account_confirms_its_address_at_a_press_and_works_once(
    page: Page, settings: SettingsPage, product: Product, name: str
) -> None:
    expect(page.get_by_text("Not confirmed")).to_be_visible()
    link = Mailbox(product.data).link(f"{name}@example.org", "Confirm your address")

    page.goto(link)
    settings.press("Confirm")
    expect(page.get_by_role("heading", name="Your address is confirmed")).to_be_visible()

    settings.open()
    expect(page.get_by_text("Confirmed", exact=True)).to_be_visible()
    page.goto(link)
    settings.press("Confirm")
    expect(page.get_by_role("heading", name="This link does not work")).to_be_visible()


def test_a_second_factor_is_set_up_and_asked_for_and_a_recovery_code_stands_in(
    page: Page, settings: SettingsPage, product: Product, name: str
) -> None:
    settings.press("Set up: second factor")
    settings.press("Begin")
    page.get_by_role("img", name="QR code for the authenticator app").wait_for()
    secret = settings.secret.inner_text().replace(" ", "")
    settings.fill("Code of the app", "000000")
    settings.press("Turn it on")
    expect(page.get_by_label("Code of the app")).to_have_accessible_description(
        "Six digits. This code is wrong, or was used before. Wait for the next one."
    )
    settings.fill("Code of the app", pyotp.TOTP(secret).now())
    settings.press("Turn it on")
    settings.recovery_codes.wait_for()
    codes = settings.recovery_codes.get_by_role("listitem").all_inner_texts()
    settings.press("I have kept them")
    expect(page.get_by_text("10 of 10 left")).to_be_visible()
    AccountPage(page).sign_out()

    page.goto(f"{product.origin}/sign-in")
    settings.fill("E-mail address", f"{name}@example.org")
    settings.fill("Password", PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    settings.fill("Code", codes[0])
    page.get_by_role("main").get_by_role("button", name="Sign in").click()

    page.get_by_role("button", name="Sign out").wait_for()
    settings.open()
    expect(page.get_by_text("9 of 10 left")).to_be_visible()
    assert len(codes) == 10


def test_somebody_new_signs_in_by_the_other_site_and_comes_back_to_the_same_account(
    page: Page, product: Product, name: str
) -> None:
    for _ in range(2):
        page.goto(f"{product.origin}/sign-in")
        page.get_by_role("link", name="Sign in with The club").click()
        OtherSite(page).allow(sub=f"sub-{name}", name=name, email=f"{name}@club.example")
        expect(page.get_by_role("banner").get_by_role("link", name=name)).to_be_visible()
        assert page.url.rstrip("/") == product.origin
        AccountPage(page).sign_out()


def test_who_says_no_at_the_other_site_is_told_so_on_the_form(page: Page, product: Product) -> None:
    page.goto(f"{product.origin}/sign-in")
    page.get_by_role("link", name="Sign in with The club").click()
    OtherSite(page).deny()

    expect(page.get_by_role("main").get_by_text("The other site did not sign you in.")).to_be_visible()


def test_the_other_sites_address_opens_nobodys_account(
    page: Page, settings: SettingsPage, product: Product, name: str
) -> None:
    AccountPage(page).sign_out()
    page.goto(f"{product.origin}/sign-in")
    page.get_by_role("link", name="Sign in with The club").click()
    OtherSite(page).allow(sub=f"thief-{name}", email=f"{name}@example.org")

    expect(page.get_by_text("There is an account with that address already.")).to_be_visible()
    expect(page.get_by_role("button", name="Sign out")).to_have_count(0)


def test_a_member_links_the_other_site_and_unlinks_it(page: Page, settings: SettingsPage, name: str) -> None:
    settings.press("Link: the club")
    settings.press("Go to The club")
    OtherSite(page).allow(sub=f"linked-{name}", email=f"{name}@club.example")

    expect(page.get_by_text("Linked. That site can sign you in now.")).to_be_visible()
    settings.press("Unlink: the club")
    expect(page.get_by_role("button", name="Link: the club")).to_be_visible()


def test_a_token_is_shown_once_works_for_a_script_and_is_revoked(
    page: Page, settings: SettingsPage, product: Product, name: str
) -> None:
    settings.press("New token")
    settings.fill("What is it for?", "my notebook")
    settings.press("Make the token")
    token = settings.secret.inner_text()
    script = {"Authorization": f"Bearer {token}"}

    assert httpx.get(f"{product.origin}/api/users/me", headers=script, trust_env=False).json()["data"]["name"] == name
    page.reload()
    expect(settings.tokens).to_contain_text("my notebook")
    assert token not in page.content()
    settings.press("Revoke: my notebook")
    expect(settings.tokens).to_have_count(0)
    assert httpx.get(f"{product.origin}/api/users/me", headers=script, trust_env=False).status_code == 401


def test_another_device_is_seen_and_ended(
    page: Page, settings: SettingsPage, browser: Browser, product: Product, name: str
) -> None:
    other = browser.new_context()
    elsewhere = other.new_page()
    elsewhere.goto(product.origin)
    AccountPage(elsewhere).sign_in(f"{name}@example.org")
    settings.open()
    expect(settings.sessions.get_by_role("listitem")).to_have_count(2)

    settings.sessions.get_by_role("button").click()

    expect(settings.sessions.get_by_role("listitem")).to_have_count(1)
    elsewhere.goto(f"{product.origin}/account")
    expect(elsewhere.get_by_text("Sign in to see it.")).to_be_visible()
    other.close()


def test_an_account_is_copied_deleted_and_kept_after_all(
    page: Page, settings: SettingsPage, name: str, tmp_path: Path
) -> None:
    with page.expect_download() as download:
        settings.press("Download: take a copy")
    download.value.save_as(tmp_path / "copy.zip")
    assert json.loads(zipfile.ZipFile(tmp_path / "copy.zip").read("account.json"))["name"] == name

    settings.press("Delete: delete this account")
    settings.fill("Your password", "not the password at all")
    settings.press("Delete my account")
    expect(page.get_by_text("This is not your password.")).to_be_visible()
    settings.fill("Your password", PASSWORD)
    settings.press("Delete my account")
    settings.press("Keep my account")

    expect(page.get_by_text("Your account stays.")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1440])
def test_the_page_fits_its_screen(page: Page, settings: SettingsPage, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})

    assert page.evaluate("document.documentElement.scrollWidth") <= width
