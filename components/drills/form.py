"""The form that builds a drill: quiet choices, and always in sight what fits and the button."""

from typing import Any

import reflex as rx

from components.poker import paint_grid
from components.ui import button, error_text
from state.drill_views import CHOICES, Option
from state.drills import DrillsState

_DEBOUNCE_MS = 300


def _select(label: str, field: str, **props: Any) -> rx.Component:
    name = f"drill-{field}"
    return rx.el.div(
        rx.el.label(label, html_for=name),
        rx.el.select(
            *[rx.el.option(text, value=value) for value, text in CHOICES[field]],
            id=name,
            value=DrillsState.single[field],
            on_change=lambda value: DrillsState.choose(field, value),
            **props,
        ),
        class_name="field",
    )


def _chip(field: str, value: Any, text: Any) -> rx.Component:
    chosen = DrillsState.lists[field].contains(value)
    return rx.el.button(
        text,
        type="button",
        aria_pressed=rx.cond(chosen, "true", "false"),
        on_click=DrillsState.toggle(field, value),
        class_name="chip",
    )


def _chips(label: str, field: str) -> rx.Component:
    if field in CHOICES:
        chips: list[Any] = [_chip(field, value, text) for value, text in CHOICES[field]]
    else:
        offered: rx.Var[list[Option]] = DrillsState.options[field]
        chips = [rx.foreach(offered, lambda one: _chip(field, one.value, one.text))]
    return rx.el.fieldset(
        rx.el.legend(label), rx.el.div(*chips, class_name="chip-row"), aria_label=label, class_name="chips"
    )


def _modes() -> rx.Component:
    return rx.el.fieldset(
        rx.el.legend("What you play"),
        rx.el.div(
            *[
                rx.el.button(
                    text,
                    type="button",
                    aria_pressed=rx.cond(DrillsState.single["mode"] == value, "true", "false"),
                    on_click=DrillsState.choose("mode", value),
                    class_name="chip",
                )
                for value, text in CHOICES["mode"]
            ],
            class_name="chip-row",
        ),
        class_name="chips",
    )


def _spots() -> rx.Component:
    return rx.el.div(
        rx.el.h3("Spots"),
        _chips("Families", "families"),
        _chips("You sit", "positions"),
        _chips("Stacks", "depths"),
        rx.el.div(_select("Seat", "seat"), _select("Begins on", "street"), class_name="drill-row"),
        class_name="drill-part",
    )


def _boards() -> rx.Component:
    return rx.el.div(
        rx.el.h3("Flops"),
        _chips("Suits", "suits"),
        _chips("Pairs", "pairing"),
        _chips("Straights", "connection"),
        _chips("High card", "high"),
        class_name="drill-part",
    )


def _hands() -> rx.Component:
    return rx.el.div(
        rx.el.h3("Your hands"),
        rx.cond(
            DrillsState.single["mode"] == "range",
            rx.el.p("A whole range holds every hand.", class_name="field-hint"),
            rx.fragment(
                rx.el.p(DrillsState.painted, role="status", aria_label="Hand classes", class_name="field-hint"),
                paint_grid(
                    value=DrillsState.hands,
                    item=DrillsState.version.to_string(),
                    label="Hand classes",
                    on_choose=DrillsState.paint,
                ),
            ),
        ),
        class_name="drill-part",
    )


def _play() -> rx.Component:
    return rx.el.div(
        rx.el.h3("How you play"),
        rx.el.div(
            _select("Decisions", "difficulty", disabled=DrillsState.single["mode"] == "range"),
            _select("Bet sizes", "sizes"),
            _select("Pause", "pause", disabled=DrillsState.single["mode"] == "range"),
            _select("Timebank", "timebank", disabled=DrillsState.single["mode"] == "range"),
            class_name="drill-row",
        ),
        rx.el.div(
            rx.el.div(
                rx.el.label("How many", html_for="drill-count"),
                rx.el.input(
                    id="drill-count",
                    default_value=DrillsState.single["count"],
                    key=f"count-{DrillsState.version}",
                    input_mode="numeric",
                    on_change=lambda text: DrillsState.write("count", text).debounce(_DEBOUNCE_MS),
                    on_blur=lambda text: DrillsState.write("count", text),
                    auto_complete="off",
                ),
                class_name="field",
            ),
            _select("Counted in", "unit", disabled=DrillsState.single["mode"] == "range"),
            class_name="drill-row",
        ),
        rx.el.div(
            _select("Tables", "tables", disabled=DrillsState.single["mode"] == "range"),
            class_name="drill-row drill-row--one",
        ),
        rx.el.label(
            rx.el.input(
                type="checkbox",
                checked=DrillsState.single["die"] == "on",
                on_change=DrillsState.switch_die,
            ),
            rx.el.span("A die for mixed strategies"),
            class_name="drill-check",
        ),
        rx.el.div(
            _select("Villain", "villain"),
            rx.cond(DrillsState.single["villain"] == "solution", rx.fragment(), _select("How much", "strength")),
            class_name="drill-row drill-row--one",
        ),
        rx.cond(
            DrillsState.single["villain"] == "solution",
            rx.fragment(),
            rx.el.p(
                "He plays the solution up to the river and departs there, where your loss against him can be computed "
                "exactly; so the drill begins on the river. The better a hand is worth playing right, the less he "
                "errs with it.",
                class_name="field-hint",
            ),
        ),
        class_name="drill-part",
    )


def _finish() -> rx.Component:
    """Always in sight: what fits, the name, the buttons."""
    return rx.el.div(
        rx.el.div(
            rx.el.p(DrillsState.fits, role="status", aria_label="What fits", class_name="drill-fits"),
            error_text(DrillsState.problem),
            rx.el.p(DrillsState.notice, role="status", aria_label="Notice", class_name="field-hint"),
            class_name="drill-told",
        ),
        rx.el.div(
            rx.el.input(
                default_value=DrillsState.single["name"],
                key=f"name-{DrillsState.version}",
                placeholder="Name, to save it",
                aria_label="Name",
                max_length=60,
                on_change=lambda text: DrillsState.write("name", text).debounce(_DEBOUNCE_MS),
                on_blur=lambda text: DrillsState.write("name", text),
                auto_complete="off",
                class_name="drill-name",
            ),
            button(rx.cond(DrillsState.editing == "", "Save", "Save changes"), on_click=DrillsState.save),
            rx.cond(
                DrillsState.link == "",
                rx.fragment(),
                rx.el.a("Link to share", href=DrillsState.link, class_name="drill-link"),
            ),
            button("Clear", tone="quiet", on_click=DrillsState.clear),
            button(
                "Start drill",
                tone="primary",
                large=True,
                disabled=DrillsState.problem != "",
                on_click=DrillsState.start,
            ),
            class_name="drill-buttons",
        ),
        class_name="drill-finish",
    )


def drill_form() -> rx.Component:
    """Form "Build your own"."""
    return rx.el.section(
        rx.el.h2("Build your own", id="drill-form", tab_index=-1),
        _modes(),
        rx.el.div(_spots(), _boards(), _hands(), _play(), class_name="drill-parts"),
        _finish(),
        role="form",
        aria_label="Build your own",
        class_name="drill-form",
    )
