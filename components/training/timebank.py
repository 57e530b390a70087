"""The clock of a decision: a local component, because it ticks where it is seen."""

import reflex as rx

_source = rx.asset("timebank.jsx", shared=True)


class Timebank(rx.Component):
    """A bar that empties; "Time left" for a screen reader at a few moments only.

    Attributes:
        deadline: ISO time; empty without a clock, and nothing is shown.
        seconds: The whole time.
        decision: The id that `on_over` is called with.
        phase: Phase of state.training: the clock runs while it is "decision".
        on_over: Called once when the time is over.
    """

    library = _source.importable_path
    tag = "Timebank"

    deadline: rx.Var[str]
    seconds: rx.Var[int]
    decision: rx.Var[str]
    phase: rx.Var[str]
    on_over: rx.EventHandler[rx.event.passthrough_event_spec(str)]


timebank = Timebank.create
