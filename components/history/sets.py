"""Sets in lists: those to go on with, and all of them."""

from typing import Any

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink

from components.ui import download_link, link_button


def open_sets(lines: Any) -> rx.Component:
    """Sets that are not at their end, each with the way back to its table."""
    return rx.cond(
        lines.length() > 0,
        rx.el.section(
            rx.el.h2("Open sets", id="open-sets"),
            rx.el.ul(
                rx.foreach(
                    lines,
                    lambda line: rx.el.li(
                        rx.el.span(line.name, class_name="set-name"),
                        rx.el.span(line.progress),
                        rx.el.span(line.when, class_name="quiet"),
                        link_button("Continue", href=line.resume, aria_label="Continue: " + line.name),
                        key=line.id,
                    ),
                ),
                aria_labelledby="open-sets",
                class_name="open-sets",
            ),
        ),
        rx.fragment(),
    )


def _file(line: Any, kind: str) -> rx.Component:
    return download_link(kind.upper(), line.export + kind, f"Export as {kind.upper()}")


def set_row(line: Any) -> rx.Component:
    """A set: what it was, what it cost, its mistakes, its files."""
    return rx.el.li(
        rx.el.div(
            rx.el.p(line.name, class_name="set-name"), rx.el.p(line.when, class_name="quiet"), class_name="set-what"
        ),
        rx.el.span(line.progress),
        rx.el.span(line.loss, class_name="set-loss"),
        rx.el.div(
            rx.cond(line.open, rx.el.a("Continue", href=line.resume), rx.fragment()),
            ReactRouterLink.create("Mistakes", to=line.mistakes),
            _file(line, "csv"),
            _file(line, "json"),
            _file(line, "phh"),
            class_name="set-links",
        ),
        key=line.id,
        class_name="set-row",
    )
