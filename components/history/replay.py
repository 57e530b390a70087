"""A hand step by step: the table as it lay, and the grade where hero decided."""

from typing import Any

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink

from components.history.arrow_keys import arrow_keys
from components.poker import felt, strategy_bar, strategy_grid
from components.training.display import display
from components.ui import button, download_link, empty_state, link_button, spinner
from state import routes
from state.history import ReplayState

_answer: Any = ReplayState.answer
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


def _row(row: Any) -> rx.Component:
    return rx.el.tr(
        rx.el.th(
            rx.el.span(class_name=f"dot dot--{row.tone}", aria_hidden="true"),
            row.label,
            rx.cond(row.chosen, rx.el.span("you", class_name="tag"), rx.fragment()),
            scope="row",
        ),
        rx.el.td(row.frequency, class_name="number"),
        rx.el.td(row.ev, class_name="number"),
        rx.el.td(row.loss, class_name="number"),
        class_name=rx.cond(row.chosen, "is-chosen", ""),
    )


def _grade() -> rx.Component:
    return rx.el.section(
        rx.cond(
            _answer.word == "",
            rx.el.p("Go to one of your decisions to see its grade.", class_name="quiet"),
            rx.fragment(
                rx.el.p(_answer.where, class_name="grade-where"),
                rx.el.p(
                    rx.el.strong(_answer.word, class_name=f"grade-word grade-word--{_answer.tone}"),
                    class_name="grade-line",
                ),
                rx.el.p(_answer.sentence, class_name="grade-sentence"),
                rx.cond(
                    _answer.rows.length() > 0,
                    rx.fragment(
                        strategy_bar(_answer.rows),
                        rx.el.table(
                            rx.el.thead(
                                rx.el.tr(
                                    rx.el.th("Action", scope="col"),
                                    rx.el.th("Solver", scope="col", class_name="number"),
                                    rx.el.th(f"EV, {_answer.unit}", scope="col", class_name="number"),
                                    rx.el.th(f"Loss, {_answer.unit}", scope="col", class_name="number"),
                                )
                            ),
                            rx.el.tbody(rx.foreach(_answer.rows, _row)),
                            aria_label="Actions and EV",
                            class_name="data-table action-table",
                        ),
                        rx.el.div(
                            rx.foreach(_answer.reasons, rx.el.p),
                            rx.el.p(_answer.solved, " ", _answer.tolerance, class_name="grade-solved"),
                            class_name="grade-reasons",
                        ),
                        strategy_grid(
                            data=_answer.grid, actions=_answer.grid_actions, hero=_answer.hand_class, label="Strategy"
                        ),
                    ),
                    rx.fragment(),
                ),
            ),
        ),
        aria_label="Grade",
        class_name="grade",
    )


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
