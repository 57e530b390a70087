"""The frame of every page: skip link, header, connection status, main region.

It knows no state: app/layout.py fills its slots.
"""

from collections.abc import Sequence
from typing import Any

import reflex as rx
from reflex.vars import Var
from reflex_components_core.react_router.dom import ReactRouterLink

from components.ui.connection import connection
from components.ui.theme_switch import theme_switch


def brand() -> rx.Component:
    """The mark, which leads home."""
    return ReactRouterLink.create(
        rx.el.img(src="/logo.svg", alt="", width="26", height="26"),
        rx.el.span("Mixline"),
        to="/",
        aria_label="Mixline",
        class_name="brand",
    )


def nav_link(text: str | rx.Component, href: str, *, current: Var[bool] | bool = False) -> rx.Component:
    """A link of the header; the page one is on is marked."""
    return ReactRouterLink.create(
        text, to=href, class_name="nav-link", custom_attrs={"aria-current": rx.cond(current, "page", "false")}
    )


def _menu_button() -> rx.Component:
    """Opens links and account on a narrow screen; a wide one shows them in the header itself."""
    return rx.el.button(
        rx.el.svg(
            rx.el.path(d="M4 7h16M4 12h16M4 17h16"),
            view_box="0 0 24 24",
            fill="none",
            stroke="currentColor",
            stroke_width="1.7",
            stroke_linecap="round",
            aria_hidden="true",
        ),
        type="button",
        aria_label="Menu",
        class_name="button button--quiet button--icon menu-button",
        custom_attrs={"popoverTarget": "site-menu"},
    )


def shell(
    *children: Any, links: Sequence[rx.Component] = (), account: rx.Component | None = None, notice: Any = ""
) -> rx.Component:
    """A page's frame around its content; `notice` is what the server has to say, usually nothing."""
    return rx.el.div(
        rx.el.a("Skip to content", href="#content", class_name="skip-link"),
        rx.el.header(
            brand(),
            rx.el.div(
                rx.el.nav(*links, aria_label="Main", class_name="site-nav"),
                rx.el.div(account or rx.fragment(), class_name="site-account"),
                id="site-menu",
                class_name="site-menu",
                custom_attrs={"popover": "auto"},
            ),
            theme_switch(),
            _menu_button(),
            class_name="site-header",
        ),
        connection(notice),
        rx.el.main(*children, id="content", tab_index=-1, class_name="site-main"),
        class_name="shell",
    )
