"""One hand's mix as a stacked bar."""

from typing import Any

import reflex as rx


def strategy_bar(rows: Any) -> rx.Component:
    """Segments as wide as their frequency; the table beside it says the same in words."""
    return rx.el.div(
        rx.foreach(
            rows,
            lambda row: rx.el.span(style={"width": f"{row.share}%", "background": f"var(--{row.tone})"}),
        ),
        class_name="strategy-bar",
        aria_hidden="true",
    )
