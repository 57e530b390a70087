"""A clock for pages that show something under way: a local React component that shows nothing."""

import reflex as rx

_source = rx.asset("ticker.jsx", shared=True)


class Ticker(rx.Component):
    """Triggers ``on_tick`` every ``seconds`` while ``running`` and the page is in sight."""

    library = _source.importable_path
    tag = "Ticker"

    seconds: rx.Var[int]
    running: rx.Var[bool]

    on_tick: rx.EventHandler[rx.event.no_args_event_spec]


ticker = Ticker.create
