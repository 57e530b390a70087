"""Account forms and pages, and the header's account menu."""

from components.accounts.forms import (
    account_form,
    account_settings,
    forgot_password_form,
    reset_password_form,
    verify_email_form,
)
from components.accounts.menu import account_menu

__all__ = [
    "account_form",
    "account_menu",
    "account_settings",
    "forgot_password_form",
    "reset_password_form",
    "verify_email_form",
]
