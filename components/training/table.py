"""The table, its actions and the grade beside it, for any mode of play; two of them in drills on two tables."""

from typing import Any

import reflex as rx

from components.poker import action_bar, felt, line_so_far
from components.training.analysis import analysis
from components.training.display import display
from components.training.grade import announcement, grade
from components.training.summary import summary_of
from components.training.timebank import timebank
from components.training.two_tables import two_tables
from components.ui import error_text
from state.training import SecondTableState, TablePlay, TrainingState
from state.views import StepView


def _loss(loss: rx.Var[StepView]) -> rx.Component:
    return rx.el.li(loss.text, class_name=f"loss loss--{loss.tone}")


def _outcome(play: type[TablePlay]) -> rx.Component:
    """How the hand ended and what each street cost; its row is always there, so nothing moves."""
    table: Any = play.table
    return rx.el.div(
        rx.cond(
            table.result != "",
            rx.fragment(
                rx.el.span(table.result),
                rx.el.span("EV loss", class_name="outcome-label"),
                rx.el.ul(rx.foreach(table.losses, _loss), aria_label="EV loss per street"),
            ),
            rx.fragment(),
        ),
        error_text(play.error),
        role="status",
        aria_label="Outcome",
        class_name="outcome",
    )


def _table(play: type[TablePlay], place: int) -> rx.Component:
    table: Any = play.table
    return rx.el.section(
        rx.el.div(
            rx.el.h1(rx.cond(play.phase == "starting", "Dealing", table.spot)),
            rx.cond(table.against != "", rx.el.p(table.against, class_name="table-against"), rx.fragment()),
            rx.el.p(table.progress, class_name="table-progress"),
            _display(place),
            class_name="table-head",
        ),
        timebank(
            deadline=table.deadline,
            seconds=table.timebank,
            decision=table.decision_id,
            phase=play.phase,
            on_over=play.time_over,
        ),
        line_so_far(table.line),
        felt(table),
        _outcome(play),
        action_bar(
            actions=table.actions,
            decision=table.decision_id,
            phase=play.phase,
            error=play.error,
            onwards=table.onwards,
            on_act=play.act,
            on_continue=play.advance,
            on_next=play.next_hand,
            on_retry=play.try_again,
        ),
        aria_label=f"Table {place}" if place else "Table",
        custom_attrs={"data-decision": table.decision_id},
        aria_busy=rx.cond(play.phase == "starting", "true", "false"),
        class_name="table",
    )


def _display(place: int) -> rx.Component:
    """One for the page: the first table carries it."""
    if place == 2:
        return rx.fragment()
    chosen: list[Any] = [TrainingState.choose_unit, *([SecondTableState.choose_unit] if place else [])]
    return display(unit=TrainingState.unit, on_unit=chosen)


def _spoken(play: type[TablePlay]) -> rx.Component:
    """The decision and the grade for a screen reader."""
    table: Any = play.table
    return rx.fragment(
        rx.el.p(
            rx.cond(play.phase == "decision", table.spoken, ""),
            role="status",
            aria_live="polite",
            aria_label="Decision",
            class_name="visually-hidden",
        ),
        announcement(play.answer),
    )


def _one_of_two(play: type[TablePlay], place: int) -> rx.Component:
    return rx.el.div(
        rx.cond(play.phase == "summary", summary_of(play.summary, place), _table(play, place)),
        grade(play.answer, f"Grade, table {place}"),
        _spoken(play),
        class_name="play play--one-of-two",
    )


def _two() -> rx.Component:
    return rx.fragment(
        two_tables(
            _one_of_two(TrainingState, 1),
            _one_of_two(SecondTableState, 2),
            phases=[TrainingState.phase, SecondTableState.phase],
        ),
        analysis(TrainingState, 1),
        analysis(SecondTableState, 2),
    )


def training_table() -> rx.Component:
    """The whole of play: table or summary, and the grade. Rendered while the phase is not "idle"."""
    one = rx.el.div(
        rx.cond(TrainingState.phase == "summary", summary_of(TrainingState.summary), _table(TrainingState, 0)),
        grade(TrainingState.answer),
        _spoken(TrainingState),
        analysis(TrainingState),
        class_name="play",
    )
    paired = (TrainingState.pair != "") & (TrainingState.pair == SecondTableState.pair)
    return rx.cond(paired, _two(), one)
