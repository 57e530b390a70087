"""Poker on a page: cards, felt, actions, strategies. Stateless."""

from components.poker.action_bar import action_bar
from components.poker.cards import board, hand, playing_card
from components.poker.combo_table import strategy_combos
from components.poker.paint_grid import paint_grid
from components.poker.strategy_bar import strategy_bar
from components.poker.strategy_grid import strategy_grid
from components.poker.table import felt, line_so_far

__all__ = [
    "action_bar",
    "board",
    "felt",
    "hand",
    "line_so_far",
    "paint_grid",
    "playing_card",
    "strategy_bar",
    "strategy_combos",
    "strategy_grid",
]
