"""A hand step by step: the table as it lay, and the grade where hero decided."""

from typing import Any

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink

from components.history.arrow_keys import arrow_keys
from components.poker import felt
from components.training.display import display
from components.training.grade import graded
from components.ui import button, download_link, empty_state, link_button, spinner
from state import routes
from state.history import ReplayState

_head: Any = ReplayState.head


def _step(step: Any) -> rx.Component:
    return rx.el.li(
        rx.el.button(
            rx.cond(step.tone != "", rx.el.span(class_name=f"dot dot--{step.tone}", aria_hidden="true"), rx.fragment()),
            step.text,
            rx.cond(step.tone != "", rx.el.span(f", {step.tone}", class_name="visually-hidden"), rx.fragment()),
            type="button",
            custom_attrs={"aria-current": rx.cond(step.index == ReplayState.index, "step", "false")},
            on_click=ReplayState.go(step.index),
        )
    )


def _grade() -> rx.Component:
    empty = rx.el.p("Go to one of your decisions to see its grade.", class_name="quiet")
    return graded(ReplayState.answer, empty, rx.fragment())


def _hand() -> rx.Component:
    return rx.el.div(
        rx.el.section(
            rx.el.div(
                rx.el.h1(_head.title),
                rx.el.p(_head.result),
                display(unit=ReplayState.unit, zen=False, on_unit=ReplayState.choose_unit),
                class_name="table-head",
            ),
            felt(ReplayState.table),
            rx.el.div(
                button("First", tone="quiet", on_click=ReplayState.go(0), disabled=ReplayState.index == 0),
                button("Back", on_click=ReplayState.back, disabled=ReplayState.index == 0),
                button("Forward", on_click=ReplayState.forward, disabled=ReplayState.index == ReplayState.last),
                button(
                    "Last",
                    tone="quiet",
                    on_click=ReplayState.go(ReplayState.last),
                    disabled=ReplayState.index == ReplayState.last,
                ),
                role="group",
                aria_label="Steps",
                class_name="replay-buttons",
            ),
            rx.el.ol(rx.foreach(ReplayState.steps, _step), aria_label="Line", class_name="replay-steps", role="list"),
            rx.el.div(
                rx.cond(
                    _head.losses.length() > 0,
                    rx.el.ul(
                        rx.foreach(
                            _head.losses, lambda loss: rx.el.li(loss.text, class_name=f"loss loss--{loss.tone}")
                        ),
                        aria_label="EV loss per street",
                        class_name="counts",
                    ),
                    rx.fragment(),
                ),
                rx.el.p(
                    ReactRouterLink.create("History", to=routes.HISTORY),
                    download_link("PHH", _head.export, "Export as PHH"),
                    download_link("JSON", _head.export_json, "Export as JSON"),
                    class_name="set-links",
                ),
                class_name="replay-foot",
            ),
            aria_label="Replay",
            class_name="table",
        ),
        _grade(),
        class_name="play replay",
    )


def replay() -> rx.Component:
    """The whole page's content; arrow keys step through the hand."""
    return rx.el.div(
        arrow_keys(on_left=ReplayState.back, on_right=ReplayState.forward),
        rx.match(
            ReplayState.status,
            ("loading", rx.el.div(spinner(), "Reading the hand", role="status", class_name="board-loading")),
            (
                "failed",
                empty_state(ReplayState.error, "", link_button("History", href=routes.HISTORY)),
            ),
            _hand(),
        ),
    )
