"""How the table is shown: a local component, because most of it is the browser's own business."""

import reflex as rx

_source = rx.asset("display.jsx", shared=True)


class Display(rx.Component):
    """Button "Display" and its dialog: amounts, deck, colours of actions, zen. The browser remembers all of it.

    Attributes:
        unit: What the server shows amounts in: bb, pct or chips.
        zen: Whether zen is among the choices: it is about the table one plays at.
        on_unit: Called with another one, also on arrival when the browser remembers another.
    """

    library = _source.importable_path
    tag = "Display"

    unit: rx.Var[str]
    zen: rx.Var[bool]
    on_unit: rx.EventHandler[rx.event.passthrough_event_spec(str)]


display = Display.create
