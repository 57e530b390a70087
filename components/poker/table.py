"""The felt: line so far, seats, board, pot, hero's hand, die. Stateless: it is given a `TableView` var."""

from typing import Any

import reflex as rx

from components.poker.cards import board, hand, playing_card


def line_so_far(steps: Any) -> rx.Component:
    """The ribbon of what happened; streets carry their card."""
    return rx.el.div(
        rx.el.ol(
            rx.foreach(
                steps,
                lambda step: rx.el.li(
                    step.text,
                    rx.cond(step.card != "", playing_card(card=step.card), rx.fragment()),
                    class_name=rx.cond(step.tone == "", "step step--street", f"step step--{step.tone}"),
                ),
            )
        ),
        role="group",
        aria_label="Line so far",
        class_name="ribbon",
    )


def seat(name: Any, stack: Any, bet: Any, *children: rx.Component, class_name: str) -> rx.Component:
    """Who sits there, what is behind, what is in front."""
    return rx.el.div(
        *children,
        rx.el.div(
            rx.el.span(name, class_name="seat-name"),
            rx.el.span(stack, class_name="seat-stack"),
            class_name="seat-facts",
        ),
        rx.el.span(bet, class_name="seat-bet", custom_attrs={"data-empty": rx.cond(bet == "", "true", "false")}),
        class_name=f"seat {class_name}",
    )


def die(value: Any) -> rx.Component:
    """The die of this decision, 1 to 100; 0: it is played without one."""
    return rx.cond(value > 0, _die(value), rx.fragment())


def _die(value: Any) -> rx.Component:
    return rx.el.div(
        rx.el.span("Die", class_name="die-label"),
        rx.el.span(value, class_name="die-value"),
        role="status",
        aria_label="Die",
        title="Mixed strategies: fold, check, call, then sizes ascending share 1 to 100",
        class_name="die",
    )


def felt(table: Any) -> rx.Component:
    """Villain above, the board in the middle, hero below."""
    return rx.el.div(
        seat(
            table.villain,
            table.villain_stack,
            table.villain_bet,
            hand(table.villain_cards, "Opponent's hand", back=True),
            class_name="seat--villain",
        ),
        rx.el.div(
            board(table.board),
            rx.el.p("Pot ", rx.el.strong(table.pot), class_name="pot"),
            class_name="middle",
        ),
        seat(
            rx.fragment("You, ", table.hero),
            table.hero_stack,
            table.hero_bet,
            hand(table.hero_cards, "Your hand", class_name="hand--hero"),
            class_name="seat--hero",
        ),
        die(table.die),
        class_name="felt",
    )
