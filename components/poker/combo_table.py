"""A node's grid with the combos of a hand class beside it: a local React component."""

import reflex as rx

_source = rx.asset("combo_table.jsx", shared=True)


class StrategyCombos(rx.Component):
    """Grid "Strategy" and table "Combos of AKs": pointing at a cell, or moving to it by keys, shows its combos.

    Attributes:
        data: As of `StrategyGrid`.
        actions: Likewise.
        combos: `state.combos.ComboView` of the whole range.
        label: Accessible name of the grid.
        title: Whose combos they are.
        unit: What EVs are in.
    """

    library = _source.importable_path
    tag = "StrategyCombos"

    data: rx.Var[str]
    actions: rx.Var[list]
    combos: rx.Var[list]
    label: rx.Var[str]
    title: rx.Var[str]
    unit: rx.Var[str]


strategy_combos = StrategyCombos.create
