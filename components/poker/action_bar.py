"""The actions with their keys: a local React component, so that no key press but an answer reaches the server."""

import reflex as rx

_source = rx.asset("action_bar.jsx", shared=True)


class ActionBar(rx.Component):
    """Group "Actions", or "Continue" / "Next hand" / "See the summary", and the list of keys.

    Attributes:
        actions: Objects with `action`, `label`, `tone` and `key`.
        decision: The id that an answer is sent with.
        phase: Phase of state.training.
        onwards: What comes after the hand.
        error: A failure of the last answer: it may be given again.
        on_act: Called with the decision's id and the action's name.
    """

    library = _source.importable_path
    tag = "ActionBar"

    actions: rx.Var[list]
    decision: rx.Var[str]
    phase: rx.Var[str]
    error: rx.Var[str]
    onwards: rx.Var[str]
    on_act: rx.EventHandler[rx.event.passthrough_event_spec(str, str)]
    on_continue: rx.EventHandler[rx.event.no_args_event_spec]
    on_next: rx.EventHandler[rx.event.no_args_event_spec]
    on_retry: rx.EventHandler[rx.event.no_args_event_spec]


action_bar = ActionBar.create
