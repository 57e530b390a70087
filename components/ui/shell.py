"""The frame of every page: skip link, header, connection status, main region. It knows no state: slots are filled by app/layout.py."""

from collections.abc import Sequence
from typing import Any

import reflex as rx
from reflex.vars import Var
from reflex_components_core.core.banner import has_connection_errors

from components.ui.panels import spinner
from components.ui.theme_switch import theme_switch


def brand() -> rx.Component:
    """The mark, which leads home."""
    return rx.el.a(
        rx.el.img(src="/logo.svg", alt="", width="26", height="26"),
        rx.el.span("Mixline"),
        href="/",
        aria_label="Mixline",
        class_name="brand",
    )


def connection_status() -> rx.Component:
    """A status that speaks up while the socket is down; it floats, so nothing on the page moves."""
    return rx.el.div(
        rx.cond(has_connection_errors, rx.fragment(spinner(), "Reconnecting"), rx.fragment()),
        role="status",
        aria_label=rx.cond(has_connection_errors, "Reconnecting", "Connection"),
        class_name="connection",
    )


def nav_link(text: str, href: str, current: Var[bool] | bool = False) -> rx.Component:
    """A link of the header; the page one is on is marked."""
    return rx.el.a(
        text, href=href, class_name="nav-link", custom_attrs={"aria-current": rx.cond(current, "page", "false")}
    )


def shell(*children: Any, links: Sequence[rx.Component] = (), account: rx.Component | None = None) -> rx.Component:
    """A page's frame around its content."""
    return rx.el.div(
        rx.el.a("Skip to content", href="#content", class_name="skip-link"),
        rx.el.header(
            brand(),
            rx.el.nav(*links, aria_label="Main", class_name="site-nav"),
            rx.el.div(theme_switch(), account or rx.fragment(), class_name="site-tools"),
            class_name="site-header",
        ),
        connection_status(),
        rx.el.main(*children, id="content", tab_index=-1, class_name="site-main"),
        class_name="shell",
    )
