"""The grade beside the table: word, loss, accuracy, every action with its EV, the reasons, the range's strategy."""

from typing import Any

import reflex as rx

from components.poker import strategy_bar, strategy_grid
from components.training.analysis import analysis_button
from state.views import RowView


def _row(row: rx.Var[RowView]) -> rx.Component:
    return rx.el.tr(
        rx.el.th(
            rx.el.span(class_name=f"dot dot--{row.tone}", aria_hidden="true"),
            row.label,
            rx.cond(row.chosen, rx.el.span("you", class_name="tag"), rx.fragment()),
            rx.cond(row.named, rx.el.span("die", class_name="tag tag--quiet"), rx.fragment()),
            scope="row",
        ),
        rx.el.td(row.frequency, class_name="number"),
        rx.el.td(row.ev, class_name="number"),
        rx.el.td(row.loss, class_name=rx.cond(row.loss == "0", "number quiet", "number")),
        class_name=rx.cond(row.chosen, "is-chosen", ""),
    )


def _verdict(answer: Any, aside: rx.Component) -> rx.Component:
    """The word and the loss; ``aside`` stands beside where it was."""
    return rx.el.div(
        rx.el.div(
            rx.el.p(answer.where),
            rx.cond(answer.borderline, rx.el.span("borderline", class_name="tag tag--quiet"), rx.fragment()),
            aside,
            class_name="grade-where",
        ),
        rx.el.div(
            rx.el.strong(answer.word, class_name=f"grade-word grade-word--{answer.tone}"),
            rx.el.p(
                rx.el.span("EV loss", class_name="grade-label"),
                rx.el.span(answer.loss, class_name="grade-loss"),
                rx.el.span(answer.loss_aside, class_name="grade-pct"),
                class_name="grade-cost",
            ),
            class_name="grade-line",
        ),
        rx.el.p(answer.sentence, class_name="grade-sentence"),
        class_name="grade-verdict",
    )


def announcement(answer: Any) -> rx.Component:
    """Says the grade to a screen reader; it has to be on the page before there is something to say."""
    return rx.el.p(
        rx.cond(answer.word == "", "", f"{answer.where}. {answer.word}, {answer.loss}. {answer.sentence}"),
        aria_live="polite",
        class_name="visually-hidden",
    )


def _actions(answer: Any) -> rx.Component:
    return rx.el.div(
        strategy_bar(answer.rows),
        rx.el.table(
            rx.el.thead(
                rx.el.tr(
                    rx.el.th("Action", scope="col"),
                    rx.el.th("Solver", scope="col", class_name="number"),
                    rx.el.th(f"EV, {answer.unit}", scope="col", class_name="number"),
                    rx.el.th(f"Loss, {answer.unit}", scope="col", class_name="number"),
                )
            ),
            rx.el.tbody(rx.foreach(answer.rows, _row)),
            aria_label="Actions and EV",
            class_name="data-table action-table",
        ),
        class_name="grade-actions",
    )


def grade(answer: Any, label: str = "Grade") -> rx.Component:
    """Region "Grade" at a table; its room is there before the first answer."""
    return graded(
        answer,
        rx.el.div(
            rx.el.p("Your grade appears here."),
            rx.el.p("What each action is worth, what yours cost, and how accurate the solution is."),
            class_name="grade-empty",
        ),
        rx.cond(answer.withheld == "", analysis_button(), rx.fragment()),
        label,
    )


def graded(answer: Any, empty: rx.Component, aside: rx.Component, label: str = "Grade") -> rx.Component:
    """Region "Grade", or ``empty`` where there is none."""
    return rx.el.section(
        rx.cond(
            answer.word == "",
            empty,
            rx.fragment(
                _verdict(answer, aside),
                rx.cond(answer.withheld == "", _solution(answer), _kept(answer)),
            ),
        ),
        aria_label=label,
        class_name="grade",
    )


def _kept(answer: Any) -> rx.Component:
    """In place of the solution while a ranked set runs on its board."""
    return rx.el.div(
        rx.cond(answer.note != "", rx.el.p(answer.note, class_name="grade-note"), rx.fragment()),
        rx.el.p(answer.withheld, class_name="grade-kept"),
        class_name="grade-reasons",
    )


def _solution(answer: Any) -> rx.Component:
    """Every action with its EV, the reasons, the range."""
    return rx.fragment(
        _actions(answer),
        rx.el.div(
            rx.el.p(answer.die_line),
            rx.foreach(answer.reasons, rx.el.p),
            rx.cond(answer.note != "", rx.el.p(answer.note, class_name="grade-note"), rx.fragment()),
            rx.el.p(
                answer.solved,
                rx.el.span(answer.tolerance, title="How far this loss may be from the exact one"),
                class_name="grade-solved",
                title=answer.proof,
            ),
            class_name="grade-reasons",
        ),
        strategy_grid(data=answer.grid, actions=answer.grid_actions, hero=answer.hand_class, label="Strategy"),
    )
