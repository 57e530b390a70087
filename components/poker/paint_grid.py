"""A 13 x 13 grid to paint: one brush for choosing hands, one a action for a whole range. A local React component."""

import reflex as rx

_source = rx.asset("paint_grid.jsx", shared=True)


class PaintGrid(rx.Component):
    """Grid of hand classes; painting stays in the browser until the pointer is lifted or "Grade" is pressed.

    Attributes:
        value: 169 characters, what is painted now: ``0`` and ``1`` without `actions`, else places or ``.``.
        item: Changes when something else is painted: the grid then starts from `value`.
        actions: Objects with `action`, `label`, `tone`, `key`; empty: hands are only chosen.
        weights: 169 numbers 0 to 255 joined by commas; empty: every hand is there.
        words: A letter for each grade (x for a blunder), 169 characters; not empty: nothing can be painted any more.
        losses: 169 numbers joined by commas, % of the pot.
        label: Accessible name.
        busy: A painted range is being graded.
        on_choose: Called with the whole value after a stroke, where hands are chosen.
        on_grade: Called with the item and the whole value, by the button "Grade".
    """

    library = _source.importable_path
    tag = "PaintGrid"

    value: rx.Var[str]
    item: rx.Var[str]
    actions: rx.Var[list]
    weights: rx.Var[str]
    words: rx.Var[str]
    losses: rx.Var[str]
    label: rx.Var[str]
    busy: rx.Var[bool]
    on_choose: rx.EventHandler[rx.event.passthrough_event_spec(str)]
    on_grade: rx.EventHandler[rx.event.passthrough_event_spec(str, str)]


paint_grid = PaintGrid.create
