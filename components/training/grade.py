"""The grade beside the table: word, loss, accuracy, every action with its EV, the reasons, the range's strategy."""

import reflex as rx

from components.poker import strategy_bar, strategy_grid
from components.training.analysis import analysis_button
from state.training import TrainingState
from state.views import RowView

_answer = TrainingState.answer


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


def _verdict() -> rx.Component:
    """The word and the loss."""
    return rx.el.div(
        rx.el.div(
            rx.el.p(_answer.where),
            rx.cond(_answer.borderline, rx.el.span("borderline", class_name="tag tag--quiet"), rx.fragment()),
            rx.cond(_answer.withheld == "", analysis_button(), rx.fragment()),
            class_name="grade-where",
        ),
        rx.el.div(
            rx.el.strong(_answer.word, class_name=f"grade-word grade-word--{_answer.tone}"),
            rx.el.p(
                rx.el.span("EV loss", class_name="grade-label"),
                rx.el.span(_answer.loss, class_name="grade-loss"),
                rx.el.span(_answer.loss_aside, class_name="grade-pct"),
                class_name="grade-cost",
            ),
            class_name="grade-line",
        ),
        rx.el.p(_answer.sentence, class_name="grade-sentence"),
        class_name="grade-verdict",
    )


def announcement() -> rx.Component:
    """Says the grade to a screen reader; it has to be on the page before there is something to say."""
    return rx.el.p(
        rx.cond(_answer.word == "", "", f"{_answer.where}. {_answer.word}, {_answer.loss}. {_answer.sentence}"),
        aria_live="polite",
        class_name="visually-hidden",
    )


def _actions() -> rx.Component:
    return rx.el.div(
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
        class_name="grade-actions",
    )


def grade() -> rx.Component:
    """Region "Grade"; its room is there before the first answer."""
    return rx.el.section(
        rx.cond(
            _answer.word == "",
            rx.el.div(
                rx.el.p("Your grade appears here."),
                rx.el.p("What each action is worth, what yours cost, and how accurate the solution is."),
                class_name="grade-empty",
            ),
            rx.fragment(
                _verdict(),
                rx.cond(_answer.withheld == "", _solution(), _kept()),
            ),
        ),
        aria_label="Grade",
        class_name="grade",
    )


def _kept() -> rx.Component:
    """In place of the solution while a ranked set runs on its board."""
    return rx.el.div(
        rx.cond(_answer.note != "", rx.el.p(_answer.note, class_name="grade-note"), rx.fragment()),
        rx.el.p(_answer.withheld, class_name="grade-kept"),
        class_name="grade-reasons",
    )


def _solution() -> rx.Component:
    """Every action with its EV, the reasons, the range."""
    return rx.fragment(
        _actions(),
        rx.el.div(
            rx.el.p(_answer.die_line),
            rx.foreach(_answer.reasons, rx.el.p),
            rx.cond(_answer.note != "", rx.el.p(_answer.note, class_name="grade-note"), rx.fragment()),
            rx.el.p(
                _answer.solved,
                rx.el.span(_answer.tolerance, title="How far this loss may be from the exact one"),
                class_name="grade-solved",
                title=_answer.proof,
            ),
            class_name="grade-reasons",
        ),
        strategy_grid(data=_answer.grid, actions=_answer.grid_actions, hero=_answer.hand_class, label="Strategy"),
    )
