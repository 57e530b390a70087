"""What is due, the coming days, and every card with its history."""

from typing import Any

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink

from components.reviews.zone_report import zone_report
from components.ui import button, empty_state, error_text, link_button, spinner
from state import routes
from state.reviews import ZONES, ReviewState

_waiting: Any = ReviewState.waiting


def _day(day: Any) -> rx.Component:
    return rx.el.li(
        rx.el.span(day.count, class_name="forecast-count", aria_hidden="true"),
        rx.el.span(rx.el.span(style={"height": f"{day.height}%"}), class_name="forecast-bar", aria_hidden="true"),
        rx.el.span(day.label, aria_hidden="true", class_name="forecast-day"),
        rx.el.span(f"{day.name}: {day.count} due", class_name="visually-hidden"),
        title=f"{day.name}: {day.count}",
    )


def _forecast() -> rx.Component:
    return rx.el.section(
        rx.el.h2("The next 14 days"),
        rx.el.ol(rx.foreach(ReviewState.forecast, _day), class_name="forecast", role="list"),
        class_name="review-forecast",
    )


def _entry(entry: Any) -> rx.Component:
    return rx.el.li(
        rx.el.span(entry.when, class_name="quiet"),
        rx.el.span(rx.el.span(class_name=f"dot dot--{entry.tone}", aria_hidden="true"), entry.what),
        rx.el.span(entry.after, class_name="quiet"),
    )


def _card(card: Any) -> rx.Component:
    opened = ReviewState.opened == card.family
    return rx.el.li(
        rx.el.div(
            rx.el.p(card.node, class_name="card-node"),
            rx.el.p(card.detail, class_name="quiet"),
            class_name="card-name",
        ),
        rx.el.dl(
            rx.el.div(
                rx.el.dt("Due"), rx.el.dd(card.due, class_name=rx.cond(card.late, "card-late", "")), class_name="fact"
            ),
            rx.el.div(rx.el.dt("Recall today"), rx.el.dd(card.recall), class_name="fact"),
            rx.el.div(rx.el.dt("Reviews"), rx.el.dd(card.reviews), class_name="fact"),
            rx.el.div(
                rx.el.dt("Last missed"),
                rx.el.dd(
                    rx.cond(
                        card.hand != "",
                        ReactRouterLink.create(card.loss, to=card.hand, class_name=f"grade-word--{card.tone}"),
                        card.loss,
                    )
                ),
                class_name="fact fact--wide",
            ),
            class_name="card-facts",
        ),
        rx.el.div(
            button(
                "History",
                tone="quiet",
                aria_label="History of " + card.node + ", " + card.detail,
                aria_expanded=rx.cond(opened, "true", "false"),
                on_click=ReviewState.open(card.family),
            ),
            button(
                rx.cond(card.suspended, "Resume", "Suspend"),
                tone="quiet",
                aria_label=rx.cond(card.suspended, "Resume ", "Suspend ") + card.node + ", " + card.detail,
                on_click=ReviewState.suspend(card.family, ~card.suspended),
            ),
            class_name="card-buttons",
        ),
        rx.cond(
            opened,
            rx.el.ol(rx.foreach(ReviewState.history, _entry), aria_label="What happened", class_name="card-history"),
            rx.fragment(),
        ),
        key=card.family,
        class_name=rx.cond(card.suspended, "review-card is-suspended", "review-card"),
    )


def _cards() -> rx.Component:
    return rx.el.section(
        rx.el.h2("Cards ", rx.el.span(_waiting.cards, class_name="quiet")),
        rx.el.ol(rx.foreach(ReviewState.cards, _card), class_name="review-cards", role="list"),
        rx.cond(
            ReviewState.more,
            button("Show more", tone="quiet", on_click=ReviewState.show_more),
            rx.fragment(),
        ),
    )


def _zone() -> rx.Component:
    return rx.el.p(
        rx.el.label("Your day begins at 04:00 in ", html_for="zone"),
        rx.el.select(
            rx.cond(_waiting.zone == "", rx.el.option("", value=""), rx.fragment()),
            *[rx.el.option(zone.replace("_", " "), value=zone) for zone in ZONES],
            id="zone",
            value=_waiting.zone,
            on_change=ReviewState.choose_zone,
        ),
        class_name="review-zone",
    )


def _ready() -> rx.Component:
    return rx.cond(
        ReviewState.cards.length() > 0,
        rx.fragment(_forecast(), _cards(), _zone()),
        rx.el.div(link_button("Play a hand", href=routes.HOME, tone="primary"), class_name="review-none"),
    )


def reviews() -> rx.Component:
    """The whole page's content."""
    return rx.el.div(
        zone_report(),
        rx.el.div(
            rx.el.div(
                rx.el.h1(rx.cond(_waiting.title == "", "Review", _waiting.title)),
                rx.el.p(_waiting.words),
                class_name="page-head",
            ),
            rx.cond(
                _waiting.begin != "",
                button(_waiting.begin, tone="primary", large=True, on_click=ReviewState.begin),
                rx.fragment(),
            ),
            class_name="review-head",
        ),
        error_text(ReviewState.error),
        rx.match(
            ReviewState.status,
            ("loading", rx.el.div(spinner(), "Reading your cards", role="status", class_name="board-loading")),
            (
                "failed",
                empty_state("Your cards can't be read now", "", button("Try again", on_click=ReviewState.load)),
            ),
            _ready(),
        ),
        class_name="reviews",
    )
