"""Everybody's solves, with an end to those that run."""

from typing import Any

import reflex as rx

from components.admin.frame import said, select, when_ready
from components.ui import button, error_text, table, ticker
from state.admin import AdminJobsState
from state.admin_views import STATUSES

_rows: Any = AdminJobsState.rows
_EVERY_S = 3


def _row(row: Any) -> rx.Component:
    return rx.el.tr(
        rx.el.th(row.name, scope="row", class_name="admin-solve"),
        rx.el.td(row.owner, custom_attrs={"data-label": "For"}),
        rx.el.td(
            rx.el.span(row.status_text, class_name=rx.cond(row.active, "admin-status is-active", "admin-status")),
        ),
        rx.el.td(row.progress, custom_attrs={"data-label": "So far"}),
        rx.el.td(row.memory, class_name="number", custom_attrs={"data-label": "Memory"}),
        rx.el.td(row.asked, class_name="admin-when"),
        rx.el.td(
            rx.cond(
                row.active,
                button(
                    "Cancel",
                    tone="quiet",
                    aria_label="Cancel " + row.name,
                    on_click=AdminJobsState.cancel(row.key),
                ),
                rx.fragment(),
            ),
            class_name="admin-do",
        ),
        key=row.key,
    )


def everybodys_solves() -> rx.Component:
    """The content of the page; it follows by itself while something runs."""
    content = rx.fragment(
        table(
            "Solves",
            ["Spot", "For", "Status", "So far", ("Memory", "number"), "Asked (UTC)", ""],
            rx.cond(
                _rows.length() > 0,
                rx.foreach(_rows, _row),
                rx.el.tr(rx.el.td("No solves.", col_span=7, class_name="admin-nothing")),
            ),
            class_name="admin-table admin-jobs",
        ),
        rx.cond(
            AdminJobsState.more, button("Show more", tone="quiet", on_click=AdminJobsState.show_more), rx.fragment()
        ),
    )
    return rx.fragment(
        ticker(seconds=_EVERY_S, running=AdminJobsState.active, on_tick=AdminJobsState.load),
        rx.el.div(
            select(
                "Show",
                "admin-status",
                (("all", "All"), *STATUSES.items()),
                value=AdminJobsState.show,
                on_change=AdminJobsState.choose_show,
            ),
            button("Refresh", on_click=AdminJobsState.load),
            class_name="admin-bar",
        ),
        error_text(AdminJobsState.error),
        said(AdminJobsState.said),
        when_ready(AdminJobsState.status, content, AdminJobsState.load),
    )
