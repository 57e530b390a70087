"""Who is signed in, for the header."""

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink

from components.accounts.forms import sign_out_button
from components.ui import nav_link
from state import routes
from state.session import SessionState


def account_menu() -> rx.Component:
    """A guest sees the two ways in, a member the name and the way out."""
    return rx.cond(
        SessionState.signed_in,
        rx.fragment(
            ReactRouterLink.create(
                SessionState.name, to=routes.ACCOUNT, class_name="nav-link account-name", title="Your account"
            ),
            sign_out_button(),
        ),
        rx.fragment(
            nav_link("Sign in", routes.SIGN_IN),
            nav_link("Create account", routes.CREATE_ACCOUNT),
        ),
    )
