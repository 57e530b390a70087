"""The pages around an account: the ways in, what a mail's link opens, and the account itself."""

import reflex as rx

from app.layout import page
from components.accounts import (
    account_form,
    account_settings,
    forgot_password_form,
    reset_password_form,
    verify_email_form,
)
from state import routes


@page(routes.SIGN_IN, "Sign in")
def sign_in() -> rx.Component:
    """Mail address and password, or another site; the second factor where it is on."""
    return account_form(mode="sign-in")


@page(routes.CREATE_ACCOUNT, "Create account")
def create_account() -> rx.Component:
    """Mail address, name and password; a guest's hands stay."""
    return account_form(mode="create-account")


@page(routes.FORGOT_PASSWORD, "Forgot your password?")
def forgot_password() -> rx.Component:
    """Asks for a link by mail."""
    return forgot_password_form()


@page(routes.RESET_PASSWORD, "Set a new password")
def reset_password() -> rx.Component:
    """Where the link leads."""
    return reset_password_form()


@page(routes.VERIFY_EMAIL, "Confirm your address")
def verify_email() -> rx.Component:
    """Where the link of a new address leads."""
    return verify_email_form()


@page(routes.ACCOUNT, "Your account")
def account() -> rx.Component:
    """Name, address, how it is entered, devices, tokens, data. The page holds nothing by itself: the API decides."""
    return account_settings()
