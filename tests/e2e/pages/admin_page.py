"""Administration: locators by role, and what an administrator does."""

from __future__ import annotations

from typing import Any

import pyotp
from playwright.sync_api import Locator, Page, expect

_CALL = """async ([method, path, body]) => {
  const token = (await (await fetch("/api/auth/csrf")).json()).data.token;
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": token };
  const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
  return { status: answer.status, ...(await answer.json()) };
}"""


class AdminPage:
    """The pages of administration in one tab."""

    def __init__(self, page: Page, origin: str) -> None:
        self.page = page
        self.origin = origin

    def call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """A call of the page's own scripts, with its cookies and its CSRF token."""
        return self.page.evaluate(_CALL, [method, path, body])

    def sign_in(self, email: str, password: str, secret: str = "") -> str:
        """Sign in; an account without a second factor sets one up. Returns the secret of the authenticator app."""
        self.page.goto(self.origin + "/sign-in")
        body = {"email": email, "password": password} | ({"code": pyotp.TOTP(secret).now()} if secret else {})
        assert self.call("POST", "/api/auth/login", body)["status"] == 200
        if not secret:
            secret = self.call("POST", "/api/auth/mfa/enrol", {"password": password})["data"]["secret"]
            assert self.call("POST", "/api/auth/mfa/confirm", {"code": pyotp.TOTP(secret).now()})["status"] == 200
        return secret

    def open(self, path: str = "") -> None:
        """A page of administration, with its content."""
        self.page.goto(f"{self.origin}/admin{path}")
        self.page.get_by_role("navigation", name="Administration").wait_for()

    def row(self, name: str) -> Locator:
        """The account's row."""
        return self.page.get_by_role("table", name="Accounts").get_by_role("row").filter(has_text=name)

    def manage(self, name: str) -> None:
        """Take an account at hand."""
        self.page.get_by_role("button", name=f"Manage {name}", exact=True).click()
        expect(self.page.get_by_role("region", name=name)).to_be_visible()

    def give_role(self, role: str) -> None:
        self.page.get_by_label("Role", exact=True).select_option(role)
        self.page.get_by_role("button", name="Save role").click()

    def suspend(self, reason: str) -> None:
        self.page.get_by_role("button", name="Suspend …").click()
        self.page.get_by_label("Reason").fill(reason)
        self.page.get_by_role("button", name="Suspend and sign out everywhere").click()

    def lines(self) -> list[str]:
        """The audit trail's lines as they read."""
        table = self.page.get_by_role("table", name="Audit trail")
        table.wait_for()
        return [row.inner_text() for row in table.locator("tbody tr").all()]
