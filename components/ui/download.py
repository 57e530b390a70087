"""A link to a file of the REST API."""

from typing import Any

import reflex as rx


def download_link(text: str, href: Any, label: str) -> rx.Component:
    """A link that leaves the page's router alone, which knows no file; the page stays."""
    return rx.el.a(text, href=href, download=True, aria_label=label, custom_attrs={"reloadDocument": True})
