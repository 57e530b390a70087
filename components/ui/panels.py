"""Surfaces and states: panel, table, empty state, progress bar, spinner."""

from collections.abc import Sequence
from typing import Any

import reflex as rx


def card_panel(*children: Any, title: Any = "", level: int = 2, **props: Any) -> rx.Component:
    """A quiet raised surface. With a title it is a section under a heading of that level."""
    props["class_name"] = ["panel", props.pop("class_name", None) or ""]
    heading = [getattr(rx.el, f"h{level}")(title)] if title else []
    return rx.el.section(*heading, *children, **props)


def table(label: str, columns: Sequence[str | tuple[str, str]], body: Any, **props: Any) -> rx.Component:
    """A data table with its accessible name.

    Args:
        label: The accessible name; kept in a visually hidden caption.
        columns: Headings; a pair is (heading, class name), "number" aligns to the right.
        body: Rows, usually `rx.foreach(rows, ...)` of `rx.el.tr`; number cells carry class name "number".
        props: Further attributes of the table.
    """
    pairs = [(column, "") if isinstance(column, str) else column for column in columns]
    return rx.el.div(
        rx.el.table(
            rx.el.caption(rx.el.span(label, class_name="visually-hidden")),
            rx.el.thead(rx.el.tr(*[rx.el.th(text, scope="col", class_name=name) for text, name in pairs])),
            rx.el.tbody(body),
            class_name=["data-table", props.pop("class_name", None) or ""],
            aria_label=label,
            **props,
        ),
        class_name="table-frame",
    )


def empty_state(title: str, text: Any = "", *children: Any) -> rx.Component:
    """What a page says when there is nothing yet, with the way out as children."""
    return rx.el.div(rx.el.h2(title), rx.el.p(text), *children, class_name="empty-state")


def progress_bar(label: str, percent: Any, text: Any = "") -> rx.Component:
    """A determinate progress bar; `percent` 0 to 100, `text` is what a screen reader says instead of the number."""
    return rx.el.div(
        rx.el.div(style={"width": f"{percent}%"}),
        role="progressbar",
        aria_label=label,
        aria_valuemin=0,
        aria_valuemax=100,
        aria_valuenow=percent,
        custom_attrs={} if isinstance(text, str) and not text else {"aria-valuetext": text},
        class_name="progress",
    )


def spinner() -> rx.Component:
    """A small wheel beside text that says what is going on; the text is what counts."""
    return rx.el.div(class_name="spinner", aria_hidden="true")
