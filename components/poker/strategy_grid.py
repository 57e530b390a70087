"""The 13 x 13 grid of a node's strategy: a local React component, fed with one short string."""

import reflex as rx

_source = rx.asset("strategy_grid.jsx", shared=True)


class StrategyGrid(rx.Component):
    """Grid "Strategy": one cell a hand class, stacked by action, as high as the class's weight.

    Attributes:
        data: Base64 of bytes [169, 1 + actions]: weight, then frequencies in the order of `actions`, 255 = 1.
        actions: Objects with `action`, `label` and `tone`.
        hero: Name of the class to outline.
        label: Accessible name.
        rest: Number of the class that the line under the grid speaks of while nothing is pointed at; hero's by default.
    """

    library = _source.importable_path
    tag = "StrategyGrid"

    data: rx.Var[str]
    actions: rx.Var[list]
    hero: rx.Var[str]
    label: rx.Var[str]
    rest: rx.Var[int]


strategy_grid = StrategyGrid.create
