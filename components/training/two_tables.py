"""Two tables on one page: a local component, because which one is played is the browser's own business."""

import reflex as rx

_source = rx.asset("two_tables.jsx", shared=True)


class TwoTables(rx.Component):
    """Its two children side by side; keys go to the active one, which is marked and moves to the one that waits.

    Attributes:
        phases: Of both tables, as in state.training.
    """

    library = _source.importable_path
    tag = "TwoTables"

    phases: rx.Var[list]


two_tables = TwoTables.create
