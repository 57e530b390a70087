"""Lines of the audit trail, and the page with all of them."""

from typing import Any

import reflex as rx

from components.admin.frame import select, when_ready
from components.ui import button, error_text, table
from state.admin import AdminAuditState
from state.admin_views import ACTIONS

_rows: Any = AdminAuditState.rows
_KINDS = (("", "Everything"), *sorted(ACTIONS.items(), key=lambda one: one[1]))


def _person(name: Any, user_id: Any) -> rx.Component:
    """A name that narrows the trail down to its owner."""
    return rx.cond(
        user_id != "",
        rx.el.button(
            name,
            type="button",
            class_name="admin-name",
            title="Only what concerns this account",
            on_click=AdminAuditState.follow(user_id),
        ),
        rx.el.span(name),
    )


def _line(row: Any, *, leading: bool) -> rx.Component:
    actor = _person(row.actor, row.actor_id) if leading else rx.el.span(row.actor)
    subject = _person(row.subject, row.subject_id) if leading else rx.el.span(row.subject)
    return rx.el.tr(
        rx.el.td(rx.el.time(row.when), class_name="admin-when"),
        rx.el.td(
            rx.el.span(row.action, class_name=rx.cond(row.alarming, "admin-action is-alarming", "admin-action")),
            rx.cond(row.details != "", rx.el.span(row.details, class_name="admin-details"), rx.fragment()),
        ),
        rx.el.td(actor, class_name="admin-who", custom_attrs={"data-label": "By"}),
        rx.el.td(subject, class_name="admin-who", custom_attrs={"data-label": "To"}),
        rx.el.td(
            rx.el.span(row.key, class_name="admin-position"),
            rx.el.span(row.hash, class_name="admin-hash"),
            class_name="number admin-chain-cell",
            custom_attrs={"data-label": "Entry"},
        ),
        key=row.key,
    )


def entries(label: str, rows: Any, *, leading: bool = False) -> rx.Component:
    """Lines as a table; ``leading``: names lead to what concerns them."""
    return table(
        label,
        ["When (UTC)", "What", "By", "To", ("Entry", "number")],
        rx.cond(
            rows.length() > 0,
            rx.foreach(rows, lambda row: _line(row, leading=leading)),
            rx.el.tr(rx.el.td("Nothing yet.", col_span=5, class_name="admin-nothing")),
        ),
        class_name="admin-table admin-trail",
    )


def audit_trail() -> rx.Component:
    """The content of the page."""
    bar = rx.el.div(
        select("Show", "admin-kind", _KINDS, value=AdminAuditState.action, on_change=AdminAuditState.choose_action),
        rx.cond(
            AdminAuditState.user_id != "",
            rx.el.p(
                "Only what concerns ",
                rx.el.strong(AdminAuditState.user_name),
                button("Everybody", tone="quiet", on_click=AdminAuditState.follow("")),
                class_name="admin-only",
            ),
            rx.el.p("Choose a name to see only what concerns it.", class_name="field-hint admin-only"),
        ),
        class_name="admin-bar",
    )
    content = rx.fragment(
        entries("Audit trail", _rows, leading=True),
        rx.cond(
            AdminAuditState.more,
            button("Show older lines", tone="quiet", on_click=AdminAuditState.show_more),
            rx.fragment(),
        ),
    )
    return rx.fragment(
        bar,
        error_text(AdminAuditState.error),
        when_ready(AdminAuditState.status, content, AdminAuditState.load),
    )
