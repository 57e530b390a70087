"""The end of a set: score, loss, counts, the worst spots and what to do with them."""

from typing import Any

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink

from components.poker import playing_card
from components.ui import button, download_link, link_button
from state import routes
from state.summary_views import WorstView
from state.training import TrainingState
from state.views import StepView


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


def _next(summary: Any) -> rx.Component:
    return rx.el.div(
        rx.cond(
            summary.ranked,
            link_button("See the board", href=TrainingState.board_page, tone="primary"),
            rx.cond(
                summary.worst.length() > 0,
                button("Drill these", tone="primary", on_click=TrainingState.drill),
                rx.fragment(),
            ),
        ),
        rx.cond(
            summary.ranked,
            link_button("Play a hand", href=routes.HOME),
            button("Play a hand", on_click=TrainingState.play),
        ),
        class_name="summary-buttons",
    )


def summary_of(summary: Any, place: int = 0) -> rx.Component:
    """Region "Summary"; what comes next is chosen at the first table."""
    worst = f"worst-spots-{place}"
    return rx.el.section(
        rx.el.h1(summary.title, tab_index=-1, custom_attrs={"data-autofocus": ""}),
        rx.el.dl(
            _figure("EV score", summary.score, summary.decisions),
            _figure("EV loss", summary.loss, "against the solver"),
            _figure("EV loss per 100 decisions", summary.per_100, summary.interval),
            class_name="figures",
        ),
        rx.cond(summary.errors != "", rx.el.p(summary.errors), rx.fragment()),
        rx.el.ul(rx.foreach(summary.counts, _count), aria_label="Grades", class_name="counts"),
        rx.el.ul(rx.foreach(summary.streets, _count), aria_label="EV loss per street", class_name="counts"),
        rx.cond(
            summary.worst.length() > 0,
            rx.fragment(
                rx.el.h2("Worst spots", id=worst),
                rx.el.ol(rx.foreach(summary.worst, _worst), aria_labelledby=worst, role="list", class_name="worsts"),
            ),
            rx.el.p("No decision of this set cost anything."),
        ),
        rx.fragment() if place == 2 else _next(summary),
        rx.el.p(
            rx.cond(
                summary.mistakes != "",
                ReactRouterLink.create(summary.mistakes, to=f"{routes.HISTORY}?set={summary.session_id}&order=loss"),
                rx.fragment(),
            ),
            *[
                download_link(
                    kind.upper(),
                    f"/api/training/sessions/{summary.session_id}/export?format={kind}",
                    f"Export as {kind.upper()}",
                )
                for kind in ("csv", "json", "phh")
            ],
            class_name="set-links",
        ),
        aria_label=f"Summary, table {place}" if place else "Summary",
        class_name="summary",
    )
