"""Cards, the board and hands: our own SVG, four-colour deck."""

from typing import Any

import reflex as rx

_source = rx.asset("playing_card.jsx", shared=True)


class PlayingCard(rx.Component):
    """One card; an empty name is an empty place, or a hidden card with `back`."""

    library = _source.importable_path
    tag = "PlayingCard"

    card: rx.Var[str]
    back: rx.Var[bool]


playing_card = PlayingCard.create


def board(cards: Any) -> rx.Component:
    """Five places, so that a new card moves nothing."""
    return rx.el.div(
        rx.foreach(cards, lambda card: playing_card(card=card)), role="group", aria_label="Board", class_name="board"
    )


def hand(cards: Any, label: str, *, back: bool = False, class_name: str = "") -> rx.Component:
    """Two cards, face up, or hidden until they are known."""
    return rx.el.div(
        rx.foreach(cards, lambda card: playing_card(card=card, back=back)),
        role="group",
        aria_label=label,
        class_name=f"hand {class_name}",
    )
