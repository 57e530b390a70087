"""Where the browser is: a local React component that shows nothing."""

import reflex as rx

from state.reviews import ReviewState

_source = rx.asset("zone_report.jsx", shared=True)


class ZoneReport(rx.Component):
    """Triggers ``on_zone`` with the browser's IANA time zone when it appears."""

    library = _source.importable_path
    tag = "ZoneReport"

    on_zone: rx.EventHandler[rx.event.passthrough_event_spec(str)]


def zone_report() -> rx.Component:
    """Tells the player's calendar where the browser is."""
    return ZoneReport.create(on_zone=ReviewState.browser_zone)
