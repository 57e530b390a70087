"""Who is signed in, for the header."""

import reflex as rx

from components.accounts.forms import sign_out_button
from components.ui import nav_link
from state import routes
from state.session import SessionState


def account_menu() -> rx.Component:
    """A guest sees the two ways in, a member the name and the way out."""
    return rx.cond(
        SessionState.signed_in,
        rx.fragment(
            rx.el.span(SessionState.name, class_name="account-name", title=SessionState.name),
            sign_out_button(),
        ),
        rx.fragment(
            nav_link("Sign in", routes.SIGN_IN),
            nav_link("Create account", routes.CREATE_ACCOUNT),
        ),
    )
