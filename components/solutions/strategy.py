"""What a solve is doing and what it found: progress with its curve, then the tree, node by node."""

from typing import Any

import reflex as rx

from components.poker import strategy_bar, strategy_combos
from components.ui import button, error_text, progress_bar, spinner
from state.solutions import SolveState

_node: Any = SolveState.node
_solving: Any = SolveState.solving


def solving() -> rx.Component:
    """The progress of the solve under way."""
    return rx.el.section(
        rx.el.div(
            rx.el.p(_solving.text, class_name="solve-now"),
            rx.el.p(_solving.detail, class_name="solve-detail"),
            class_name="solve-status",
        ),
        progress_bar("Solving", _solving.percent, _solving.text),
        rx.cond(
            _solving.curve != "",
            rx.el.svg(
                rx.el.path(d=_solving.curve, fill="none"),
                custom_attrs={"viewBox": "0 0 100 32", "preserveAspectRatio": "none", "aria-hidden": "true"},
                class_name="solve-curve",
            ),
            rx.fragment(),
        ),
        rx.el.div(button("Cancel", on_click=SolveState.cancel)),
        aria_label="Progress",
        class_name="panel solve-progress",
    )


def _crumb(text: Any, steps: Any) -> rx.Component:
    return rx.el.li(button(text, tone="quiet", on_click=SolveState.back_to(steps)))


def _line() -> rx.Component:
    """The line so far; a step leads back to the decision before it."""
    return rx.cond(
        _node.crumbs.length() > 0,
        rx.el.ol(rx.foreach(_node.crumbs, _crumb), aria_label="Line so far", role="list", class_name="solve-line"),
        rx.fragment(),
    )


def _action(row: Any) -> rx.Component:
    return rx.el.tr(
        rx.el.th(
            rx.el.button(
                rx.el.span(class_name=f"dot dot--{row.tone}", aria_hidden="true"),
                row.label,
                type="button",
                on_click=SolveState.take(row.index),
                class_name="solve-action",
            ),
            scope="row",
        ),
        rx.el.td(row.frequency, class_name="number"),
    )


def _figure(pair: Any) -> rx.Component:
    return rx.el.div(rx.el.dt(pair[0]), rx.el.dd(pair[1]))


def _decision() -> rx.Component:
    return rx.el.div(
        rx.el.div(
            strategy_bar(_node.rows),
            rx.el.table(
                rx.el.thead(
                    rx.el.tr(rx.el.th("Action", scope="col"), rx.el.th("Frequency", scope="col", class_name="number"))
                ),
                rx.el.tbody(rx.foreach(_node.rows, _action)),
                aria_label="Actions",
                class_name="data-table",
            ),
            rx.el.dl(rx.foreach(_node.figures, _figure), class_name="solve-figures"),
            class_name="solve-mix",
        ),
        strategy_combos(
            data=_node.grid,
            actions=_node.grid_actions,
            combos=_node.combos,
            label="Strategy",
            title=_node.title,
            unit="bb",
        ),
        class_name="solve-node",
    )


def _elsewhere() -> rx.Component:
    return rx.cond(
        _node.deal.length() > 0,
        rx.el.div(
            rx.el.label("Card to deal", html_for="deal"),
            rx.el.select(
                rx.el.option("Choose", value=""),
                rx.foreach(_node.deal, lambda card: rx.el.option(card, value=card)),
                id="deal",
                default_value="",
                on_change=SolveState.deal,
            ),
            class_name="field solve-deal",
        ),
        rx.el.p(_node.ended),
    )


def strategy() -> rx.Component:
    """The node that is looked at; its actions lead on."""
    return rx.el.section(
        rx.el.div(
            rx.el.p(SolveState.outcome, role="status", class_name="solve-outcome"),
            button("Play this spot", tone="primary", on_click=SolveState.play),
            class_name="solve-done",
        ),
        _line(),
        rx.el.div(
            rx.el.h2(_node.title),
            rx.el.p(_node.pot),
            rx.cond(SolveState.opening, spinner(), rx.fragment()),
            class_name="solve-title",
        ),
        rx.cond(_node.grid != "", _decision(), _elsewhere()),
        rx.cond(
            _node.subgame != "",
            rx.el.div(button(_node.subgame, on_click=SolveState.solve_turn), class_name="solve-subgame"),
            rx.fragment(),
        ),
        error_text(SolveState.notice),
        aria_label="Solution",
        aria_busy=rx.cond(SolveState.opening, "true", "false"),
        class_name="panel solve-result",
    )
