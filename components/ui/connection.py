"""The status that speaks up while the socket is down, the server is silent, or it refuses something."""

import reflex as rx
from reflex_components_core.core.banner import has_connection_errors

_source = rx.asset("connection.jsx", shared=True)


class Connection(rx.Component):
    """Status "Reconnecting", or what the server has to say; it floats, so nothing on the page moves."""

    library = _source.importable_path
    tag = "Connection"

    down: rx.Var[bool]
    notice: rx.Var[str]


def connection(notice: rx.Var[str] | str) -> rx.Component:
    """The page's one connection status."""
    return Connection.create(down=has_connection_errors, notice=notice)
