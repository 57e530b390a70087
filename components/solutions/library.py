"""The library: how it grows, its families, the boards of one of them."""

from typing import Any

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink

from components.poker import playing_card
from components.ui import button, empty_state, error_text, progress_bar, spinner, ticker
from state.library import LibraryState

_EVERY_S = 20
_growth: Any = LibraryState.growth
_families: Any = LibraryState.families
_boards: Any = LibraryState.boards


def _cards(cards: Any) -> rx.Component:
    return rx.el.span(
        rx.foreach(cards, lambda card: playing_card(card=card)), class_name="small-cards", aria_hidden="true"
    )


def _now() -> rx.Component:
    """What it does at the moment; it keeps room for a solve, so that nothing below it jumps."""
    return rx.el.section(
        rx.el.div(
            rx.el.h2(_growth.title),
            rx.el.p(LibraryState.total),
            class_name="growth-head",
        ),
        rx.cond(
            _growth.percent >= 0,
            rx.el.div(
                _cards(_growth.cards),
                rx.el.div(
                    rx.el.p(_growth.family),
                    progress_bar("Solving", _growth.percent, _growth.detail),
                    class_name="growth-way",
                ),
                class_name="growth-solve",
            ),
            rx.fragment(),
        ),
        rx.el.p(_growth.detail, class_name="growth-detail"),
        role="status",
        aria_live="off",
        aria_label="Growth of the library",
        class_name=f"growth growth--{_growth.status}",
    )


def _family(line: Any) -> rx.Component:
    return rx.el.li(
        rx.el.button(
            rx.el.span(rx.el.strong(line.name), rx.el.span(line.pot), class_name="library-name"),
            rx.el.span(line.count, class_name="library-count"),
            progress_bar(line.title, line.percent, line.count),
            type="button",
            aria_label=f"{line.title}: {line.count}",
            aria_pressed=rx.cond(line.key == LibraryState.chosen, "true", "false"),
            on_click=LibraryState.choose(line.key),
            class_name="library-family",
        ),
        key=line.key,
    )


def _board(line: Any) -> rx.Component:
    return rx.el.li(
        ReactRouterLink.create(
            _cards(line.cards),
            rx.el.span(line.solved, class_name="library-solved"),
            to=line.href,
            aria_label=f"{line.name}, solved to {line.solved} of pot",
            class_name="library-board",
        ),
        key=line.href,
    )


def _list() -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.div(
                rx.el.h2(LibraryState.chosen_name),
                rx.el.p(LibraryState.boards_words),
                class_name="library-title",
            ),
            rx.cond(
                _boards.length() > 0,
                ReactRouterLink.create("Drill this family", to=LibraryState.drill, class_name="button"),
                rx.fragment(),
            ),
            class_name="library-head",
        ),
        rx.cond(
            _boards.length() > 0,
            rx.fragment(
                rx.el.p("Each with how far it is solved, in % of the pot.", class_name="field-hint"),
                rx.el.ul(rx.foreach(_boards, _board), aria_label="Boards", class_name="library-boards"),
                rx.cond(
                    LibraryState.more,
                    button("Show more", tone="quiet", on_click=LibraryState.show_more),
                    rx.fragment(),
                ),
            ),
            empty_state(
                "No board of this family is solved yet",
                "The library solves its planned flops while nobody plays; each is here as soon as it is done.",
            ),
        ),
        aria_label="Solved boards",
        class_name="library-list",
    )


def library() -> rx.Component:
    """The page's content; it looks again by itself while the library grows."""
    return rx.el.div(
        ticker(seconds=_EVERY_S, running=LibraryState.growing, on_tick=LibraryState.refresh),
        rx.el.div(
            rx.el.h1("Library"),
            rx.el.p("Boards that are solved already. It grows on this machine while nobody plays."),
            class_name="page-head",
        ),
        error_text(LibraryState.error),
        rx.match(
            LibraryState.status,
            ("loading", rx.el.div(spinner(), "Reading the library", role="status", class_name="board-loading")),
            (
                "failed",
                empty_state("The library can't be read now", "", button("Try again", on_click=LibraryState.load)),
            ),
            rx.el.div(
                rx.el.div(
                    _now(),
                    rx.el.ul(rx.foreach(_families, _family), aria_label="Families", class_name="library-families"),
                    rx.el.p(LibraryState.later, class_name="field-hint"),
                    class_name="library-side",
                ),
                _list(),
                class_name="library",
            ),
        ),
        custom_attrs={"data-ready": rx.State.is_hydrated.to_string()},
    )
