"""Account forms and the header's account menu."""

from components.accounts.forms import account_form
from components.accounts.menu import account_menu

__all__ = ["account_form", "account_menu"]
