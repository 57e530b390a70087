"""What the pages of administration share: the way between them, and what others see instead."""

from collections.abc import Sequence
from typing import Any

import reflex as rx

from components.ui import button, empty_state, link_button, nav_link, spinner
from state import routes
from state.session import SessionState

_PAGES = (
    ("Overview", routes.ADMIN),
    ("Accounts", routes.ADMIN_USERS),
    ("Solves", routes.ADMIN_JOBS),
    ("Fair play", routes.ADMIN_FAIR_PLAY),
    ("Audit trail", routes.ADMIN_AUDIT),
)


def administration(current: str, title: str, words: str, *children: Any) -> rx.Component:
    """A page of administration; visitors see why it is not for them."""
    tabs = [nav_link(text, href, current=href == current) for text, href in _PAGES]
    page = rx.el.div(
        rx.el.nav(*tabs, aria_label="Administration", class_name="admin-tabs"),
        rx.el.div(rx.el.h1(title), rx.el.p(words), class_name="page-head"),
        *children,
        class_name="admin",
    )
    content = rx.cond(SessionState.administrates, page, _closed())
    return rx.fragment(rx.cond(rx.State.is_hydrated, content, _waiting("Opening")))


def _closed() -> rx.Component:
    found: Any = rx.match(
        SessionState.role,
        (
            "admin",
            empty_state(
                "Administration needs a second factor",
                "Set up an authenticator app on your account page. Then this opens at once.",
                link_button("Set up a second factor", href="/account", tone="primary"),
            ),
        ),
        (
            "guest",
            empty_state(
                "This is for administrators",
                "Sign in with an administrator's account to see it.",
                link_button("Sign in", href=routes.SIGN_IN, tone="primary"),
            ),
        ),
        empty_state("This is for administrators", "Your account has another role.", link_button("Play", href="/")),
    )
    return rx.fragment(found)


def _waiting(text: str) -> rx.Component:
    return rx.el.div(spinner(), text, role="status", class_name="admin-loading")


def when_ready(status: Any, content: rx.Component, load: Any) -> rx.Component:
    """The content once it was read; before that what goes on, and a way out where it failed."""
    return rx.fragment(
        rx.match(
            status,
            ("loading", _waiting("Reading")),
            ("failed", empty_state("This can't be read now", "", button("Try again", on_click=load))),
            content,
        )
    )


def select(label: str, name: str, options: Sequence[tuple[str, str]], **props: Any) -> rx.Component:
    """A labelled choice of (value, text)."""
    return rx.el.div(
        rx.el.label(label, html_for=name),
        rx.el.select(*[rx.el.option(text, value=value) for value, text in options], id=name, name=name, **props),
        class_name="field",
    )


def said(text: Any) -> rx.Component:
    """What was just done; read aloud, takes no room while it is empty."""
    return rx.el.p(text, role="status", class_name="admin-said")
