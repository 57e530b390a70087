"""The home page: the start, and on the same address the table."""

import reflex as rx

from app.layout import page
from components.reviews import due_note, zone_report
from components.training import training_table
from components.training.start import start
from state import routes
from state.training import TrainingState


@page(routes.HOME, "Play", on_load=TrainingState.resume)
def home() -> rx.Component:
    """One button until a hand is open, then the table."""
    return rx.cond(
        TrainingState.phase == "idle",
        rx.fragment(start(), due_note()),
        rx.fragment(zone_report(), training_table()),
    )
