"""The overview: figures that lead somewhere, and the newest lines of the audit trail with its check."""

from typing import Any

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink

from components.admin.audit import entries
from components.admin.frame import when_ready
from components.ui import button, card_panel, error_text
from state import routes
from state.admin import AdminState

_numbers: Any = AdminState.numbers


def _number(one: Any) -> rx.Component:
    inside = rx.fragment(
        rx.el.span(one.value, class_name="admin-number-value"), rx.el.span(one.label, class_name="admin-number-label")
    )
    return rx.el.li(
        rx.cond(
            one.href != "",
            ReactRouterLink.create(inside, to=one.href, class_name="admin-number"),
            rx.el.div(inside, class_name="admin-number"),
        ),
        key=one.label,
    )


def overview() -> rx.Component:
    """The content of the first page."""
    trail = card_panel(
        rx.el.div(
            rx.el.p(
                rx.cond(
                    AdminState.chain != "",
                    AdminState.chain,
                    "Every line is chained to the one before, so that an edited or removed one shows.",
                ),
                role="status",
                class_name=rx.cond(AdminState.broken, "admin-broken", "admin-chain"),
            ),
            button("Check the whole trail", on_click=AdminState.check_trail),
            class_name="admin-chain-row",
        ),
        entries("Newest lines of the audit trail", AdminState.recent),
        ReactRouterLink.create("The whole trail", to=routes.ADMIN_AUDIT),
        title="Lately",
    )
    content = rx.fragment(
        rx.el.ul(rx.foreach(_numbers, _number), class_name="admin-numbers", aria_label="Figures"),
        trail,
    )
    return rx.fragment(error_text(AdminState.error), when_ready(AdminState.status, content, AdminState.load))
