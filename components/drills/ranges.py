"""The page on which a whole range is painted, and what it cost."""

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink

from components.poker import line_so_far, paint_grid, playing_card, strategy_grid
from components.ui import button, empty_state, error_text, spinner
from state import routes
from state.ranges import ClassResult, RangeState
from state.views import StepView

_view = RangeState.view


def _count(count: rx.Var[StepView]) -> rx.Component:
    return rx.el.li(rx.el.span(class_name=f"dot dot--{count.tone}", aria_hidden="true"), count.text)


def _worst(one: rx.Var[ClassResult]) -> rx.Component:
    return rx.el.tr(
        rx.el.th(one.hand, scope="row"),
        rx.el.td(one.action),
        rx.el.td(one.word, class_name=f"grade-word--{one.word}"),
        rx.el.td(one.loss, class_name="number"),
    )


def _figure(label: str, value: rx.Var[str], note: rx.Var[str] | str) -> rx.Component:
    return rx.el.div(rx.el.dt(label), rx.el.dd(value, rx.el.small(note)), class_name="figure")


def _result() -> rx.Component:
    """Region "Grade"."""
    return rx.el.section(
        rx.el.dl(
            _figure("EV lost per hand of the range", _view.loss, _view.loss_pct),
            _figure("Right", _view.right, "of the range"),
            class_name="figures",
        ),
        rx.cond(_view.unavoidable != "", rx.el.p(_view.unavoidable, class_name="field-hint"), rx.fragment()),
        rx.el.ul(rx.foreach(_view.counts, _count), aria_label="Grades", class_name="counts"),
        rx.cond(
            _view.worst.length() > 0,
            rx.el.table(
                rx.el.thead(
                    rx.el.tr(
                        rx.el.th("Hand", scope="col"),
                        rx.el.th("You", scope="col"),
                        rx.el.th("Grade", scope="col"),
                        rx.el.th("Lost", scope="col", class_name="number"),
                    )
                ),
                rx.el.tbody(rx.foreach(_view.worst, _worst)),
                aria_label="Costliest hands",
                class_name="data-table",
            ),
            rx.el.p("No hand was played wrong."),
        ),
        rx.el.h2("The solver"),
        strategy_grid(data=_view.grid, actions=_view.grid_actions, hero="", label="Strategy"),
        rx.el.p(_view.solved, class_name="field-hint"),
        rx.cond(
            RangeState.phase == "over",
            rx.fragment(
                rx.el.h2("The set"),
                rx.el.ul(rx.foreach(_view.done, _count), aria_label="Ranges of this set", class_name="counts"),
                button("More drills", tone="primary", large=True, on_click=RangeState.leave),
            ),
            button("Next range", tone="primary", large=True, on_click=RangeState.next_range),
        ),
        aria_label="Grade",
        class_name="range-result",
    )


def _paint() -> rx.Component:
    return rx.el.div(
        rx.el.section(
            rx.el.div(
                rx.el.h1(_view.spot),
                rx.cond(_view.against != "", rx.el.p(_view.against, class_name="table-against"), rx.fragment()),
                rx.el.p(_view.progress),
                class_name="table-head",
            ),
            line_so_far(_view.line),
            rx.el.div(
                rx.el.div(
                    rx.foreach(_view.board, lambda card: playing_card(card=card)),
                    role="group",
                    aria_label="Board",
                    class_name="small-cards",
                ),
                rx.el.p("Pot ", rx.el.strong(_view.pot), ", you have ", rx.el.strong(_view.stack), class_name="pot"),
                class_name="range-felt",
            ),
            rx.el.p(
                _view.question,
                " Choose an action, then draw over the hands that take it.",
                class_name="range-question",
            ),
            error_text(RangeState.error),
            paint_grid(
                value=_view.chosen,
                item=_view.id,
                actions=_view.actions,
                weights=_view.weights,
                words=_view.words,
                losses=_view.losses,
                label="Your range",
                busy=RangeState.phase == "grading",
                on_grade=RangeState.submit,
            ),
            aria_label="Table",
            class_name="range-table",
        ),
        rx.cond(
            _view.words == "",
            rx.el.section(
                rx.el.p("Your grade appears here."),
                rx.el.p("What the range as a whole gave up, and which hands cost most."),
                aria_label="Grade",
                class_name="grade-empty range-result",
            ),
            _result(),
        ),
        class_name="range",
    )


def range_page() -> rx.Component:
    """The page's content."""
    return rx.el.div(
        rx.match(
            RangeState.phase,
            ("loading", rx.el.div(spinner(), rx.el.p("Looking for your range"), class_name="empty-state")),
            (
                "idle",
                empty_state(
                    "No range is open",
                    "Start “Whole range” among the drills.",
                    error_text(RangeState.error),
                    ReactRouterLink.create("Drills", to=routes.DRILLS, class_name="button button--primary"),
                ),
            ),
            _paint(),
        ),
        custom_attrs={"data-ready": rx.State.is_hydrated.to_string()},
    )
