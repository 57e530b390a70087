"""One's own account in a browser, the mails it sends, and the other site that can sign in."""

from __future__ import annotations

import email
import email.policy
import re
import time
from pathlib import Path

from playwright.sync_api import Page

PASSWORD = "purple wagon eats seventeen"


class SettingsPage:
    """The page "Your account"."""

    def __init__(self, page: Page, origin: str) -> None:
        self.page = page
        self.origin = origin
        self.heading = page.get_by_role("heading", name="Your account", exact=True)
        self.notice = page.get_by_role("main").get_by_role("status")
        self.recovery_codes = page.get_by_role("group", name="Recovery codes")
        self.new_token = page.get_by_role("group", name="New token")
        self.tokens = page.get_by_role("list", name="Personal tokens")
        self.sessions = page.get_by_role("list", name="Sessions")
        self.secret = page.locator(".account-secret")

    def open(self) -> None:
        self.page.goto(f"{self.origin}/account")
        self.page.get_by_text("this one").wait_for()

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def fill(self, label: str, text: str) -> None:
        self.page.get_by_label(label, exact=True).fill(text)


class OtherSite:
    """The provider's own page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def allow(self, **person: str) -> None:
        self.page.get_by_role("heading", name="Test provider").wait_for()
        for name, value in person.items():
            self.page.get_by_label(name, exact=True).fill(value)
        self.page.get_by_role("button", name="Allow").click()

    def deny(self) -> None:
        self.page.get_by_role("button", name="Deny").click()


class Mailbox:
    """The mails in the product's data folder."""

    def __init__(self, data: Path) -> None:
        self.folder = data / "mail"

    def link(self, to: str, subject: str) -> str:
        """The link of the newest such mail, which may still be on its way."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            for path in sorted(self.folder.glob("*.eml"), reverse=True):
                mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
                if (mail["To"], mail["Subject"]) == (to, subject):
                    found = re.search(r"http\S+#\S+", mail.get_content())
                    assert found is not None
                    return found.group(0)
            time.sleep(0.2)
        raise AssertionError(f"no mail “{subject}” came")
