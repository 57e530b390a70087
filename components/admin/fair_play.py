"""Who had to do with the boards of a ranked set."""

from typing import Any

import reflex as rx

from components.admin.frame import when_ready
from components.ui import error_text, table
from state.admin_fair_play import AdminFairPlayState

_rows: Any = AdminFairPlayState.rows


def _row(row: Any) -> rx.Component:
    return rx.el.tr(
        rx.el.td(rx.el.time(row.when), class_name="admin-when"),
        rx.el.td(row.name, class_name="admin-who", custom_attrs={"data-label": "Account"}),
        rx.el.td(rx.el.span(row.what, class_name=rx.cond(row.refused, "admin-action is-alarming", "admin-action"))),
        rx.el.td(row.board, class_name="admin-who", custom_attrs={"data-label": "Board"}),
        rx.el.td(row.times, class_name="number", custom_attrs={"data-label": "Times"}),
        rx.el.td(row.marked, class_name="number", custom_attrs={"data-label": "Marked decisions"}),
        key=row.key,
    )


def fair_play() -> rx.Component:
    """The content of the page."""
    chosen = rx.el.div(
        rx.el.label("Set", html_for="fair-play-set"),
        rx.el.select(
            rx.foreach(AdminFairPlayState.sets, lambda one: rx.el.option(one[1], value=one[0])),
            id="fair-play-set",
            value=AdminFairPlayState.set_id,
            on_change=AdminFairPlayState.choose,
        ),
        class_name="field",
    )
    content = rx.fragment(
        rx.cond(
            AdminFairPlayState.boards != "",
            rx.el.p("Boards: ", AdminFairPlayState.boards, class_name="board-note"),
            rx.fragment(),
        ),
        table(
            "Studies of the set's boards",
            ["When (UTC)", "Account", "What", "Board", ("Times", "number"), ("Marked decisions", "number")],
            rx.cond(
                _rows.length() > 0,
                rx.foreach(_rows, _row),
                rx.el.tr(
                    rx.el.td("Nobody had to do with these boards.", col_span=6, class_name="admin-nothing"),
                ),
            ),
            class_name="admin-table",
        ),
    )
    return rx.fragment(
        rx.el.div(chosen, class_name="admin-bar"),
        error_text(AdminFairPlayState.error),
        when_ready(AdminFairPlayState.status, content, AdminFairPlayState.load),
    )
