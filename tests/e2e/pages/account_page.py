"""The account's forms and the header's account menu in a browser."""

from __future__ import annotations

from playwright.sync_api import Page

PASSWORD = "purple wagon eats seventeen"


class AccountPage:
    """Creating an account, signing in and out, as a visitor does it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.create_link = page.get_by_role("banner").get_by_role("link", name="Create account")
        self.sign_in_link = page.get_by_role("banner").get_by_role("link", name="Sign in")
        self.sign_out_button = page.get_by_role("button", name="Sign out")
        self.email = page.get_by_label("E-mail address")
        self.name = page.get_by_label("Name", exact=True)
        self.password = page.get_by_label("Password", exact=True)

    def create(self, email: str, name: str) -> None:
        """Create an account from wherever the page is; ends signed in on the start page."""
        self.create_link.click()
        self.email.fill(email)
        self.name.fill(name)
        self.password.fill(PASSWORD)
        self.page.get_by_role("main").get_by_role("button", name="Create account").click()
        self.sign_out_button.wait_for()

    def sign_in(self, email: str) -> None:
        self.sign_in_link.click()
        self.email.fill(email)
        self.password.fill(PASSWORD)
        self.page.get_by_role("main").get_by_role("button", name="Sign in").click()
        self.sign_out_button.wait_for()

    def sign_out(self) -> None:
        self.sign_out_button.click()
        self.create_link.wait_for()
