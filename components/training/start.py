"""Before the first hand: one sentence, one button."""

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink

from components.poker import playing_card
from components.ui import button, error_text
from state import routes
from state.training import TrainingState


def start() -> rx.Component:
    """What it is, and the button that begins."""
    return rx.el.div(
        rx.el.div(
            *[playing_card(card=card) for card in ("As", "Kh", "Qd", "Jc")],
            class_name="start-cards",
            aria_hidden="true",
        ),
        rx.el.h1("Play a hand. See what every decision costs."),
        rx.el.p(
            "You play postflop spots against a solver's strategy, and each action is graded by the EV it gives up.",
        ),
        button("Play a hand", tone="primary", large=True, on_click=TrainingState.play),
        error_text(TrainingState.error),
        ReactRouterLink.create("Or choose a drill", to=routes.DRILLS, class_name="start-drills"),
        rx.el.p("No account needed. Sign up later and your hands come along.", class_name="start-note"),
        custom_attrs={"data-ready": rx.State.is_hydrated.to_string()},
        class_name="start",
    )
