"""Every decision and every set, with filters."""

from collections.abc import Sequence
from typing import Any

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink

from components.history.sets import open_sets, set_row
from components.poker import playing_card
from components.training.display import display
from components.ui import button, empty_state, error_text, link_button, spinner
from state import routes
from state.families import HANDS, SITUATIONS, TEXTURES
from state.history import HistoryState

_wanted: Any = HistoryState.wanted
_GRADES = (
    ("mistakes", "All mistakes"),
    ("wrong", "Wrong or worse"),
    ("blunder", "Blunder"),
    ("inaccuracy", "Inaccuracy"),
    ("correct", "Correct"),
    ("best", "Best"),
    ("uncertain", "Uncertain"),
)
_SINCE = (("day", "24 hours"), ("week", "7 days"), ("month", "30 days"), ("year", "A year"))
_LOSSES = (("small", "Up to 0.05 bb"), ("middle", "0.05 to 0.5 bb"), ("large", "From 0.5 bb"), ("huge", "From 2 bb"))
_MODES = (("hands", "Hands"), ("drill", "Drills and reviews"), ("ranked", "Weekly set"), ("daily", "Daily ten"))
_ORDERS = (("newest", "Newest first"), ("loss", "Costliest first"))


def _choice(label: str, name: str, value: Any, options: Sequence[tuple[str, str]], every: str = "Any") -> rx.Component:
    return rx.el.div(
        rx.el.label(label, html_for=f"past-{name}"),
        rx.el.select(
            *([rx.el.option(every, value="")] if every else []),
            *[rx.el.option(text.capitalize(), value=key) for key, text in options],
            id=f"past-{name}",
            value=value,
            on_change=lambda chosen: HistoryState.choose(name, chosen),
        ),
        class_name="field",
    )


def _family() -> rx.Component:
    return rx.el.div(
        rx.el.label("Spot", html_for="past-family"),
        rx.el.select(
            rx.el.option("Any", value=""),
            rx.foreach(HistoryState.families, lambda family: rx.el.option(family, value=family)),
            id="past-family",
            value=_wanted.family,
            on_change=lambda chosen: HistoryState.choose("family", chosen),
        ),
        class_name="field",
    )


def _filters() -> rx.Component:
    streets = (("0", "Flop"), ("1", "Turn"), ("2", "River"))
    return rx.el.details(
        rx.el.summary("Filters"),
        rx.el.div(
            _choice("Grade", "grade", _wanted.grade, _GRADES),
            _choice("Street", "street", _wanted.street, streets),
            _choice("Action so far", "situation", _wanted.situation, tuple(SITUATIONS.items())),
            _choice("Flop", "texture", _wanted.texture, tuple(TEXTURES.items())),
            _choice("Your hand", "hand", _wanted.hand, tuple(HANDS.items())),
            _family(),
            _choice("Mode", "mode", _wanted.mode, _MODES),
            _choice("Since", "since", _wanted.since, _SINCE, "Ever"),
            _choice("Loss", "loss", _wanted.loss, _LOSSES),
            _choice("Order", "order", _wanted.order, _ORDERS, ""),
            class_name="past-filters",
            role="group",
            aria_label="Filters",
        ),
        open=True,
    )


def _decision(line: Any) -> rx.Component:
    return rx.el.li(
        ReactRouterLink.create(
            rx.el.div(
                rx.foreach(line.cards, lambda card: playing_card(card=card)),
                rx.el.span(class_name="gap"),
                rx.foreach(line.board, lambda card: playing_card(card=card)),
                class_name="small-cards",
            ),
            rx.el.div(
                rx.el.p(line.title, class_name="worst-title"),
                rx.el.p(line.text),
                rx.el.p(line.detail, class_name="past-detail"),
                class_name="worst-text",
            ),
            rx.el.div(
                rx.el.p(line.word, class_name=f"grade-word--{line.tone} past-word"),
                rx.el.p(line.loss),
                rx.el.p(line.when, class_name="past-detail"),
                class_name="past-loss",
            ),
            to=line.href,
            class_name="worst past-row",
        ),
        key=line.id,
    )


def _decisions() -> rx.Component:
    return rx.fragment(
        _filters(),
        rx.cond(
            HistoryState.of_set != "",
            rx.el.p(
                "The mistakes of one set. ",
                button("Show every set", tone="quiet", on_click=HistoryState.clear),
                class_name="past-of-set",
            ),
            rx.fragment(),
        ),
        rx.cond(
            HistoryState.decisions.length() > 0,
            rx.fragment(
                rx.el.div(
                    button("Drill these", tone="primary", on_click=HistoryState.drill),
                    rx.el.span("A set of exactly the spots shown, 50 at most.", class_name="quiet"),
                    class_name="past-do",
                ),
                rx.el.ol(
                    rx.foreach(HistoryState.decisions, _decision),
                    aria_label="Decisions",
                    class_name="worsts",
                    role="list",
                ),
            ),
            empty_state(
                "No decision fits",
                "Play some hands, or ask for less.",
                rx.el.div(
                    button("Clear the filters", on_click=HistoryState.clear),
                    link_button("Play a hand", href=routes.HOME, tone="primary"),
                    class_name="summary-buttons",
                ),
            ),
        ),
    )


def _sets() -> rx.Component:
    return rx.cond(
        HistoryState.sets.length() > 0,
        rx.el.ol(rx.foreach(HistoryState.sets, set_row), aria_label="Sets", class_name="worsts", role="list"),
        empty_state(
            "Nothing played yet", "Every set you play is kept here.", link_button("Play a hand", href=routes.HOME)
        ),
    )


def _tab(text: str, view: str) -> rx.Component:
    return rx.el.button(
        text,
        type="button",
        aria_pressed=rx.cond(HistoryState.view == view, "true", "false"),
        on_click=HistoryState.show(view),
        class_name="past-tab",
    )


def past() -> rx.Component:
    """The whole page's content."""
    return rx.el.div(
        rx.el.div(
            rx.el.h1("History"),
            rx.el.div(
                _tab("Decisions", "decisions"),
                _tab("Sets", "sets"),
                display(unit=HistoryState.unit, zen=False, on_unit=HistoryState.choose_unit),
                class_name="past-tabs",
            ),
            class_name="page-head past-head",
        ),
        error_text(HistoryState.error),
        rx.match(
            HistoryState.status,
            ("loading", rx.el.div(spinner(), "Reading your history", role="status", class_name="board-loading")),
            (
                "failed",
                empty_state("Your history can't be read now", "", button("Try again", on_click=HistoryState.load)),
            ),
            rx.fragment(
                rx.cond(
                    HistoryState.view == "sets",
                    rx.fragment(open_sets(HistoryState.open_sets), _sets()),
                    _decisions(),
                ),
                rx.cond(
                    HistoryState.more,
                    button("Show more", tone="quiet", on_click=HistoryState.show_more),
                    rx.fragment(),
                ),
            ),
        ),
        class_name="past",
    )
