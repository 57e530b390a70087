"""The switch between the dark, the light and the system's theme; no event leaves the browser."""

import reflex as rx

_source = rx.asset("theme_switch.jsx", shared=True)


class ThemeSwitch(rx.Component):
    """A button that steps through the themes and remembers the choice in the browser."""

    library = _source.importable_path
    tag = "ThemeSwitch"


theme_switch = ThemeSwitch.create
