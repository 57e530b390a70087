"""One's own solves, newest first: opened, or deleted after a second press."""

from typing import Any

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink

from components.poker import playing_card
from components.ui import button, error_text, table
from state.own_solves import OwnSolvesState

_rows: Any = OwnSolvesState.rows


def _row(row: Any) -> rx.Component:
    return rx.el.tr(
        rx.el.th(
            ReactRouterLink.create(
                rx.el.span(
                    rx.foreach(row.cards, lambda card: playing_card(card=card)),
                    class_name="small-cards",
                    aria_hidden="true",
                ),
                to=row.href,
                aria_label="Open " + row.name,
                class_name="own-solve-link",
            ),
            scope="row",
        ),
        rx.el.td(row.stakes, class_name="number", custom_attrs={"data-label": "Pot / stack, bb"}),
        rx.el.td(row.solved, class_name="number", custom_attrs={"data-label": "Solved to, % of pot"}),
        rx.el.td(row.when, custom_attrs={"data-label": "Asked"}),
        rx.el.td(
            rx.el.div(
                rx.cond(
                    row.key == OwnSolvesState.asked,
                    rx.fragment(
                        button(
                            "Delete for good",
                            tone="quiet",
                            aria_label="Delete " + row.name + " for good",
                            on_click=OwnSolvesState.delete,
                        ),
                        button("Keep", tone="quiet", aria_label="Keep " + row.name, on_click=OwnSolvesState.ask("")),
                    ),
                    button(
                        "Delete", tone="quiet", aria_label="Delete " + row.name, on_click=OwnSolvesState.ask(row.key)
                    ),
                ),
                class_name="own-solve-do",
            )
        ),
        key=row.key,
    )


def own_solves() -> rx.Component:
    """The section; nothing where there is nothing yet, since the page's form says what to do."""
    return rx.cond(
        (_rows.length() > 0) | (OwnSolvesState.error != "") | (OwnSolvesState.said != ""),
        rx.el.section(
            rx.el.h2("Your solves", id="own-solves", tab_index=-1),
            error_text(OwnSolvesState.error),
            rx.el.p(OwnSolvesState.said, role="status", class_name="field-hint"),
            rx.cond(
                _rows.length() > 0,
                table(
                    "Your solves",
                    ["Board", ("Pot / stack, bb", "number"), ("Solved to, % of pot", "number"), "Asked", ""],
                    rx.foreach(_rows, _row),
                    class_name="own-solves-table",
                ),
                rx.fragment(),
            ),
            rx.cond(
                OwnSolvesState.more, button("Show more", tone="quiet", on_click=OwnSolvesState.show_more), rx.fragment()
            ),
            aria_label="Your solves",
            class_name="own-solves",
        ),
        rx.fragment(),
    )
