"""The end of a set: score, loss, counts, the worst spots and what to do with them."""

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink

from components.poker import playing_card
from components.ui import button, download_link, link_button
from state import routes
from state.training import TrainingState
from state.views import StepView, WorstView

_summary = TrainingState.summary


def _figure(label: str, value: rx.Var[str], note: rx.Var[str]) -> rx.Component:
    return rx.el.div(rx.el.dt(label), rx.el.dd(value, rx.el.small(note)), class_name="figure")


def _count(count: rx.Var[StepView]) -> rx.Component:
    return rx.el.li(rx.el.span(class_name=f"dot dot--{count.tone}", aria_hidden="true"), count.text)


def _worst(spot: rx.Var[WorstView]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.foreach(spot.cards, lambda card: playing_card(card=card)),
            rx.el.span(class_name="gap"),
            rx.foreach(spot.board, lambda card: playing_card(card=card)),
            class_name="small-cards",
        ),
        rx.el.div(
            ReactRouterLink.create(spot.title, to=spot.href, class_name="worst-title"),
            rx.el.p(spot.text),
            class_name="worst-text",
        ),
        rx.el.p(spot.loss, class_name=f"worst-loss grade-word--{spot.tone}"),
        class_name="worst",
    )


def summary() -> rx.Component:
    """Region "Summary"."""
    return rx.el.section(
        rx.el.h1(_summary.title, tab_index=-1, custom_attrs={"data-autofocus": ""}),
        rx.el.dl(
            _figure("EV score", _summary.score, _summary.decisions),
            _figure("EV loss", _summary.loss, "against the solver"),
            _figure("EV loss per 100 decisions", _summary.per_100, _summary.interval),
            class_name="figures",
        ),
        rx.cond(_summary.errors != "", rx.el.p(_summary.errors), rx.fragment()),
        rx.el.ul(rx.foreach(_summary.counts, _count), aria_label="Grades", class_name="counts"),
        rx.el.ul(rx.foreach(_summary.streets, _count), aria_label="EV loss per street", class_name="counts"),
        rx.cond(
            _summary.worst.length() > 0,
            rx.fragment(
                rx.el.h2("Worst spots", id="worst-spots"),
                rx.el.ol(
                    rx.foreach(_summary.worst, _worst), aria_labelledby="worst-spots", role="list", class_name="worsts"
                ),
            ),
            rx.el.p("No decision of this set cost anything."),
        ),
        rx.el.div(
            rx.cond(
                _summary.ranked,
                link_button("See the board", href=TrainingState.board_page, tone="primary"),
                rx.cond(
                    _summary.worst.length() > 0,
                    button("Drill these", tone="primary", on_click=TrainingState.drill),
                    rx.fragment(),
                ),
            ),
            rx.cond(
                _summary.ranked,
                link_button("Play a hand", href=routes.HOME),
                button("Play a hand", on_click=TrainingState.play),
            ),
            class_name="summary-buttons",
        ),
        rx.el.p(
            rx.cond(
                _summary.mistakes != "",
                ReactRouterLink.create(_summary.mistakes, to=f"{routes.HISTORY}?set={_summary.session_id}&order=loss"),
                rx.fragment(),
            ),
            *[
                download_link(
                    kind.upper(),
                    f"/api/training/sessions/{_summary.session_id}/export?format={kind}",
                    f"Export as {kind.upper()}",
                )
                for kind in ("csv", "json", "phh")
            ],
            class_name="set-links",
        ),
        aria_label="Summary",
        class_name="summary",
    )
