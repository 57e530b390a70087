"""The pages of drills."""

import reflex as rx

from app.layout import page
from components.drills import drills_page, range_page
from state import routes
from state.drills import DrillsState
from state.ranges import RangeState


@page(routes.DRILLS, "Drills", on_load=DrillsState.load)
def drills() -> rx.Component:
    """Presets, drills that are kept, and the form."""
    return drills_page()


@page(routes.DRILL_RANGE, "Whole range", on_load=RangeState.resume)
def whole_range() -> rx.Component:
    """Paint a whole range."""
    return range_page()
