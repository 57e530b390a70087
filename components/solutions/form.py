"""The form "New solve": texts that are checked while they are typed, with the estimate before the start."""

from typing import Any

import reflex as rx

from components.ui import button, error_text, text_field
from state.solutions import SolveState
from state.spot_form import OWN_SIZES, RAKES, SIZES

_STREETS = ("Flop", "Turn", "River")
_DEBOUNCE_MS = 300


def _field(label: str, path: str, **props: Any) -> rx.Component:
    return text_field(
        label,
        path,
        error=SolveState.errors[path],
        default_value=SolveState.values[path],
        key=f"{path}-{SolveState.version}",
        on_change=lambda text: SolveState.edit(path, text).debounce(_DEBOUNCE_MS),
        # One timer serves all fields: what a quick hand typed before it went on is sent when it leaves.
        on_blur=lambda text: SolveState.edit(path, text),
        auto_complete="off",
        spell_check=False,
        **props,
    )


def _select(label: str, name: str, options: dict[str, str], **props: Any) -> rx.Component:
    return rx.el.div(
        rx.el.label(label, html_for=name),
        rx.el.select(*[rx.el.option(text, value=key) for key, text in options.items()], id=name, name=name, **props),
        class_name="field",
    )


def _street(street: int) -> rx.Component:
    """The sizes of one street; streets before the board's are not asked for."""
    name = _STREETS[street].lower()
    fields = [
        _field(f"{player.upper()} {label}", f"sizes.{name}.{player}.{kind}")
        for player in ("oop", "ip")
        for kind, label in (("bet", "bets"), ("raise", "raises"))
    ]
    return rx.cond(
        SolveState.street <= street,
        rx.el.fieldset(rx.el.legend(_STREETS[street]), *fields, class_name="solve-street"),
        rx.fragment(),
    )


def _sizes() -> rx.Component:
    return rx.el.details(
        rx.el.summary("Sizes per street"),
        rx.el.p(
            "Separated by commas: 33% of pot, 2.5x the bet before, 120c chips (10 are 1 bb), e geometric, a all-in",
            class_name="field-hint",
        ),
        *[_street(street) for street in range(3)],
        class_name="solve-sizes",
    )


def _choices() -> rx.Component:
    return rx.el.div(
        _select(
            "Bet sizes",
            "preset",
            {key: name for key, (name, _) in SIZES.items()} | {OWN_SIZES: "Your own"},
            value=SolveState.preset,
            on_change=SolveState.choose_sizes,
        ),
        _select(
            "Rake",
            "rake",
            {key: name for key, (name, _) in RAKES.items()},
            default_value=SolveState.values["rake"],
            key=f"rake-{SolveState.version}",
            on_change=lambda text: SolveState.edit("rake", text),
        ),
        class_name="solve-row",
    )


def _start() -> rx.Component:
    """Always in sight: what it would take, and the button."""
    busy = (SolveState.phase == "waiting") | (SolveState.phase == "solving")
    return rx.el.div(
        error_text(SolveState.errors["form"]),
        rx.el.p(
            SolveState.estimate,
            role="status",
            aria_label="Estimate",
            class_name=rx.cond(SolveState.allowed, "solve-estimate", "solve-estimate error-text"),
        ),
        rx.el.div(
            button("Solve", tone="primary", type="submit", disabled=busy),
            button("Show the example", tone="quiet", on_click=SolveState.show_example),
            class_name="solve-buttons",
        ),
        class_name="solve-start",
    )


def solve_form() -> rx.Component:
    """The whole form; its button waits while a solve is under way."""
    return rx.el.form(
        _field("Board", "board", hint="3 to 5 cards, e.g. Td 9d 6h Qc"),
        _field("Range out of position", "ranges.oop", hint="e.g. TT-66, ATs+, KQo:0.5", multiline=True, rows=2),
        _field("Range in position", "ranges.ip", multiline=True, rows=2),
        rx.el.div(
            _field("Pot, bb", "pot", input_mode="decimal"),
            _field("Stack, bb", "effective_stack", input_mode="decimal"),
            _field("Target, % of pot", "target_pct", input_mode="decimal"),
            class_name="solve-row solve-row--three",
        ),
        _choices(),
        _sizes(),
        rx.el.p(SolveState.limits, class_name="field-hint"),
        _start(),
        on_submit=SolveState.solve,
        aria_label="New solve",
        no_validate=True,
        class_name="form solve-form",
    )
