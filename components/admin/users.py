"""Accounts: search, and the account at hand with its role and its suspension."""

from typing import Any

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink

from components.admin.frame import said, select, when_ready
from components.ui import button, error_text, table, text_field
from state import routes
from state.admin import AdminUsersState
from state.admin_views import ROLES

_rows: Any = AdminUsersState.rows
_chosen: Any = AdminUsersState.chosen
_SHOWN = (("all", "All accounts"), *ROLES.items(), ("banned", "Suspended"))


def _row(row: Any) -> rx.Component:
    return rx.el.tr(
        rx.el.th(
            rx.el.span(row.name, class_name="admin-person"),
            rx.cond(row.own, rx.el.span("you", class_name="tag"), rx.fragment()),
            rx.el.span(row.email, class_name="admin-email"),
            scope="row",
        ),
        rx.el.td(row.role_text, custom_attrs={"data-label": "Role"}),
        rx.el.td(row.since, class_name="admin-when", custom_attrs={"data-label": "Since"}),
        rx.el.td(rx.cond(row.banned, rx.el.span(row.ban_text, class_name="admin-banned"), rx.fragment())),
        rx.el.td(
            button("Manage", aria_label="Manage " + row.name, on_click=AdminUsersState.choose(row.key)),
            class_name="admin-do",
        ),
        key=row.key,
        class_name=rx.cond(row.key == _chosen.key, "is-chosen", ""),
    )


def _role_form() -> rx.Component:
    return rx.el.form(
        select("Role", "role", tuple(ROLES.items()), default_value=_chosen.role, key=f"{_chosen.key} {_chosen.role}"),
        button("Save role", type="submit"),
        on_submit=AdminUsersState.change_role,
        class_name="admin-role",
    )


def _suspension() -> rx.Component:
    ask = rx.el.form(
        text_field(
            "Reason",
            "reason",
            hint="For administrators only. The account's owner is told that it is suspended, not why.",
            error=AdminUsersState.reason_error,
            auto_complete="off",
            auto_focus=True,
            max_length=300,
        ),
        rx.el.div(
            button("Suspend and sign out everywhere", type="submit", class_name="admin-danger"),
            button("Keep the account open", tone="quiet", on_click=AdminUsersState.forget_ban),
            class_name="admin-buttons",
        ),
        on_submit=AdminUsersState.ban,
        class_name="form",
    )
    lift = rx.el.div(
        rx.el.p(_chosen.ban_text, class_name="admin-banned"), button("Let in again", on_click=AdminUsersState.unban)
    )
    begin = button("Suspend …", tone="quiet", class_name="admin-danger-quiet", on_click=AdminUsersState.ask_ban)
    return rx.cond(_chosen.banned, lift, rx.cond(AdminUsersState.asking, ask, begin))


def _panel() -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.div(
                rx.el.h2(_chosen.name, id="chosen-account", tab_index=-1),
                rx.el.p(_chosen.email, class_name="admin-email"),
            ),
            button("Close", tone="quiet", on_click=AdminUsersState.leave),
            class_name="admin-panel-head",
        ),
        rx.el.dl(
            rx.el.div(rx.el.dt("Since"), rx.el.dd(_chosen.since)),
            rx.el.div(rx.el.dt("Id"), rx.el.dd(_chosen.key, class_name="admin-id")),
            class_name="admin-facts",
        ),
        said(AdminUsersState.said),
        rx.cond(
            _chosen.own,
            rx.el.p("This is your own account. Another administrator has to change it.", class_name="field-hint"),
            rx.fragment(_role_form(), _suspension()),
        ),
        ReactRouterLink.create("What it did, and what was done to it", to=f"{routes.ADMIN_AUDIT}?user={_chosen.key}"),
        class_name="panel admin-panel",
        aria_labelledby="chosen-account",
    )


def accounts() -> rx.Component:
    """The content of the page."""
    bar = rx.el.div(
        rx.el.form(
            text_field(
                "Search",
                "search",
                type="search",
                placeholder="Name, e-mail address or id",
                default_value=AdminUsersState.search,
                key=AdminUsersState.search,
                auto_complete="off",
                max_length=254,
            ),
            button("Find", type="submit"),
            on_submit=AdminUsersState.find,
            class_name="admin-search",
            role="search",
        ),
        select("Show", "admin-show", _SHOWN, value=AdminUsersState.show, on_change=AdminUsersState.choose_show),
        class_name="admin-bar",
    )
    rows = rx.el.div(
        table(
            "Accounts",
            ["Account", "Role", "Since", "Status", ""],
            rx.cond(
                _rows.length() > 0,
                rx.foreach(_rows, _row),
                rx.el.tr(rx.el.td("No account fits.", col_span=5, class_name="admin-nothing")),
            ),
            class_name="admin-table admin-accounts",
        ),
        rx.cond(
            AdminUsersState.more, button("Show more", tone="quiet", on_click=AdminUsersState.show_more), rx.fragment()
        ),
        class_name="admin-list",
    )
    content = rx.el.div(
        rows,
        rx.cond(_chosen.key != "", _panel(), rx.fragment()),
        class_name=rx.cond(_chosen.key != "", "admin-split has-panel", "admin-split"),
    )
    return rx.fragment(
        bar,
        error_text(AdminUsersState.error),
        when_ready(AdminUsersState.status, content, AdminUsersState.load),
    )
