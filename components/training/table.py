"""The table, its actions and the grade beside it, for any mode of play."""

import reflex as rx

from components.poker import action_bar, felt, line_so_far
from components.training.analysis import analysis
from components.training.display import display
from components.training.grade import announcement, grade
from components.training.summary import summary
from components.training.timebank import timebank
from components.ui import error_text
from state.training import TrainingState
from state.views import StepView

_table = TrainingState.table


def _loss(loss: rx.Var[StepView]) -> rx.Component:
    return rx.el.li(loss.text, class_name=f"loss loss--{loss.tone}")


def _outcome() -> rx.Component:
    """How the hand ended and what each street cost; its row is always there, so nothing moves."""
    return rx.el.div(
        rx.cond(
            _table.result != "",
            rx.fragment(
                rx.el.span(_table.result),
                rx.el.span("EV loss", class_name="outcome-label"),
                rx.el.ul(rx.foreach(_table.losses, _loss), aria_label="EV loss per street"),
            ),
            rx.fragment(),
        ),
        error_text(TrainingState.error),
        role="status",
        aria_label="Outcome",
        class_name="outcome",
    )


def _play() -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.h1(rx.cond(TrainingState.phase == "starting", "Dealing", _table.spot)),
            rx.cond(_table.against != "", rx.el.p(_table.against, class_name="table-against"), rx.fragment()),
            rx.el.p(_table.progress, class_name="table-progress"),
            display(unit=TrainingState.unit, on_unit=TrainingState.choose_unit),
            class_name="table-head",
        ),
        timebank(
            deadline=_table.deadline,
            seconds=_table.timebank,
            decision=_table.decision_id,
            phase=TrainingState.phase,
            on_over=TrainingState.time_over,
        ),
        line_so_far(_table.line),
        felt(_table),
        _outcome(),
        action_bar(
            actions=_table.actions,
            decision=_table.decision_id,
            phase=TrainingState.phase,
            error=TrainingState.error,
            on_act=TrainingState.act,
            on_continue=TrainingState.advance,
            on_next=TrainingState.next_hand,
            on_retry=TrainingState.try_again,
        ),
        aria_label="Table",
        custom_attrs={"data-decision": _table.decision_id},
        aria_busy=rx.cond(TrainingState.phase == "starting", "true", "false"),
        class_name="table",
    )


def training_table() -> rx.Component:
    """The whole of play: table or summary, and the grade. Rendered while the phase is not "idle"."""
    return rx.el.div(
        rx.cond(TrainingState.phase == "summary", summary(), _play()),
        grade(),
        rx.el.p(
            rx.cond(TrainingState.phase == "decision", _table.spoken, ""),
            role="status",
            aria_live="polite",
            aria_label="Decision",
            class_name="visually-hidden",
        ),
        announcement(),
        analysis(),
        class_name="play",
    )
