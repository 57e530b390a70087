"""How ranked play is kept fair, in words and with the proof of every set."""

from typing import Any

import reflex as rx

from components.ui import button, empty_state, error_text, spinner
from state.fairness import FairnessState

_rows: Any = FairnessState.rows

_RULES = {
    "Promised beforehand": (
        "A set is drawn before it opens. The SHA-256 of its seed, the library's entries and all spots is published "
        "then and can't be changed any more. The seed follows at the close, and anybody can draw the set again."
    ),
    "Boards are kept": (
        "While a set runs, nobody reads, solves or practises its boards here, with suits renamed neither. Answers show "
        "word and loss; the solver's mix comes at the close."
    ),
    "Study is marked": (
        "A decision on a board whose solution you opened or had solved in the seven days before the set, or since, is "
        "marked on the board for all to see. It counts like the others: nobody knew the board. What the server dealt "
        "you in practice is never marked."
    ),
    "One pass, the server's clock": (
        "Each account plays a set once. Every decision dealt counts; one left unanswered is checked or folded, also "
        "when its player has gone."
    ),
    "What can't be ruled out": "Solvers outside of this page exist, and so do second accounts.",
}


def _fact(label: str, value: Any) -> rx.Component:
    return rx.fragment(rx.el.dt(label), rx.el.dd(value))


def _set(row: Any) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.h3(row.title),
            rx.el.p(row.kind, " · ", row.spots),
            class_name="proof-head",
        ),
        rx.el.dl(
            _fact("Published", rx.fragment(row.published, " UTC")),
            _fact("Closes", rx.fragment(row.closes, " UTC")),
            _fact("Fingerprint", rx.el.code(row.commitment)),
            _fact("Seed", rx.cond(row.closed, rx.el.code(row.seed), "shown at the close")),
            class_name="proof-facts",
        ),
        rx.cond(
            row.closed,
            rx.el.div(
                button(
                    rx.cond(FairnessState.checking == row.key, "Drawing again", "Verify"),
                    aria_label=f"Verify {row.title}",
                    disabled=FairnessState.checking != "",
                    on_click=FairnessState.verify(row.key),
                ),
                rx.el.p(row.verdict, role="status", class_name=f"proof-verdict proof-verdict--{row.tone}"),
                class_name="proof-check",
            ),
            rx.fragment(),
        ),
        key=row.key,
        class_name="proof",
    )


def fairness() -> rx.Component:
    """The whole page's content."""
    sets = rx.cond(
        _rows.length() > 0,
        rx.fragment(
            rx.el.ul(rx.foreach(_rows, _set), role="list", aria_label="Ranked sets", class_name="proofs"),
            rx.cond(
                FairnessState.more,
                button("Show older sets", tone="quiet", on_click=FairnessState.show_more),
                rx.fragment(),
            ),
        ),
        empty_state("No set yet", "The first one is being drawn."),
    )
    return rx.el.div(
        rx.el.div(
            rx.el.h1("Fair play"),
            rx.el.p("How the weekly set and the daily ten are dealt, and how you check it."),
            class_name="page-head",
        ),
        rx.el.dl(*[rx.el.div(rx.el.dt(name), rx.el.dd(words)) for name, words in _RULES.items()], class_name="rules"),
        rx.el.h2("Sets"),
        rx.el.p(
            "Check one yourself: ",
            rx.el.code("./mixline ranked verify 2026-W48"),
            " draws it again from the seed, with a file of ",
            rx.el.code("/api/ranked/sets/2026-W48"),
            " also on another machine.",
            class_name="board-note",
        ),
        error_text(FairnessState.error),
        rx.match(
            FairnessState.status,
            ("loading", rx.el.div(spinner(), "Reading the sets", role="status", class_name="board-loading")),
            (
                "failed",
                empty_state("The sets can't be read now", "", button("Try again", on_click=FairnessState.load)),
            ),
            sets,
        ),
        class_name="fairness",
    )
