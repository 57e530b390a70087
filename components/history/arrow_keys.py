"""The arrow keys of a page: a local React component that shows nothing."""

import reflex as rx

_source = rx.asset("arrow_keys.jsx", shared=True)


class ArrowKeys(rx.Component):
    """Triggers ``on_left`` and ``on_right``; other keys never leave the browser."""

    library = _source.importable_path
    tag = "ArrowKeys"

    on_left: rx.EventHandler[rx.event.no_args_event_spec]
    on_right: rx.EventHandler[rx.event.no_args_event_spec]


arrow_keys = ArrowKeys.create
