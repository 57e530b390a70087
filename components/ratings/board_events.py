"""An open page hears that a board changed: server-sent events in a local React component that shows nothing."""

import reflex as rx

_source = rx.asset("board_events.jsx", shared=True)


class BoardEvents(rx.Component):
    """Triggers ``on_change`` when the stream at ``url`` says so, at most once a second."""

    library = _source.importable_path
    tag = "BoardEvents"

    url: rx.Var[str]

    on_change: rx.EventHandler[rx.event.no_args_event_spec]


board_events = BoardEvents.create
