"""The design system: stateless functions that return components."""

from components.ui.controls import button, error_text, link, link_button, text_field
from components.ui.download import download_link
from components.ui.panels import card_panel, empty_state, progress_bar, spinner, table
from components.ui.shell import nav_link, shell
from components.ui.ticker import ticker

__all__ = [
    "button",
    "card_panel",
    "download_link",
    "empty_state",
    "error_text",
    "link",
    "link_button",
    "nav_link",
    "progress_bar",
    "shell",
    "spinner",
    "table",
    "text_field",
    "ticker",
]
