"""The pages to sign in and to create an account."""

import reflex as rx

from app.layout import page
from components.accounts import account_form
from state import routes


@page(routes.SIGN_IN, "Sign in")
def sign_in() -> rx.Component:
    """Mail address and password."""
    return account_form(mode="sign-in")


@page(routes.CREATE_ACCOUNT, "Create account")
def create_account() -> rx.Component:
    """Mail address, name and password; a guest's hands stay."""
    return account_form(mode="create-account")
